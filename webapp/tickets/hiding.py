"""Reports that others see only when staff have looked at them. The caller commits.

A ticket is hidden as long as all of its reports are. What is hidden is in no public page, tile, feed, export
or answer of the API; whoever has its tracking number may follow how far it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.tickets.lifecycle import COMPARERS, NoSuchTicket, NotAllowed
from webapp.tickets.models import Report, TimelineEntry

SHOWN = "shown"
HIDDEN = "hidden"
"""Kinds of timeline entries: what staff decided of a report."""


@dataclass(frozen=True, slots=True)
class HiddenReport:
    """A report that nobody has looked at yet."""

    id: int
    ticket_id: int
    service_id: int
    tracking_number: str
    requested_at: datetime
    description: str
    address: str | None


def show(session: Session, city: City, report_id: int, *, by: Staff) -> int:
    """Let everybody see a report; return its ticket.

    Raises
    ------
    NotAllowed, NoSuchTicket
        Nothing was written.
    """
    return _decide(session, city, report_id, SHOWN, by)


def hide(session: Session, city: City, report_id: int, *, by: Staff) -> int:
    """Let nobody but staff see a report, also one that was shown; return its ticket.

    Raises
    ------
    NotAllowed, NoSuchTicket
        Nothing was written.
    """
    return _decide(session, city, report_id, HIDDEN, by)


def unchecked(session: Session, city_id: int, limit: int = 50) -> list[HiddenReport]:
    """Return the hidden reports that staff have not decided on yet, the one made first at the top."""
    query = _unchecked(city_id, *(getattr(Report, name) for name in HiddenReport.__slots__))
    return [HiddenReport(*row) for row in session.execute(query.order_by(Report.id).limit(limit))]


def count_unchecked(session: Session, city_id: int) -> int:
    """Return how many there are."""
    return session.scalar(_unchecked(city_id, func.count())) or 0


def settle(session: Session, city_id: int, ticket_ids: Iterable[int]) -> None:
    """Say anew of tickets whether they are hidden, after reports came to them or left them."""
    session.execute(_SETTLE, {"city_id": city_id, "ticket_ids": list(ticket_ids)})


def _decide(session: Session, city: City, report_id: int, kind: str, by: Staff) -> int:
    if by.role not in COMPARERS:
        raise NotAllowed(Sentence("Whether others see a report is for the desk to say: ask a supervisor."))
    values = {"city_id": city.id, "report_id": report_id, "hidden": kind == HIDDEN}
    ticket_id = session.scalar(_DECIDE, values)
    if ticket_id is None:
        raise NoSuchTicket(f"There is no report {report_id}.")
    session.add(
        TimelineEntry(
            city_id=city.id, ticket_id=ticket_id, report_id=report_id, kind=kind, actor="staff",
            staff_id=by.id, data={},
        )
    )  # fmt: skip
    session.flush()
    settle(session, city.id, [ticket_id])
    return int(ticket_id)


def _unchecked(city_id: int, *columns: Any) -> Select[Any]:
    decided = select(TimelineEntry.id).where(
        TimelineEntry.city_id == Report.city_id,
        TimelineEntry.ticket_id == Report.ticket_id,
        TimelineEntry.report_id == Report.id,
        TimelineEntry.kind == HIDDEN,
    )
    mine = Report.city_id == city_id, Report.hidden, ~decided.exists()
    return select(*columns).select_from(Report).where(*mine)


_DECIDE = text(
    """
    update report set hidden = :hidden, updated_at = now()
     where city_id = :city_id and id = :report_id returning ticket_id
    """
)
_SETTLE = text(
    """
    update ticket set hidden = now.hidden
      from (select ticket.id, not exists (select from report
                                           where report.city_id = ticket.city_id
                                             and report.ticket_id = ticket.id and not report.hidden) as hidden
              from ticket where city_id = :city_id and id = any(:ticket_ids)) as now
     where ticket.city_id = :city_id and ticket.id = now.id and ticket.hidden <> now.hidden
    """
)
