"""What is tried next of what goes to other systems: later after each failure, and not all at one moment."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

TRIES = 10
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
JITTER = 0.25
"""So much longer at the most: what failed together does not come again together."""


def wait_after(attempt: int) -> timedelta:
    """Return how long to wait after a failed attempt at least: twice as long each time."""
    return min(FIRST_WAIT * int(2 ** (attempt - 1)), LONGEST_WAIT)


def next_try(attempt: int) -> datetime | None:
    """Return when to try again after a failed attempt; None after the last."""
    if attempt >= TRIES:
        return None
    return datetime.now(UTC) + wait_after(attempt) * random.uniform(1, 1 + JITTER)  # noqa: S311  (no secret)


def claim(
    session: Session,
    sent: type[Any],
    system: InstrumentedAttribute[int],
    active: ColumnElement[bool],
    silent: Collection[int],
    to: type[Any],
) -> tuple[Any, Any] | None:
    """Return the row to try next and the system that it goes to, if one is due.

    Its next try is noted already. Commit before trying: then no one else does.

    Parameters
    ----------
    sent, system
        The table of what is sent, and its column that names the system.
    active, to
        Which systems are told at all, and their table.
    silent
        Those that do not answer just now: theirs wait.
    """
    due = (
        select(sent, to)
        .join(to, and_(to.city_id == sent.city_id, to.id == system, active))
        .where(sent.next_at <= func.now(), to.paused_at.is_(None), to.id.not_in(silent))
        .order_by(sent.next_at, sent.id)
        .limit(1)
        .with_for_update(of=sent, skip_locked=True)
    )
    found = session.execute(due).one_or_none()
    if found is None:
        return None
    row, told = found
    row.attempts += 1
    row.next_at = next_try(row.attempts)
    session.flush()
    return row, told
