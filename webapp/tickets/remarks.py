"""Writes remarks into timelines, for everybody to read. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, insert, update
from sqlalchemy.orm import Session

from webapp.tickets.models import Report, TimelineEntry


def remark(
    session: Session,
    city_id: int,
    ticket_id: int,
    note: str,
    *,
    actor: str,
    staff_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> None:
    """Write a remark into a ticket's timeline; its reports are newer by it.

    Parameters
    ----------
    actor
        ``staff`` or ``program``.
    data
        What the entry keeps besides the note.
    key
        By which it is known when it is sent again.
    """
    session.execute(
        insert(TimelineEntry).values(
            city_id=city_id, ticket_id=ticket_id, kind="noted", actor=actor, staff_id=staff_id, note=note,
            data=dict(data or {}), idempotency_key=key,
        )
    )  # fmt: skip
    of_ticket = and_(Report.city_id == city_id, Report.ticket_id == ticket_id)
    session.execute(
        update(Report).where(of_ticket).values(updated_at=func.now()),
        execution_options={"synchronize_session": False},
    )
