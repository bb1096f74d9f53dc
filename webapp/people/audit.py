"""The audit trail: who saw a reporter's contact, and what staff changed. Nobody can edit it.

The table takes no update and no delete. What staff do to tickets is written by a trigger on the timeline; the
rest by those who do it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from webapp.people.models import AuditEntry, Staff

Kind = Literal[
    "contact_seen",
    "ticket",
    "signed_in",
    "sign_in_failed",
    "session_revoked",
    "second_factor_added",
    "second_factor_removed",
    "password_changed",
    "staff_added",
    "staff_disabled",
    "staff_reset",
    "key_added",
    "key_revoked",
    "webhook_added",
    "webhook_stopped",
    "told",
    "untold",
    "outside_paused",
    "outside_resumed",
    "outside_again",
    "original_seen",
    "contacts_erased",
    "areas_published",
    "late_on_arrival",
    "role_changed",
    "staff_enabled",
    "sessions_ended",
    "second_factor_roles",
]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that was done."""

    id: int
    at: datetime
    staff_id: int | None
    by: str | None
    """Who; None: it was done on a command line of the server."""
    kind: str
    subject: str
    data: dict[str, Any]


def record(
    session: Session, city_id: int, kind: Kind, subject: str, *, by: Staff | None, **data: Any
) -> None:
    """Write down what was done. The caller commits, or what was done and the record of it are both undone.

    Parameters
    ----------
    subject
        To what, such as ``ticket 12``. Nothing of a reporter's contact.
    by
        Who did it; None on a command line.
    """
    staff_id = by.id if by is not None else None
    session.add(AuditEntry(city_id=city_id, kind=kind, subject=subject, staff_id=staff_id, data=data))
    session.flush()


def trail(
    session: Session,
    city_id: int,
    *,
    staff_id: int | None = None,
    kind: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[AuditRow]:
    """Return the newest entries: of one person, of one kind, older than the entry ``before``."""
    entry = AuditEntry
    query = (
        select(entry.id, entry.at, entry.staff_id, Staff.name, entry.kind, entry.subject, entry.data)
        .outerjoin(Staff, and_(Staff.city_id == entry.city_id, Staff.id == entry.staff_id))
        .where(entry.city_id == city_id)
        .order_by(entry.id.desc())
        .limit(limit)
    )
    if staff_id is not None:
        query = query.where(entry.staff_id == staff_id)
    if kind is not None:
        query = query.where(entry.kind == kind)
    if before is not None:
        query = query.where(entry.id < before)
    return [AuditRow(*row) for row in session.execute(query)]
