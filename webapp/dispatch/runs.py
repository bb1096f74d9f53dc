"""Reads the runs of re-assignment. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session, aliased

from webapp.dispatch.models import Reassignment
from webapp.dispatch.trial import Who
from webapp.people.models import Staff


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run over the open tickets."""

    id: int
    by: str | None
    """None: the city file retired a crew."""
    asked_at: datetime
    starts_at: datetime
    finished_at: datetime | None
    tickets: int
    changed: int
    by_hand: int
    begun: int
    undone_at: datetime | None
    undone_by: str | None
    restored: int | None
    moved_since: int | None


def run(session: Session, city_id: int, run_id: int) -> RunRow | None:
    """Return a run, None where there is none of that number."""
    row = session.execute(_runs(city_id).where(Reassignment.id == run_id)).one_or_none()
    return RunRow(*row) if row is not None else None


def latest(session: Session, city_id: int, *, limit: int = 10) -> Sequence[RunRow]:
    """Return the latest runs, the newest first."""
    return [RunRow(*row) for row in session.execute(_runs(city_id).limit(limit))]


def moves(session: Session, city_id: int, run_id: int) -> list[tuple[Who, Who, int]]:
    """Return from whom to whom a run gave how many tickets, the most at the top."""
    rows = session.execute(_MOVES, {"city_id": city_id, "run_id": run_id})
    return [
        (
            (row.was_crew, row.was_department, row.was_owner),
            (row.now_crew, row.now_department, row.now_owner),
            row.tickets,
        )
        for row in rows
    ]


def _runs(city_id: int) -> Select[*tuple[Any, ...]]:
    by, undone_by, run = aliased(Staff), aliased(Staff), Reassignment
    return (
        select(
            run.id, by.name, run.asked_at, run.starts_at, run.finished_at, run.tickets, run.changed,
            run.by_hand, run.begun, run.undone_at, undone_by.name, run.restored, run.moved_since,
        )
        .outerjoin(by, (by.city_id == run.city_id) & (by.id == run.staff_id))
        .outerjoin(undone_by, (undone_by.city_id == run.city_id) & (undone_by.id == run.undone_by))
        .where(run.city_id == city_id)
        .order_by(run.id.desc())
    )  # fmt: skip


_MOVES = text(
    """
    select (was ->> 'crew_id')::int as was_crew, (was ->> 'department_id')::int as was_department,
           was ->> 'owner' as was_owner,
           (now ->> 'crew_id')::int as now_crew, (now ->> 'department_id')::int as now_department,
           now ->> 'owner' as now_owner, count(*) as tickets
      from reassigned_ticket
     where city_id = :city_id and reassignment_id = :run_id
     group by 1, 2, 3, 4, 5, 6
     order by count(*) desc, 1, 4
    """
)
