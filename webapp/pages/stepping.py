"""The form of a report one step at a time without scripts: each step is a whole page that says what is known.

With scripts the same form goes through the same steps by itself, and sends no ``step``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

from flask_babel import gettext as _

from webapp.catalog.snapshot import ServiceEntry
from webapp.intake.look import look
from webapp.pages.context import served
from webapp.pages.likely import LikelyTicket, likely_tickets, shown
from webapp.pages.places import described
from webapp.pages.report_form import Typed
from webapp.pages.typed import point_of
from webapp.pages.what import Found, found_for
from webapp.tickets.seen import seen

BEFORE_SENDING = ("where", "what", "known")
"""The steps after which there is another."""
BEFORE = {"what": "where", "known": "what", "tell": "what"}
"""The step that Back leads to."""


@dataclass(frozen=True)
class Step:
    """A page of the form: what was typed, which step it shows, and what that step has to say."""

    typed: Typed
    name: str
    errors: dict[str, str] = field(default_factory=dict)
    choices: list[str] = field(default_factory=list)
    """Places that an address may mean."""
    place: dict[str, Any] | None = None
    """What is under the pin."""
    found: Found | None = None
    """What the words mean."""
    known: list[LikelyTicket] = field(default_factory=list)
    joined: str = ""
    """The ticket that the report is added to."""

    def at(self, name: str, **more: Any) -> Self:
        """Return another step with what was typed."""
        return replace(self, name=name, **more)


def next_step(typed: Typed, do: str) -> Step:
    """Return the page that follows on what was typed in a step.

    Parameters
    ----------
    do
        The button: ``back``, ``find``, ``different``, ``join:TICKET``, or nothing to go on.
    """
    now = Step(typed, typed.step)
    if do == "back":
        return _with_place(now.at(BEFORE.get(typed.step, "where")))
    if typed.step == "where":
        return _after_where(now)
    if typed.step == "what":
        return _after_what(now, do)
    return _after_known(now, do)


def begun(typed: Typed) -> Step:
    """Return the page to begin with: the first step, or the last where a ticket was chosen to add to."""
    here = served()
    if typed.same_as.isdecimal():
        ticket = seen(here.session, here.city.id, [int(typed.same_as)]).get(int(typed.same_as))
        if ticket is not None:
            told = shown(ticket, 0)
            typed = replace(typed, lon=str(ticket.lon), lat=str(ticket.lat), service=told.service)
            return _with_place(Step(typed, "tell", joined=_name(told.name, told.address)))
    now = _with_place(Step(replace(typed, same_as=""), "where"))
    address = (now.place or {}).get("address") or ""
    return replace(now, typed=replace(now.typed, address=address, placed=address))


def _after_where(now: Step) -> Step:
    typed = now.typed
    if typed.address != typed.placed or typed.choice:
        typed = replace(typed, lon="", lat="")
    lon, _gap, lat = typed.spot.partition(" ")
    if lon and lat:
        typed = replace(typed, lon=lon, lat=lat)
    point, choices, problem = point_of(typed.lon, typed.lat, typed.address, typed.choice)
    if point is None:
        return replace(now, typed=typed, errors={"address": problem}, choices=choices)
    address = typed.choice or typed.address
    typed = replace(typed, lon=str(point[0]), lat=str(point[1]), address=address, placed=address)
    now = _with_place(replace(now, typed=typed))
    assert now.place is not None  # noqa: S101  (there is a pin)
    if not now.place["placed"]:
        return replace(now, errors={"address": now.place["warning"]})
    if now.place["spots"] and not typed.spot:
        return now
    return now.at("what")


def _after_what(now: Step, do: str) -> Step:
    typed, here = now.typed, served()
    now = _with_place(now)
    service = here.catalog.service_by_code.get(typed.service)
    if do == "find" or (service is None and typed.words.strip()):
        return replace(now, found=found_for(typed.words) if typed.words.strip() else None)
    if service is None or not service.active:
        told = (
            _("This service is not offered at present. Choose another one.")
            if typed.service
            else _("Choose what it is about.")
        )
        return replace(now, errors={"service": told})
    known = _known(typed, service)
    return now.at("known", known=known) if known else now.at("tell")


def _after_known(now: Step, do: str) -> Step:
    typed = now.typed
    service = served().catalog.service_by_code.get(typed.service)
    known = _known(typed, service) if service else []
    wanted = do.removeprefix("join:")
    chosen = next((each for each in known if str(each.id) == wanted), None)
    if chosen is not None:
        typed = replace(typed, same_as=wanted, different_from="")
        return _with_place(replace(now, typed=typed)).at("tell", joined=_name(chosen.name, chosen.address))
    apart = " ".join(str(each.id) for each in known)
    return _with_place(replace(now, typed=replace(typed, same_as="", different_from=apart))).at("tell")


def _known(typed: Typed, service: ServiceEntry) -> list[LikelyTicket]:
    """Return the tickets that the report may repeat; of a service that is not public nobody is shown any."""
    here, lon, lat = served(), _degrees(typed.lon), _degrees(typed.lat)
    if not service.public or lon is None or lat is None:
        return []
    return likely_tickets(look(here.session, here.city, lon, lat, service.code))


def _with_place(now: Step) -> Step:
    lon, lat = _degrees(now.typed.lon), _degrees(now.typed.lat)
    if lon is None or lat is None:
        return now
    return replace(now, place=described(lon, lat, now.typed.service))


def _degrees(text: str) -> float | None:
    """Return a coordinate, None where there is none; what is no number is nowhere."""
    try:
        return float(text) if text else None
    except ValueError:
        return math.nan


def _name(name: str, address: str) -> str:
    return f"{name}, {address}" if address else name
