"""API keys: made once, shown once, kept only as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.people.models import ApiKey


def add_key(session: Session, city_id: int, name: str, *, key: str | None = None) -> tuple[ApiKey, str]:
    """Add a key for the system called ``name``. Returns its row and the key, which nothing can show again.

    Parameters
    ----------
    key
        One that everybody may know, for a demo; a random one where not given.
    """
    key = key or f"pw_{secrets.token_urlsafe(24)}"
    row = ApiKey(city_id=city_id, name=name.strip(), key_sha256=_digest(key))
    session.add(row)
    session.flush()
    return row, key


def check(session: Session, city_id: int, key: str) -> ApiKey | None:
    """Return the key's row when ``key`` is one of the city's and is not revoked."""
    return session.scalar(
        select(ApiKey).where(
            ApiKey.city_id == city_id, ApiKey.key_sha256 == _digest(key), ApiKey.revoked_at.is_(None)
        )
    )


def revoke(session: Session, city_id: int, key_id: int) -> ApiKey | None:
    """Make a key worthless. Returns its row, or None where there is no such key."""
    row = session.get(ApiKey, (city_id, key_id))
    if row is not None and row.revoked_at is None:
        row.revoked_at = datetime.now(UTC)
    return row


def all_keys(session: Session, city_id: int) -> Sequence[ApiKey]:
    """Return the rows of all keys, oldest first."""
    return session.scalars(select(ApiKey).where(ApiKey.city_id == city_id).order_by(ApiKey.id)).all()


def _digest(key: str) -> str:
    # A key has 192 random bits, so a fast hash is as good as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()
