"""The tickets that a report may repeat, as the reporter is shown them before writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.intake.judging import Judgement, Likely
from webapp.pages.context import served
from webapp.pages.language import chosen_language

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
    """Return a reason for people to read; empty for those that say nothing to somebody who sees the spot."""
    code = reason["code"]
    if code == "same_asset":
        return _("The same pole or asset")
    if code == "same_address":
        return _("The same address")
    if code == "along_street":
        side = _("same side of the street") if reason["same_side"] else _("other side of the street")
        return _("%(metres)d m along the street, %(side)s", metres=reason["metres"], side=side)
    if code == "distance":
        return _("%(metres)d m from your pin", metres=reason["metres"])
    if code == "reports":
        return ngettext("%(num)d person reported it", "%(num)d people reported it", reason["count"])
    if code == "closed":
        return _("Closed lately")
    return ""
