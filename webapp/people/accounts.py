"""Make, change and close the accounts of staff. The caller commits."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from webapp.people.access import ROLES
from webapp.people.models import Staff
from webapp.people.passwords import hash_password, is_password, needs_new_hash
from webapp.people.queries import staff_by_email

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def add_staff(
    session: Session,
    city_id: int,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    department_id: int | None = None,
    crew_id: int | None = None,
    district: str | None = None,
) -> Staff:
    """Add somebody who signs in.

    Raises
    ------
    ValueError
        When the address is not one or is taken, the role is unknown, the password too short, or a member of a
        crew has no crew and a council member no district. The message says which.
    """
    email = email.strip()
    if not _EMAIL.fullmatch(email):
        raise ValueError(f"'{email}' is not an e-mail address.")
    if role not in ROLES:
        raise ValueError(f"'{role}' is not a role. Roles: {', '.join(ROLES)}.")
    if role == "crew" and crew_id is None:
        raise ValueError("Somebody with the role 'crew' needs a crew.")
    if role == "council" and district is None:
        raise ValueError("Somebody with the role 'council' needs a district.")
    if staff_by_email(session, city_id, email) is not None:
        raise ValueError(f"Somebody with the address '{email}' is there already.")
    staff = Staff(
        city_id=city_id,
        email=email,
        name=name.strip() or email,
        role=role,
        password_hash=hash_password(password),
        department_id=department_id,
        crew_id=crew_id,
        district=district,
    )
    session.add(staff)
    session.flush()
    return staff


def set_password(staff: Staff, password: str) -> None:
    """Give a new password, and sign the person out everywhere."""
    staff.password_hash = hash_password(password)
    staff.session_epoch += 1


def disable(staff: Staff) -> None:
    """Close the account, and sign the person out everywhere. What they did stays under their name."""
    staff.disabled_at = datetime.now(UTC)
    staff.session_epoch += 1


def enable(staff: Staff) -> None:
    """Open a closed account again, with the password that it had."""
    staff.disabled_at = None


def sign_in(session: Session, city_id: int, email: str, password: str) -> Staff | None:
    """Return who has this e-mail address and password, or None. Strengthens an old hash on the way."""
    staff = staff_by_email(session, city_id, email)
    usable = staff if staff is not None and staff.disabled_at is None else None
    if not is_password(password, usable.password_hash if usable else None):
        return None
    if usable is not None and needs_new_hash(usable.password_hash):
        usable.password_hash = hash_password(password)
    return usable
