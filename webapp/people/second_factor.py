"""The second factor: six digits of an app, by time (TOTP, RFC 6238). The caller commits."""

from __future__ import annotations

import time

import pyotp
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from webapp.people import audit
from webapp.people.models import Staff

STEP_S = 30
DRIFT_STEPS = 1
"""A phone's clock may be so many steps before or behind ours."""


def new_secret() -> str:
    """Return a secret to share with an app, in base 32."""
    return pyotp.random_base32()


def address(secret: str, staff: Staff, issuer: str) -> str:
    """Return the ``otpauth://`` address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff.email, issuer_name=issuer)


def add(session: Session, staff: Staff, secret: str, code: str, *, now: float | None = None) -> bool:
    """Set up the second factor, if the app shows the right code; return whether it does."""
    step = _step_of(secret, code, now)
    if step is None:
        return False
    staff.totp_secret, staff.totp_step, staff.must_add_factor = secret, step, False
    audit.record(session, staff.city_id, "second_factor_added", staff.name, by=staff)
    return True


def remove(session: Session, staff: Staff, *, by: Staff | None) -> None:
    """Take the second factor away, such as of somebody whose phone was lost."""
    staff.totp_secret = staff.totp_step = None
    audit.record(session, staff.city_id, "second_factor_removed", staff.name, by=by)


def check(session: Session, staff: Staff, code: str, *, now: float | None = None) -> bool:
    """Say whether a code is right, and was not used before; of two who use it at once, one is let in."""
    step = _step_of(staff.totp_secret or "", code, now) if staff.totp_secret else None
    if step is None:
        return False
    used = session.execute(
        update(Staff)
        .where(
            Staff.city_id == staff.city_id,
            Staff.id == staff.id,
            or_(Staff.totp_step.is_(None), Staff.totp_step < step),
        )
        .values(totp_step=step)
        .returning(Staff.id)
    )
    return used.first() is not None


def _step_of(secret: str, code: str, now: float | None) -> int | None:
    """Return the step of time that a code belongs to, None where it belongs to none about now."""
    digits = "".join(code.split())
    current = int((time.time() if now is None else now) // STEP_S)
    totp = pyotp.TOTP(secret)
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if pyotp.utils.strings_equal(digits, totp.at(step * STEP_S)):
            return step
    return None
