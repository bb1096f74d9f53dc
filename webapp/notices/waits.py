"""When to try again what did not reach another system: later each time, and not all at the same moment."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

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
