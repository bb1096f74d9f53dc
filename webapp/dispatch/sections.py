"""What ``[[rules]]`` of a city file may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from layers.sections import Section
from webapp.catalog.calendars import Calendar
from webapp.catalog.deadlines import parse_target
from webapp.catalog.sections import Code, Ids, Text
from webapp.dispatch.hours import check_hours


class RuleRow(Section):
    """One of ``[[rules]]``: conditions, of which those left out hold for every ticket, and who gets it."""

    services: list[Code] = Field(default=[], description="codes of services")
    group: Text | None = Field(default=None, description="a group of services, instead of services")
    layer: Text | None = Field(default=None, description="the name of a zones layer")
    zone: Ids = Field(default=[], description="the id of a zone of that layer, or a list of them")
    street_class: Text | None = Field(default=None, description="the class of the street")
    street_owner: Text | None = Field(default=None, description="the owner of the street")
    asset_owner: Text | None = Field(default=None, description="the owner of the service's asset")
    hours: Annotated[str, AfterValidator(check_hours)] | None = Field(
        default=None,
        description='when reported: "business hours", "outside business hours" or "Mon-Fri 17:00-24:00"',
    )
    crew: Code | None = Field(default=None, description="the code of the crew that gets the tickets")
    department: Code | None = Field(default=None, description="the code of the department that gets them")
    owner: Text | None = Field(default=None, description="the name of who outside the city gets them")

    @model_validator(mode="after")
    def _consistent(self) -> RuleRow:
        if sum(value is not None for value in (self.crew, self.department, self.owner)) != 1:
            raise ValueError("it needs exactly one of crew, department and owner")
        if self.services and self.group is not None:
            raise ValueError("it names both services and a group: write one of them")
        if (self.layer is None) != (not self.zone):
            raise ValueError("layer and zone belong together: write both or neither")
        return self


class PriorityRow(Section):
    """One of ``[[priorities]]``: conditions, like those of rules, and how urgent a ticket is then."""

    level: Literal["low", "high", "urgent"] = Field(description="low, high or urgent; all others are normal")
    why: Text = Field(description="the reason, in words for everybody")
    services: list[Code] = Field(default=[], description="codes of services")
    group: Text | None = Field(default=None, description="a group of services, instead of services")
    question: Code | None = Field(default=None, description="the code of a question")
    answers: list[Text] = Field(default=[], description="the keys of its answers that count")
    reports: int = Field(default=1, ge=1, description="how many reports it takes")
    layer: Text | None = Field(default=None, description="the name of a zones layer, such as schools")
    zone: Ids = Field(
        default=[], description="the id of a zone of that layer, or a list of them; left out: any of it"
    )

    @model_validator(mode="after")
    def _consistent(self) -> PriorityRow:
        if (self.question is None) != (not self.answers):
            raise ValueError("question and answers belong together: write both or neither")
        if self.zone and self.layer is None:
            raise ValueError("zone needs the layer that it is of")
        return self


class EscalationRow(Section):
    """One of ``[[escalations]]``: who is told of tickets that are about to be late, or are."""

    when: Literal["at risk", "overdue"] = Field(
        description="at risk: 80 % of the promised time has passed; overdue: all of it"
    )
    after: str | None = Field(default=None, description='how long after that, such as "2 days"')
    department: Code | None = Field(default=None, description="the code of a department; left out: all")
    to: list[Text] = Field(min_length=1, description="the e-mail addresses of the staff who are told")

    @model_validator(mode="after")
    def _readable(self) -> EscalationRow:
        if self.after is not None:
            parse_target(self.after, Calendar())
        return self
