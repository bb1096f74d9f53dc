"""What an agent has typed of a call so far, and what follows from it: what is meant, where, what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from flask import request
from flask_babel import gettext as _

from webapp.catalog import finding
from webapp.catalog.snapshot import ArticleEntry, ServiceEntry
from webapp.intake.look import look
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.likely import LikelyTicket, likely_tickets
from webapp.pages.places import described
from webapp.pages.typed import answers_typed, point_of

CHANNELS = ("phone", "counter", "mail", "letter")
LONGEST = 5000
NEW = "new"
"""The answer that none of the tickets shown is the same problem."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What was typed. Everything is text, as it came."""

    key: str
    channel: str = "phone"
    phone: str = ""
    email: str = ""
    name: str = ""
    language: str = ""
    prefers: str = "email"
    postal_address: str = ""
    about: str = ""
    """The caller's words."""
    pick: str = ""
    """What was chosen for them: ``service:CODE`` or ``article:CODE``."""
    meant: str = ""
    """The words for which that was chosen; other words ask anew."""
    address: str = ""
    choice: str = ""
    lon: str = ""
    lat: str = ""
    placed: str = ""
    """The address for which longitude and latitude hold."""
    same_as: str = ""
    """The ticket that it repeats, `NEW`, or nothing yet."""
    shown: str = ""
    """The tickets that were shown to choose from."""
    description: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)
    callers: tuple[int, ...] = ()
    """Contacts found for the caller. Never taken from the form: whom an agent saw is in the audit trail."""

    @property
    def service(self) -> ServiceEntry | None:
        """The service that was chosen."""
        kind, _colon, code = self.pick.partition(":")
        return served().catalog.service_by_code.get(code) if kind == "service" else None

    @property
    def article(self) -> ArticleEntry | None:
        """The article that was chosen."""
        kind, _colon, code = self.pick.partition(":")
        return served().catalog.article_by_code.get(code) if kind == "article" else None

    def as_fields(self) -> dict[str, Any]:
        """Return what is kept of it while it is not finished."""
        return asdict(self)


@dataclass(frozen=True)
class Known:
    """What follows from what was typed."""

    meant: list[tuple[str, str]]
    """Services and articles to choose from, as ``pick`` and name."""
    places: list[str]
    place: dict[str, Any] | None
    """What the map says of the spot."""
    tickets: list[LikelyTicket]
    problems: dict[str, str]
    """By field, where a choice has to be made."""


def typed_call(callers: tuple[int, ...] = ()) -> Call:
    """Return the call of the form that was sent."""
    form = {name: value.replace("\x00", "")[:LONGEST] for name, value in request.form.items()}
    texts: dict[str, Any] = {
        each.name: form.get(each.name, "") for each in fields(Call) if each.type == "str"
    }
    texts["channel"] = texts["channel"] if texts["channel"] in CHANNELS else CHANNELS[0]
    texts["pick"] = form.get("chosen") or texts["pick"]
    call = Call(**texts, callers=callers)
    return replace(call, answers=answers_typed(call.service))


def kept_call(kept: Mapping[str, Any]) -> Call:
    """Return a call that was not finished."""
    names = {each.name for each in fields(Call)}
    texts = {name: value for name, value in kept.items() if name in names}
    return Call(**texts | {"callers": tuple(kept.get("callers", ()))})


def settled(call: Call) -> tuple[Call, Known]:
    """Return the call with what its words and address mean, as far as that is certain, and what is known."""
    call, meant, problems = _meaning(call)
    call, places, trouble = _placed(call)
    place, tickets = None, []
    if call.lon and call.lat:
        lon, lat, service = float(call.lon), float(call.lat), call.service
        place = described(lon, lat, service.code if service else "")
        tickets = _tickets(call, lon, lat) if service else []
    call = replace(call, shown=" ".join(str(ticket.id) for ticket in tickets))
    if call.same_as not in (NEW, *call.shown.split()):
        call = replace(call, same_as="")
    return call, Known(meant, places, place, tickets, problems | trouble)


def choices_of(words: str) -> list[tuple[str, str]]:
    """Return the services and articles that words may mean, as ``pick`` and name, best first."""
    language = chosen_language()
    return [_choice(each, language) for each in finding.find(served().catalog, words, language)]


def _choice(each: finding.Meant, language: str) -> tuple[str, str]:
    if isinstance(each, ServiceEntry):
        return f"service:{each.code}", each.translated("name", language)
    return f"article:{each.code}", _("Answer: %(title)s", title=each.translated("title", language))


def _meaning(call: Call) -> tuple[Call, list[tuple[str, str]], dict[str, str]]:
    """Settle what the caller's words mean; one thing to choose is chosen."""
    chosen = call.service or call.article
    if not call.about.strip():
        return replace(call, pick="", meant=""), [], {}
    if chosen is not None and call.meant in (call.about, ""):
        return replace(call, meant=call.about), [], {}
    meant = choices_of(call.about)
    if chosen is not None and call.pick in dict(meant):
        return replace(call, meant=call.about), [], {}
    if len(meant) == 1:
        return replace(call, pick=meant[0][0], meant=call.about), [], {}
    problem = _("Choose what is meant.") if meant else _("Nothing has these words. Try others.")
    return replace(call, pick="", meant=""), meant, {"about": problem}


def _placed(call: Call) -> tuple[Call, list[str], dict[str, str]]:
    """Settle where it is; an address that was changed is looked up anew."""
    if call.address != call.placed or call.choice:
        call = replace(call, lon="", lat="")
    if not call.address.strip():
        return replace(call, lon="", lat="", placed=""), [], {}
    found, places, problem = point_of(_number(call.lon), _number(call.lat), call.address, call.choice)
    if found is None:
        return replace(call, placed=""), places, {"address": problem}
    address = call.choice or call.address
    return replace(call, lon=str(found[0]), lat=str(found[1]), address=address, placed=address), [], {}


def _number(text: str) -> str:
    try:
        return text if abs(float(text)) <= 180 else ""
    except ValueError:
        return ""


def _tickets(call: Call, lon: float, lat: float) -> list[LikelyTicket]:
    here, service = served(), call.service
    assert service is not None  # noqa: S101  (asked before)
    found = look(
        here.session, here.city, lon, lat, service.code, address=call.address,
        description=call.description, channel=call.channel,
    )  # fmt: skip
    return likely_tickets(found, to_staff=True)
