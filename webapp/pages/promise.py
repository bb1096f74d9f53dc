"""What somebody who reported may expect: how long it took others lately, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.insight import usual
from webapp.pages.context import served
from webapp.pages.places import atlas, zone_name
from webapp.tickets.queries import TicketRow

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens to a ticket."""

    words: str
    state: str
    """past, now or next."""


def range_words(ticket: TicketRow) -> str:
    """Return how long a service took lately here, on how many; empty where too little is known."""
    here = served()
    found = usual.usual_time(here.session, here.city.id, ticket.service_id, ticket.district)
    if found is None or found.soon_s is None:
        return ""
    where = _district_name(found.district) or here.city.name
    told = {"num": found.tickets, "where": where, "days": usual.SPAN.days, "soon": time_words(found.soon_s)}
    if found.late_s is None:
        return ngettext(
            "Of %(num)d such report in %(where)s in the last %(days)d days, one in five was done within "
            "%(soon)s. Fewer than four in five are done yet.",
            "Of %(num)d such reports in %(where)s in the last %(days)d days, one in five was done within "
            "%(soon)s. Fewer than four in five are done yet.",
            **told,
        )
    return ngettext(
        "Of %(num)d such report in %(where)s in the last %(days)d days, one in five was done within "
        "%(soon)s and four in five within %(late)s.",
        "Of %(num)d such reports in %(where)s in the last %(days)d days, one in five was done within "
        "%(soon)s and four in five within %(late)s.",
        **told,
        late=time_words(found.late_s),
    )


def time_words(seconds: float) -> str:
    """Return such as ``9 days``: rounded up, so that it is kept."""
    hours = max(1, -int(-seconds // _HOUR_S))
    if hours <= 48:
        return ngettext("%(num)d hour", "%(num)d hours", hours)
    return ngettext("%(num)d day", "%(num)d days", -int(-seconds // _DAY_S))


def next_steps(ticket: TicketRow) -> list[Step]:
    """Return what happened, what happens now and what comes next."""
    now = _place_of(ticket)
    words = [
        _("We have your report."),
        _("%(who)s looks after it.", who=ticket.owner or ticket.crew or ticket.department),
        _("The work is planned and done."),
        _("We ask you whether it is fixed."),
    ]
    if not ticket.open and ticket.status == "declined":
        words[2:] = [_("It was looked at and not taken on. The reason is below.")]
    states = ["past" if number < now else "now" if number == now else "next" for number in range(len(words))]
    return [Step(*each) for each in zip(words, states, strict=True)]


def _place_of(ticket: TicketRow) -> int:
    if ticket.status == "confirmed":
        return 4
    if not ticket.open:
        return 3 if ticket.status == "done" else 2
    return 2 if ticket.status in ("scheduled", "in_progress", "waiting") else 1


def _district_name(zone_id: str) -> str:
    zones = atlas().zones.get(served().city.district_layer or "")
    if not zone_id or zones is None or zone_id not in zones.source_id:
        return ""
    return zone_name(str(zones.name[zones.source_id.tolist().index(zone_id)]))
