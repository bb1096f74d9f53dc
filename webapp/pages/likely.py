"""The tickets that a report may repeat, as the reporter is shown them before writing anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.intake.judging import Likely
from webapp.intake.look import Look
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.places import atlas
from webapp.tickets import lifecycle
from webapp.tickets.seen import Seen, seen

MOST = 3
MUCH_LESS = 4
"""A ticket this many times less likely than the first is not worth the reader's time."""
SHORT_TEXT = 140


@dataclass(frozen=True, kw_only=True)
class ShownTicket:
    """A ticket that others reported, as residents are shown it. Coordinates are EPSG:4326 degrees."""

    id: int
    service: str
    """Its code."""
    icon: str
    name: str
    address: str
    lon: float
    lat: float
    metres: int
    """How far from the pin."""
    tracking_number: str
    opened_at: datetime
    due_at: datetime | None
    waiting_since: datetime | None
    closed_at: datetime | None
    status: str
    open: bool
    report_count: int
    photo: str | None
    words: str


@dataclass(frozen=True, kw_only=True)
class LikelyTicket(ShownTicket):
    """One that a report may repeat."""

    why: list[str]


def likely_tickets(found: Look, *, to_staff: bool = False) -> list[LikelyTicket]:
    """Return the tickets to show: none where none comes near, else the first and those about as likely.

    Staff are shown those too that not everybody may see.
    """
    judgement = found.judgement
    if judgement.repeats is None:
        return []
    here, best = served(), judgement.likely[0].score
    shown = [each for each in judgement.likely[:MOST] if each.score * MUCH_LESS >= best]
    ids = [each.ticket.id for each in shown]
    tickets = seen(here.session, here.city.id, ids, public_only=not to_staff)
    x, y = atlas().metric.to_metric([each.ticket.lon for each in shown], [each.ticket.lat for each in shown])
    metres = np.hypot(x - found.place.x, y - found.place.y)
    return [
        _shown(each, tickets[each.ticket.id], round(float(way)))
        for each, way in zip(shown, metres, strict=True)
        if each.ticket.id in tickets
    ]


def _shown(likely: Likely, ticket: Seen, metres: int) -> LikelyTicket:
    told = (reason_words(reason) for reason in likely.reasons if reason["code"] != "distance")
    return LikelyTicket(**vars(shown(ticket, metres)), why=[words for words in told if words])


def shown(ticket: Seen, metres: int) -> ShownTicket:
    """Return a ticket as residents are shown it, so many metres from where they are."""
    service = served().catalog.services[ticket.service_id]
    return ShownTicket(
        id=ticket.id,
        service=service.code,
        icon=service.icon,
        name=service.translated("name", chosen_language()),
        address=ticket.address or "",
        lon=ticket.lon,
        lat=ticket.lat,
        metres=metres,
        tracking_number=ticket.tracking_number,
        opened_at=ticket.opened_at,
        due_at=ticket.due_at,
        waiting_since=ticket.waiting_since,
        closed_at=ticket.closed_at,
        status=ticket.status,
        open=ticket.open,
        report_count=ticket.report_count,
        photo=ticket.photo,
        words=short(ticket.words) if service.public else "",
    )


def short(words: str) -> str:
    """Return the beginning of what somebody wrote, cut between words."""
    return words if len(words) <= SHORT_TEXT else f"{words[:SHORT_TEXT].rsplit(' ', 1)[0]} …"


def reason_words(reason: dict[str, Any]) -> str:
    """Return a reason for people to read; empty for one that this version does not know."""
    say = _SAY.get(reason["code"])
    return say(reason) if say else ""


def _asset(reason: dict[str, Any]) -> str:
    # A report of before reasons named the asset has none.
    if "id" not in reason:
        return _("The same pole or asset")
    return _("The same %(kind)s %(number)s", kind=lifecycle.words(reason["kind"]), number=reason["id"])


def _along(reason: dict[str, Any]) -> str:
    street = reason.get("street") or _("the street")
    where = _("%(metres)d m along %(street)s", metres=reason["metres"], street=street)
    side = reason.get("same_side")
    if side is None:
        return where
    return f"{where}, {_('same side') if side else _('other side')}"


def _gap(reason: dict[str, Any]) -> str:
    """Return how long the report and the latest one of the ticket are apart, whichever came first."""
    minutes = round(60 * reason["hours"])
    if minutes < 60:
        return ngettext("Reported %(num)d minute apart", "Reported %(num)d minutes apart", minutes)
    if minutes < 48 * 60:
        return ngettext("Reported %(num)d hour apart", "Reported %(num)d hours apart", minutes // 60)
    return ngettext("Reported %(num)d day apart", "Reported %(num)d days apart", minutes // 1440)


_SAY: dict[str, Callable[[dict[str, Any]], str]] = {
    "reporter_says": lambda _reason: _("The reporter says so"),
    "same_asset": _asset,
    "same_address": lambda _reason: _("The same address"),
    "along_street": _along,
    "distance": lambda reason: _("%(metres)d m away", metres=reason["metres"]),
    "related_service": lambda _reason: _("Another service that often means the same problem"),
    "closed": lambda _reason: _("Closed lately"),
    "gap": _gap,
    "reports": lambda reason: ngettext("%(num)d report so far", "%(num)d reports so far", reason["count"]),
    "words": lambda _reason: _("Some of the same words"),
}
