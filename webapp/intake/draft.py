"""A draft: what somebody told the city, checked, but not yet a report.

Web form, Open311 and every other way in make a draft of what they were sent; whatever is wrong with it comes
back as problems that name the field and say what to do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from webapp.catalog.snapshot import Catalog, ServiceEntry
from webapp.intake.answers import read_answers
from webapp.intake.words import plain_text
from webapp.languages import Sentence
from webapp.people.contacts import ContactDetails, clean
from webapp.tickets import media

LONGEST_DESCRIPTION = 4000
LONGEST_ADDRESS = 400
MOST_MEDIA = 10
IMPORT = "import"
"""The channel of a report of which nobody knows how it came, and the actor of what another system did."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, and what to do about it."""

    field: str
    message: str


class DraftError(ValueError):
    """A draft that cannot become a report, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(f"{problem.field}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


def _coordinate(what: str, limit: float) -> Any:
    def check(value: Any) -> float | None:
        if value is None or value == "":
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not -limit <= number <= limit:
            raise ValueError(f"Give the {what} in degrees, a number from -{limit:g} to {limit:g}.")
        return number

    return BeforeValidator(check)


def _plain(longest: int) -> Any:
    def check(value: str) -> str:
        text = plain_text(value)
        if len(text) > longest:
            raise ValueError(
                Sentence(
                    "Shorten it to %(most)d characters: it has %(given)d.", most=longest, given=len(text)
                )
            )
        return text

    return AfterValidator(check)


def _media(urls: list[str]) -> list[str]:
    urls = [url.strip() for url in urls if url.strip()]
    if len(urls) > MOST_MEDIA:
        raise ValueError(f"Send at most {MOST_MEDIA} pictures.")
    for url in urls:
        if not media.is_address(url):
            raise ValueError("Give the address of a picture, beginning with https://.")
    return urls


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError("Give the time with its offset, such as 2026-11-22T14:05:00-05:00.")
    return moment


class Draft(BaseModel):
    """A checked draft. Make one with `read_draft`; coordinates are EPSG:4326 degrees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_code: str
    lon: Annotated[float | None, _coordinate("longitude", 180)] = None
    lat: Annotated[float | None, _coordinate("latitude", 90)] = None
    address: Annotated[str, _plain(LONGEST_ADDRESS)] = ""
    description: Annotated[str, _plain(LONGEST_DESCRIPTION)] = ""
    answers: dict[str, Any] = Field(default_factory=dict)
    media_urls: Annotated[list[str], AfterValidator(_media)] = Field(default_factory=list)
    name: str | None = Field(default=None, repr=False)
    email: str | None = Field(default=None, repr=False)
    phone: str | None = Field(default=None, repr=False)
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] = "en"
    prefers: Literal["email", "sms", "push", "phone", "letter", "none"] = "email"
    """How the reporter wants to hear from us."""
    postal_address: str | None = Field(default=None, repr=False)
    channel: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,20}$")] = "web"
    idempotency_key: Annotated[str | None, Field(pattern=r"^[!-~]{1,200}$")] = None
    external_id: Annotated[str, _plain(200)] | None = None
    requested_at: Annotated[datetime | None, AfterValidator(_aware)] = None
    same_as: int | None = None
    """The ticket that the reporter says it repeats."""
    different_from: list[int] = Field(default_factory=list)
    """Tickets that the reporter was shown and says it does not repeat."""

    @property
    def imported(self) -> bool:
        """Whether another system took the report: what that accepted is kept, flagged where it is odd."""
        return self.external_id is not None

    @property
    def contact(self) -> ContactDetails:
        """How to reach whoever reported; falsy where they told nothing of themselves."""
        return clean(self.name, self.email, self.phone, self.language, self.prefers, self.postal_address)[0]


def read_draft(catalog: Catalog, fields: Mapping[str, Any]) -> Draft:
    """Return the draft that the fields describe.

    Parameters
    ----------
    catalog
        Of the city that is told.
    fields
        By the names of `Draft`'s fields, as typed or as already read. An answer is a text or a list of texts.

    Raises
    ------
    DraftError
        With all that is wrong, not just the first.
    """
    problems: list[Problem] = []
    draft = None
    try:
        draft = Draft.model_validate(dict(fields))
    except ValidationError as error:
        problems += [Problem(str(mistake["loc"][0]), _advice(mistake)) for mistake in error.errors()]
    problems += _place_problems(fields)
    service = catalog.service_by_code.get(str(fields.get("service_code") or ""))
    answers: dict[str, Any] = {}
    if service is None or not service.active:
        problems.append(
            Problem("service_code", _service_advice(catalog, fields.get("service_code"), service))
        )
    elif not fields.get("external_id"):
        answers, wrong = read_answers(service, fields.get("answers") or {})
        problems += [Problem(f"answers.{code}", message) for code, message in wrong.items()]
    name, email, phone = (_text_or_none(fields.get(field)) for field in ("name", "email", "phone"))
    postal = _text_or_none(fields.get("postal_address"))
    unclear = clean(name, email, phone, postal_address=postal)[1]
    problems += [Problem(field, message) for field, message in unclear.items()]
    if draft is None or problems:
        raise DraftError(list(dict.fromkeys(problems)))
    return draft.model_copy(update={"answers": answers})


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _place_problems(fields: Mapping[str, Any]) -> list[Problem]:
    has_lon, has_lat = (fields.get(name) not in (None, "") for name in ("lon", "lat"))
    if has_lon != has_lat:
        missing = "lat" if has_lon else "lon"
        return [Problem(missing, "Give longitude and latitude both, or an address.")]
    if not has_lon and not str(fields.get("address") or "").strip() and not fields.get("external_id"):
        return [Problem("address", Sentence("Say where it is: put the pin on the map, or type an address."))]
    return []


def _service_advice(catalog: Catalog, code: Any, service: ServiceEntry | None) -> str:
    if service is not None:
        return Sentence(
            "%(service)s is not offered at present. Choose another service.", service=service.name
        )
    offered = [each.code for each in catalog.active]
    examples = ", ".join(offered[:5]) + (" …" if len(offered) > 5 else "")
    if not code:
        return Sentence("Choose what it is about: one of the services %(examples)s", examples=examples)
    return f"There is no service {str(code)[:80]!r}. Choose one of {examples}"


_ADVICE = {
    "description": "Write the description as plain text.",
    "language": "Give the language as a code such as en or es.",
    "prefers": "Choose email, sms, push, phone, letter or none.",
    "channel": "Give the channel as one lower-case word.",
    "idempotency_key": "Use up to 200 printable ASCII characters without spaces.",
    "requested_at": "Give the time as in 2026-11-22T14:05:00-05:00.",
    "media_urls": "Give a list of addresses of pictures.",
    "answers": "Give the answers by the codes of their questions.",
    "same_as": "Give the number of a ticket.",
    "different_from": "Give the numbers of tickets.",
}


def _advice(mistake: Any) -> str:
    """Return our own words for what pydantic found."""
    if mistake["type"] == "value_error":
        message: str = mistake["ctx"]["error"].args[0]
        return message
    if mistake["type"] == "extra_forbidden":
        return "There is no such field: leave it out."
    return _ADVICE.get(str(mistake["loc"][0]), "Give it as plain text.")
