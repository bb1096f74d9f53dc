"""Which tickets are counted. Nothing here writes or commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from webapp.tickets.models import MERGED, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which tickets are counted: those opened from ``begin`` until before ``end``, but for merged ones."""

    city_id: int
    begin: datetime
    end: datetime
    district: str | None = None
    """None: the whole city."""
    service_ids: Sequence[int] | None = None
    """None: all services."""
    department_ids: Sequence[int] | None = None
    crew_ids: Sequence[int] | None = None
    channel: str | None = None
    """Of the first report, as the language; both only where `webapp.insight.facts` are counted."""
    language: str | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """The scope as a condition on `Ticket`."""
        return and_(
            Ticket.city_id == self.city_id,
            Ticket.status != MERGED,
            Ticket.opened_at >= self.begin,
            Ticket.opened_at < self.end,
            *self.of_tickets,
        )

    @property
    def of_tickets(self) -> list[ColumnElement[bool]]:
        """What it asks of `Ticket` besides the period."""
        conditions = []
        if self.district is not None:
            conditions.append(Ticket.district == self.district)
        for column, ids in (
            (Ticket.service_id, self.service_ids),
            (Ticket.department_id, self.department_ids),
            (Ticket.crew_id, self.crew_ids),
        ):
            if ids is not None:
                conditions.append(column.in_(ids))
        return conditions


def newest(session: Session, city_id: int, district: str | None) -> datetime | None:
    """Return when the newest ticket was opened, None where there is none."""
    statement = select(func.max(Ticket.opened_at)).where(Ticket.city_id == city_id)
    if district is not None:
        statement = statement.where(Ticket.district == district)
    return session.scalar(statement)
