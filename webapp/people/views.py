"""Views that somebody keeps: the filters of a list under a name. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.people.models import SavedView, Staff

LONGEST_NAME = 40
MOST_VIEWS = 20


def keep(session: Session, staff: Staff, name: str, query: Mapping[str, Any]) -> None:
    """Keep a view under a name, instead of one that had it; beyond ``MOST_VIEWS`` the oldest go."""
    values = {"city_id": staff.city_id, "staff_id": staff.id, "name": name, "query": dict(query)}
    kept = insert(SavedView).values(values)
    session.execute(
        kept.on_conflict_do_update(
            index_elements=["city_id", "staff_id", "name"], set_={"query": kept.excluded.query}
        )
    )
    for view in views_of(session, staff)[MOST_VIEWS:]:
        session.delete(view)


def views_of(session: Session, staff: Staff) -> Sequence[SavedView]:
    """Return somebody's views, the newest first."""
    return session.scalars(
        select(SavedView)
        .where(SavedView.city_id == staff.city_id, SavedView.staff_id == staff.id)
        .order_by(SavedView.id.desc())
    ).all()


def forget(session: Session, staff: Staff, view_id: int) -> None:
    """Remove one of somebody's views, where there is one of that number."""
    session.execute(
        delete(SavedView).where(
            SavedView.city_id == staff.city_id, SavedView.staff_id == staff.id, SavedView.id == view_id
        )
    )
