"""Calls that are not finished: what an agent has typed is kept on the server until it is sent or discarded.

A draft is its agent's own. It has the idempotency key of the report that it becomes: whatever comes of a lost
answer, one call is one report. The caller commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.intake.models import DeskDraft
from webapp.people.models import Staff

KEPT_FOR = timedelta(days=14)
"""A draft has a caller's name and number in it: longer than this nobody will need it."""


def keep(session: Session, staff: Staff, key: str, fields: Mapping[str, Any]) -> None:
    """Keep what was typed of a call, instead of what was kept of it before."""
    row = insert(DeskDraft).values(city_id=staff.city_id, staff_id=staff.id, key=key, fields=dict(fields))
    session.execute(
        row.on_conflict_do_update(
            index_elements=["city_id", "staff_id", "key"],
            set_={"fields": row.excluded.fields, "changed_at": func.now()},
        )
    )


def unfinished(session: Session, staff: Staff) -> Sequence[DeskDraft]:
    """Return somebody's drafts, the latest first."""
    return session.scalars(
        select(DeskDraft)
        .where(DeskDraft.city_id == staff.city_id, DeskDraft.staff_id == staff.id)
        .order_by(DeskDraft.changed_at.desc())
    ).all()


def drop(session: Session, staff: Staff, key: str) -> None:
    """Forget what was typed of a call: it was sent, answered or discarded. What is too old goes with it."""
    mine = and_(DeskDraft.staff_id == staff.id, DeskDraft.key == key)
    too_old = DeskDraft.changed_at < func.now() - KEPT_FOR
    session.execute(delete(DeskDraft).where(DeskDraft.city_id == staff.city_id, or_(mine, too_old)))
