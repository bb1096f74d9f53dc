"""Finds the urgent open tickets: asked every few seconds by everybody who works, so it is one short look."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.tickets.models import Ticket
from webapp.tickets.queries import Filters, conditions

HIGH = 2
"""The priority from which a ticket is urgent."""
MOST = 50


@dataclass(frozen=True, slots=True)
class UrgentRow:
    """What is said of an urgent ticket to those who may do it."""

    id: int
    version: int
    service_id: int
    priority: int
    address: str | None


def urgent_tickets(session: Session, city_id: int, filters: Filters) -> list[UrgentRow]:
    """Return the open tickets of high and highest priority, the newest first, `MOST` at the most."""
    # Which these are stands in an index; the table is read for the few that are told.
    told = (
        select(Ticket.id)
        .where(Ticket.city_id == city_id, Ticket.open, Ticket.priority >= HIGH, *conditions(city_id, filters))
        .order_by(Ticket.id.desc())
        .limit(MOST)
    )
    query = (
        select(Ticket.id, Ticket.version, Ticket.service_id, Ticket.priority, Ticket.address)
        .where(Ticket.city_id == city_id, Ticket.id.in_(told))
        .order_by(Ticket.id.desc())
    )
    return [UrgentRow(*row) for row in session.execute(query)]
