"""The tickets that a report may repeat, as the reporter is shown them before writing anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.intake.judging import Judgement, Likely
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.tickets import lifecycle

MOST = 3
MUCH_LESS = 4
"""A ticket this many times less likely than the first is not worth the reader's time."""
SHORT_TEXT = 140


@dataclass(frozen=True)
class LikelyTicket:
    """One of them."""

    id: int
    icon: str
    name: str
    address: str
    opened_at: datetime
    status: str
    open: bool
    words: str
    why: list[str]


def likely_tickets(judgement: Judgement) -> list[LikelyTicket]:
    """Return the tickets to show: none where none comes near, else the first and those about as likely."""
    if judgement.repeats is None:
        return []
    best = judgement.likely[0].score
    shown = [each for each in judgement.likely[:MOST] if each.score * MUCH_LESS >= best]
    return [_shown(each) for each in shown]


def _shown(likely: Likely) -> LikelyTicket:
    ticket = likely.ticket
    service = served().catalog.services[ticket.service_id]
    words = ticket.description if service.public else ""
    return LikelyTicket(
        id=ticket.id,
        icon=service.icon,
        name=service.translated("name", chosen_language()),
        address=ticket.address or "",
        opened_at=datetime.fromtimestamp(ticket.opened, UTC),
        status=ticket.status,
        open=ticket.closed is None,
        words=words if len(words) <= SHORT_TEXT else f"{words[:SHORT_TEXT].rsplit(' ', 1)[0]} …",
        why=[text for reason in likely.reasons if (text := reason_words(reason))],
    )


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
