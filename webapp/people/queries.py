"""Who may sign in. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.people.models import Staff


def staff_by_email(session: Session, city_id: int, email: str) -> Staff | None:
    """Return the member of staff with this e-mail address, whatever its case; also a disabled one."""
    wanted = func.lower(email.strip())
    return session.scalar(select(Staff).where(Staff.city_id == city_id, func.lower(Staff.email) == wanted))


def all_staff(session: Session, city_id: int) -> Sequence[Staff]:
    """Return everybody, by e-mail address."""
    return session.scalars(select(Staff).where(Staff.city_id == city_id).order_by(Staff.email)).all()
