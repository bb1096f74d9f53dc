"""What the catalog's sections of a city file may hold."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Literal

import holidays
from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from layers.sections import Section
from webapp.catalog.calendars import Calendar, parse_business_hours
from webapp.catalog.deadlines import parse_target
from webapp.catalog.targets import parse_season

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
CODE = 'a code of lower-case letters, digits, "-" and "_", different from all others'


def slug(text: str) -> str:
    """Return the code made of a name: ``Sewage/Septic Back-Up`` becomes ``sewage-septic-back-up``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


class HolidayRow(Section):
    """A day on which this city is closed."""

    day: date = Field(description='a day such as "2026-06-17"')
    name: Text = Field(description="what people call the day")


class CalendarSection(Section):
    """``[calendar]``."""

    business_hours: str = Field(
        default="Mon-Fri 08:00-17:00",
        description='opening hours, such as "Mon-Fri 08:00-17:00, Sat 09:00-12:00"',
    )
    country: str | None = Field(
        default=None, description='the country whose public holidays are kept, such as "US"'
    )
    subdivision: str | None = Field(default=None, description='the state or province, such as "MA"')
    holidays: list[HolidayRow] = Field(
        default=[], description="the city's own days off: [ { day = …, name = … } ]"
    )

    @field_validator("business_hours")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_business_hours(value)
        return value

    @model_validator(mode="after")
    def _known_country(self) -> CalendarSection:
        if self.country is None:
            if self.subdivision is not None:
                raise ValueError("subdivision needs a country")
            return self
        try:
            known = holidays.country_holidays(self.country).subdivisions
        except NotImplementedError:
            raise ValueError(f'no holidays are known for the country "{self.country}"') from None
        if self.subdivision is not None and self.subdivision not in known:
            raise ValueError(f'"{self.subdivision}" is not a subdivision of {self.country}')
        return self

    def calendar(self, time_zone: str = "UTC") -> Calendar:
        """Return the calendar in ``time_zone``."""
        return Calendar(
            time_zone,
            self.business_hours,
            self.country,
            self.subdivision,
            {row.day: row.name for row in self.holidays},
        )


class DepartmentRow(Section):
    """``[[departments]]``."""

    code: Code = Field(description=CODE)
    name: Text = Field(description="what people call the department")
    email: str | None = Field(default=None, description="an e-mail address")
    phone: str | None = Field(default=None, description="a telephone number")


class CrewRow(Section):
    """``[[crews]]``."""

    code: Code = Field(description=CODE)
    name: Text = Field(description="what people call the crew")
    department: Code = Field(description="the code of its department")


class OptionRow(Section):
    """A choice of a list."""

    key: Text = Field(description="what is stored")
    name: Text = Field(description="what people read")


class QuestionTranslation(Section):
    """A question in another language."""

    text: Text | None = None
    hint: Text | None = None
    options: dict[str, Text] = Field(default={}, description="{ key = name } of the choices")


class OnlyIfRow(Section):
    """On which answers to another question a question depends."""

    question: Code = Field(description="the code of a question before it that is a list")
    answers: list[Text] = Field(min_length=1, description="the keys of its answers")


class QuestionRow(Section):
    """A question of a service."""

    code: Code = Field(description=CODE)
    text: Text = Field(description="the question")
    hint: str = Field(default="", description="a line of help")
    datatype: Datatype = Field(
        default="string", description="string, number, datetime, text, singlevaluelist or multivaluelist"
    )
    required: bool = Field(default=False, description="true or false")
    variable: bool = Field(default=True, description="true; false for a text that asks nothing")
    options: list[OptionRow] = Field(default=[], description='the choices: [ { key = "s", name = "Small" } ]')
    only_if: OnlyIfRow | None = Field(
        default=None,
        description='asked only after such an answer: { question = "where", answers = ["road"] }',
    )
    translations: dict[str, QuestionTranslation] = Field(
        default={}, description="{ language = { text = …, options = { key = name } } }"
    )

    @model_validator(mode="after")
    def _options_of_lists(self) -> QuestionRow:
        is_list = self.datatype.endswith("list")
        keys = [option.key for option in self.options]
        if is_list and not keys:
            raise ValueError(f"a {self.datatype} needs options")
        if keys and not is_list:
            raise ValueError(f"a {self.datatype} has no options")
        if len(set(keys)) < len(keys):
            raise ValueError("two options have the same key")
        if self.required and not self.variable:
            raise ValueError("a text that asks nothing cannot be required")
        return self


class DuplicatesRow(Section):
    """Where a service differs from the city's matching of repeats."""

    auto: float | None = Field(default=None, ge=0, le=1, description="the score from which a report joins")
    flag: float | None = Field(default=None, ge=0, le=1, description="the score from which it is flagged")
    reach_m: float | None = Field(default=None, gt=0, le=1000, description="metres within which is looked")
    lookback_days: float | None = Field(
        default=None, ge=0, le=366, description="days for which closed tickets are still considered"
    )


class ServiceTranslation(Section):
    """A service in another language."""

    name: Text | None = None
    description: Text | None = None
    group: Text | None = None
    notice: Text | None = None
    keywords: list[Text] = Field(default=[], description="words that people use for it")


def _texts(value: object) -> object:
    """Return a list of one id or several, written as text or number."""
    values = value if isinstance(value, list) else [value]
    return [str(one) if isinstance(one, int) else one for one in values]


Ids = Annotated[list[Text], BeforeValidator(_texts)]


class TargetRow(Section):
    """One of a service's ``targets``."""

    target: str = Field(description="a promise on the clock of the service's target: business or not")
    priority: Literal["low", "high", "urgent"] | None = Field(
        default=None, description="for tickets of this priority: low, high or urgent"
    )
    districts: Ids = Field(default=[], description="for these districts: a zone id, or a list of them")
    season: str | None = Field(
        default=None, description='for reports of a part of the year, such as "11-15 to 03-31"'
    )

    @model_validator(mode="after")
    def _consistent(self) -> TargetRow:
        parse_target(self.target, Calendar())
        if self.season is not None:
            parse_season(self.season)
        if self.priority is None and not self.districts and self.season is None:
            raise ValueError("it needs priority, districts or season, or it is the service's target")
        return self


class ArticleTranslation(Section):
    """An article in another language."""

    title: Text | None = None
    body: Text | None = None
    keywords: list[Text] = Field(default=[], description="words that people use when they ask")


class ArticleRow(Section):
    """``[[articles]]``."""

    code: Code = Field(description=CODE)
    title: Text = Field(description="the question it answers, such as Where do I pay a parking ticket?")
    body: Text = Field(description="the answer, in words to be read out; an empty line begins a paragraph")
    keywords: list[Text] = Field(default=[], description="words that people use when they ask")
    translations: dict[str, ArticleTranslation] = Field(
        default={}, description="{ language = { title = …, body = …, keywords = […] } }"
    )


class ServiceRow(Section):
    """``[[services]]``."""

    code: Code = Field(description=CODE)
    name: Text = Field(description="what people call it, such as Pothole")
    group: Text = Field(default="Other", description="the heading it is listed under")
    description: str = Field(default="", description="a sentence on what it is")
    keywords: list[Text] = Field(default=[], description="words that people use for it")
    icon: str = Field(
        default="other",
        pattern=r"^[a-z0-9-]+$",
        description="name of a picture in static/icons, without .svg",
    )
    type: Literal["realtime", "batch", "blackbox"] = Field(
        default="realtime", description="realtime, batch or blackbox"
    )
    department: Code = Field(description="the code of the department that owns it")
    target: str | None = Field(
        default=None, description='a promise such as "48 hours", "5 days" or "3 business days"'
    )
    targets: list[TargetRow] = Field(
        default=[], description='other targets: [ { priority = "urgent", target = "4 hours" } ]'
    )
    public: bool = Field(default=True, description="true where anyone may see its reports")
    check_first: bool = Field(
        default=False, description="true: others see its reports only when staff have looked at them"
    )
    asset: str | None = Field(default=None, description="the kind of asset it is about, such as street_light")
    street_classes: list[Text] = Field(
        default=[], description="classes of streets: of two about as near, one of these is meant"
    )
    notice: str = Field(default="", description="what the reporter is told on sending")
    duplicates: DuplicatesRow = DuplicatesRow()
    questions: list[QuestionRow] = Field(default=[], description="questions with different codes")
    translations: dict[str, ServiceTranslation] = Field(
        default={}, description="{ language = { name = …, description = … } }"
    )

    @field_validator("target")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse_target(value, Calendar())
        return value

    @model_validator(mode="after")
    def _one_clock(self) -> ServiceRow:
        promises = [self.target, *(row.target for row in self.targets)]
        clocks = {parse_target(words, Calendar()).clock for words in promises if words}
        if self.targets and (self.target is None or len(clocks) > 1):
            raise ValueError("targets need a target, and all of them the same clock: business or not")
        return self

    @field_validator("questions")
    @classmethod
    def _different(cls, value: list[QuestionRow]) -> list[QuestionRow]:
        if len({question.code for question in value}) < len(value):
            raise ValueError("two questions have the same code")
        keys: dict[str, set[str]] = {}
        for question in value:
            depends = question.only_if
            if depends is not None and not set(depends.answers) <= keys.get(depends.question, set()):
                raise ValueError(
                    f'the question "{question.code}" depends on answers that no question before it offers'
                )
            keys[question.code] = {option.key for option in question.options}
        return value
