"""Who may sign in. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.people.models import Staff, StaffSession


def staff_by_email(session: Session, city_id: int, email: str) -> Staff | None:
    """Return the member of staff with this e-mail address, whatever its case; also a disabled one."""
    wanted = func.lower(email.strip())
    return session.scalar(select(Staff).where(Staff.city_id == city_id, func.lower(Staff.email) == wanted))


def staff_of_id(session: Session, city_id: int, staff_id: int) -> Staff | None:
    """Return the member of staff of a number; also a disabled one."""
    return session.get(Staff, (city_id, staff_id)) if 0 < staff_id < 2**63 else None


def open_session_counts(session: Session, city_id: int) -> dict[int, int]:
    """Return in how many places each member of staff is signed in; who is nowhere is left out."""
    rows = session.execute(
        select(StaffSession.staff_id, func.count().label("open"))
        .where(StaffSession.city_id == city_id, StaffSession.revoked_at.is_(None))
        .group_by(StaffSession.staff_id)
    )
    return {row.staff_id: row.open for row in rows}


def all_staff(session: Session, city_id: int) -> Sequence[Staff]:
    """Return everybody, by e-mail address."""
    return session.scalars(select(Staff).where(Staff.city_id == city_id).order_by(Staff.email)).all()
