"""Facts of made-up tickets, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from webapp.insight.facts import Facts, Labels

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOTHING = np.datetime64("NaT", "us")


def labels(names: list[str | None]) -> Labels:
    different = sorted({name for name in names if name is not None})
    return Labels(
        np.array([-1 if name is None else different.index(name) for name in names], np.int32),
        np.array(different, dtype=object),
    )


def made(count: int, seed: int = 1, **columns: Any) -> Facts:
    """Return tickets of the first five months of 2026, of which a part is open, late, declined or was reopened."""
    random = np.random.default_rng(seed)
    opened = np.datetime64("2026-01-01", "us") + (random.random(count) * 150 * 86_400e6).astype(
        "timedelta64[us]"
    )
    took = (random.exponential(9.0, count) * 86_400e6).astype("timedelta64[us]")
    declined = random.random(count) < 0.1
    closed = np.where((random.random(count) < 0.8) | declined, opened + took, NOTHING)
    completed = ~np.isnat(closed) & ~declined
    promised = opened + (random.integers(1, 20, count) * 86_400_000_000).astype("timedelta64[us]")
    usual: dict[str, Any] = {
        "id": np.arange(count) + 1,
        "service": random.integers(1, 4, count).astype(np.int16),
        "department": np.ones(count, np.int16),
        "crew": np.zeros(count, np.int16),
        "opened": opened,
        "closed": closed,
        "due": np.where(random.random(count) < 0.9, promised, NOTHING),
        "waiting": np.full(count, NOTHING),
        "responded": closed,
        "paused": np.zeros(count, "timedelta64[us]"),
        "completed": completed,
        "declined": declined,
        "fixed": completed,
        "repeat": np.zeros(count, np.bool_),
        "reports": np.ones(count, np.int32),
        "reopened": np.where(completed & (random.random(count) < 0.2), 1, 0).astype(np.int16),
        "visits": completed.astype(np.int16),
        "lon": np.full(count, np.nan, np.float32),
        "lat": np.full(count, np.nan, np.float32),
        **{name: labels([None] * count) for name in ("district", "segment", "asset", "channel", "language")},
        "zones": {},
    }
    return Facts(**usual | columns)
