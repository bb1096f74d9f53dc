"""The sessions of staff: one for each sign-in, listed and revocable. The caller commits."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from layers.models import City
from webapp.people import audit
from webapp.people.models import Staff, StaffSession

SEEN_TO = timedelta(minutes=5)
"""How exactly it is known when a session was used last: a request rarely writes."""
LONGEST_DEVICE = 200


def begin(session: Session, staff: Staff, device: str) -> StaffSession:
    """Begin a session for somebody who has just signed in; ``staff.get_id()`` names it from now on."""
    staff.session_key = secrets.token_urlsafe(24)
    row = StaffSession(
        city_id=staff.city_id,
        staff_id=staff.id,
        key_sha256=_digest(staff.session_key),
        device=device[:LONGEST_DEVICE],
    )
    session.add(row)
    audit.record(session, staff.city_id, "signed_in", f"session of {staff.name}", by=staff)
    return row


def staff_of(session: Session, identity: str) -> Staff | None:
    """Return whom a session names (``Staff.get_id``), unless disabled, or it is over or was revoked."""
    parts = identity.split(".", 3)
    if len(parts) != 4 or not all(part.isdecimal() and part.isascii() for part in parts[:3]):
        return None
    city_id, staff_id, epoch = (int(part) for part in parts[:3])
    found = session.execute(
        select(Staff, StaffSession, City.details["second_factor"].label("roles"))
        .join(
            StaffSession,
            and_(StaffSession.city_id == Staff.city_id, StaffSession.staff_id == Staff.id),
        )
        .join(City, City.id == Staff.city_id)
        .where(
            Staff.city_id == city_id,
            Staff.id == staff_id,
            Staff.disabled_at.is_(None),
            Staff.session_epoch == epoch,
            StaffSession.key_sha256 == _digest(parts[3]),
            StaffSession.revoked_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    staff: Staff = found.Staff
    staff.session_key, staff.session_id = parts[3], found.StaffSession.id
    staff.session_is_stale = found.StaffSession.seen_at < datetime.now(UTC) - SEEN_TO
    staff.must_add_factor = staff.totp_secret is None and staff.role in (found.roles or [])
    return staff


def note_use(session: Session, staff: Staff) -> None:
    """Write down that a session is in use: where it is stale, that is, was last noted long ago."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.city_id == staff.city_id, StaffSession.id == staff.session_id)
        .values(seen_at=func.now())
    )


def open_sessions(session: Session, staff: Staff) -> Sequence[StaffSession]:
    """Return somebody's sessions that are not revoked, the latest first."""
    return session.scalars(
        select(StaffSession)
        .where(
            StaffSession.city_id == staff.city_id,
            StaffSession.staff_id == staff.id,
            StaffSession.revoked_at.is_(None),
        )
        .order_by(StaffSession.id.desc())
    ).all()


def revoke(session: Session, staff: Staff, session_id: int, *, by: Staff) -> bool:
    """End one of somebody's sessions; return whether there was one to end."""
    ended = session.execute(
        update(StaffSession)
        .where(
            StaffSession.city_id == staff.city_id,
            StaffSession.staff_id == staff.id,
            StaffSession.id == session_id,
            StaffSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
        .returning(StaffSession.id)
    ).first()
    if ended is not None:
        audit.record(session, staff.city_id, "session_revoked", f"session of {staff.name}", by=by)
    return ended is not None


def end_all(session: Session, staff: Staff) -> None:
    """End all of somebody's sessions. Who does it writes down why."""
    staff.session_epoch += 1
    session.execute(
        update(StaffSession)
        .where(
            StaffSession.city_id == staff.city_id,
            StaffSession.staff_id == staff.id,
            StaffSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )


def _digest(key: str) -> str:
    # A key has 192 random bits, so a fast hash is as good as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()
