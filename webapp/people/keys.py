"""API keys: made once, shown once, kept only as their SHA-256; with what each may do, and how often."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from webapp.people.models import ApiKey, ApiKeyUse

Scope = Literal["write", "update", "read_private"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""Send reports; move tickets and remark on them; read reports of services that are not public."""

PER_MINUTE = 600
"""Calls in a minute that a new key may make, unless an administrator says otherwise."""
MOST_PER_MINUTE = 1_000_000
USAGE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Use:
    """One call with a key: whose it is, what it may do, and whether it is one too many."""

    key_id: int
    name: str
    scopes: list[str]
    too_many: bool
    wait_s: int
    """Seconds until the next minute begins."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a key was used in the last `USAGE_DAYS`."""

    calls: int = 0
    refused: int = 0
    last_day: date | None = None


def add_key(
    session: Session,
    city_id: int,
    name: str,
    *,
    scopes: Sequence[str] = ("write",),
    per_minute: int | None = None,
    key: str | None = None,
) -> tuple[ApiKey, str]:
    """Add a key for the system called ``name``. Returns its row and the key, which nothing can show again.

    Parameters
    ----------
    scopes
        What it may do: some of `SCOPES`.
    per_minute
        How many calls in a minute; None: any number.
    key
        One that everybody may know, for a demo; a random one where not given.

    Raises
    ------
    ValueError
        The message names what is wrong and how to put it right.
    """
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise ValueError("name: say what system the key is for, in up to 100 characters.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"scopes: choose one or more of {', '.join(SCOPES)}.")
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        raise ValueError(f"per_minute: give a number from 1 to {MOST_PER_MINUTE:,}.")
    key = key or f"pw_{secrets.token_urlsafe(24)}"
    row = ApiKey(
        city_id=city_id,
        name=name,
        key_sha256=_digest(key),
        scopes=[scope for scope in SCOPES if scope in scopes],
        per_minute=per_minute,
    )
    session.add(row)
    session.flush()
    return row, key


def use(session: Session, city_id: int, key: str) -> Use | None:
    """Count a call with ``key``; None where it is none of the city's keys, or was revoked.

    One statement. Commit it before the work begins: what is refused counts too. Of calls at the very same
    time each may be the last one within the limit.
    """
    row = session.connection().execute(_USE, {"city_id": city_id, "digest": _digest(key)}).one_or_none()
    return None if row is None else Use(row.id, row.name, row.scopes, row.too_many, row.wait_s)


def revoke(session: Session, city_id: int, key_id: int) -> ApiKey | None:
    """Make a key worthless. Returns its row, or None where there is no such key."""
    row = session.get(ApiKey, (city_id, key_id))
    if row is not None and row.revoked_at is None:
        row.revoked_at = datetime.now(UTC)
    return row


def all_keys(session: Session, city_id: int) -> Sequence[ApiKey]:
    """Return the rows of all keys, oldest first."""
    return session.scalars(select(ApiKey).where(ApiKey.city_id == city_id).order_by(ApiKey.id)).all()


def keys_and_usage(session: Session, city_id: int) -> list[tuple[ApiKey, Usage]]:
    """Return each key with its use of late, oldest first."""
    since = datetime.now(UTC).date() - timedelta(days=USAGE_DAYS)
    recent: ColumnElement[bool] = (ApiKeyUse.city_id == ApiKey.city_id) & (ApiKeyUse.api_key_id == ApiKey.id)
    query = (
        select(
            ApiKey,
            func.coalesce(func.sum(ApiKeyUse.calls), 0),
            func.coalesce(func.sum(ApiKeyUse.refused), 0),
            func.max(ApiKeyUse.day),
        )
        .outerjoin(ApiKeyUse, recent & (ApiKeyUse.day >= since))
        .where(ApiKey.city_id == city_id)
        .group_by(ApiKey.city_id, ApiKey.id)
        .order_by(ApiKey.id)
    )
    return [(row, Usage(calls, refused, day)) for row, calls, refused, day in session.execute(query)]


def _digest(key: str) -> str:
    # A key has 192 random bits, so a fast hash is as good as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()


# Losing the last counts in a crash of the server costs nobody anything, waiting for its disk would: hence
# the commit that does not wait.
_USE = text(
    """
    with wanted as (
        select city_id, id, name, scopes, per_minute, date_trunc('minute', now()) as minute
          from api_key
         where city_id = cast(:city_id as smallint) and key_sha256 = :digest and revoked_at is null
    ), before as (
        select coalesce(sum(in_minute), 0) as in_minute
          from wanted
          join api_key_use as used on used.city_id = wanted.city_id and used.api_key_id = wanted.id
         where used.day = cast(now() at time zone 'UTC' as date) and used.minute = wanted.minute
    ), counted as (
        insert into api_key_use as used (city_id, api_key_id, day, line, calls, refused, minute, in_minute)
        select city_id, id, cast(now() at time zone 'UTC' as date), mod(pg_backend_pid(), 32), 1,
               cast(coalesce(before.in_minute >= per_minute, false) as int), minute, 1
          from wanted cross join before
            on conflict (city_id, api_key_id, day, line) do update
           set calls = used.calls + 1,
               refused = used.refused + excluded.refused,
               in_minute = case when used.minute = excluded.minute then used.in_minute + 1 else 1 end,
               minute = excluded.minute
     returning 1
    )
    select id, name, scopes, coalesce(in_minute >= per_minute, false) as too_many,
           cast(60 - floor(extract(second from now())) as int) as wait_s,
           set_config('synchronous_commit', 'off', true)
      from wanted cross join before cross join counted
    """
)
