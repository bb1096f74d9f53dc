"""Who may sign in. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.people.models import Staff


def staff_by_identity(session: Session, identity: str) -> Staff | None:
    """Return whom a session names (``Staff.get_id``), unless disabled or signed out everywhere since."""
    parts = identity.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        return None
    city_id, staff_id, epoch = (int(part) for part in parts)
    staff = session.get(Staff, (city_id, staff_id))
    if staff is None or staff.disabled_at is not None or staff.session_epoch != epoch:
        return None
    return staff


def staff_by_email(session: Session, city_id: int, email: str) -> Staff | None:
    """Return the member of staff with this e-mail address, whatever its case; also a disabled one."""
    wanted = func.lower(email.strip())
    return session.scalar(select(Staff).where(Staff.city_id == city_id, func.lower(Staff.email) == wanted))


def all_staff(session: Session, city_id: int) -> Sequence[Staff]:
    """Return everybody, by e-mail address."""
    return session.scalars(select(Staff).where(Staff.city_id == city_id).order_by(Staff.email)).all()
