"""The queue of open tickets that nobody has: no rule knew who does them, or only the department."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.tickets.models import Ticket
from webapp.tickets.queries import TicketRow, tickets


def count(
    session: Session,
    city_id: int,
    departments: Sequence[int] | None = None,
    *,
    district: str | None = None,
) -> int:
    """Return how many tickets wait for somebody: of all departments and districts, or of some."""
    nobodys = _nobodys(city_id, departments, district)
    return session.scalar(select(func.count()).select_from(Ticket).where(*nobodys)) or 0


def waiting(
    session: Session,
    city_id: int,
    departments: Sequence[int] | None = None,
    *,
    district: str | None = None,
    limit: int = 100,
) -> list[TicketRow]:
    """Return the tickets that wait for somebody, the longest waiting at the top."""
    ids = session.scalars(
        select(Ticket.id)
        .where(*_nobodys(city_id, departments, district))
        .order_by(Ticket.opened_at, Ticket.id)
        .limit(limit)
    ).all()
    found = tickets(session, city_id, ids)
    return [found[ticket_id] for ticket_id in ids]


def _nobodys(city_id: int, departments: Sequence[int] | None, district: str | None) -> list[Any]:
    conditions = [
        Ticket.city_id == city_id, Ticket.open, Ticket.crew_id.is_(None), Ticket.owner.is_(None),
    ]  # fmt: skip
    if departments is not None:
        conditions.append(Ticket.department_id.in_(departments))
    if district is not None:
        conditions.append(Ticket.district == district)
    return conditions
