"""What the same people reported before: for whoever takes their call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from webapp.tickets.models import Report, Ticket

MOST = 5


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """One of them."""

    tracking_number: str
    ticket_id: int
    service_id: int
    address: str | None
    requested_at: datetime
    status: str
    open: bool
    due_at: datetime | None
    """What was promised to this reporter."""
    waiting_since: datetime | None


def earlier_reports(session: Session, city_id: int, contact_ids: Sequence[int]) -> list[EarlierReport]:
    """Return the latest reports of some contacts, the newest first. Nobody's name is in them."""
    if not contact_ids:
        return []
    query = (
        select(
            Report.tracking_number, Report.ticket_id, Report.service_id, Report.address, Report.requested_at,
            Ticket.status, Ticket.open, Report.due_at, Ticket.waiting_since,
        )
        .join(Ticket, and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id))
        .where(Report.city_id == city_id, Report.contact_id.in_(contact_ids))
        .order_by(Report.requested_at.desc(), Report.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return [EarlierReport(*row) for row in session.execute(query)]
