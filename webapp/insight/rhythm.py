"""When tickets come: received and closed by day, week or month, and received by the hour of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from webapp.catalog.calendars import clock_changes
from webapp.insight.facts import Facts, Times, between
from webapp.insight.measures import Window
from webapp.insight.periods import Period

MOST_DAYS, MOST_WEEKS = 45, 60
"""Of longer periods, weeks are counted in place of days, and months in place of weeks."""


@dataclass(frozen=True, slots=True)
class Step:
    """One day, week or month of a period."""

    first: date
    received: int
    closed: int


def unit(period: Period) -> str:
    """Return by what a period is counted: D, W or M, as numpy calls days, weeks and months."""
    days = (period.last - period.first).days + 1
    return "D" if days <= MOST_DAYS else "W" if days <= MOST_WEEKS * 7 else "M"


def steps(facts: Facts, window: Window, period: Period, time_zone: str) -> list[Step]:
    """Return the days, weeks or months of a period with what was received and closed in each.

    Weeks begin on Monday. The first and the last may be parts only.
    """
    by = unit(period)
    first, last = (
        _bucket(np.array([day], dtype="datetime64[D]"), by)[0] for day in (period.first, period.last)
    )
    counts = []
    for times in (facts.opened, facts.closed):
        days = _local(times[between(times, window.begin, window.end)], time_zone).astype("datetime64[D]")
        index = (_bucket(days, by) - first) // (7 if by == "W" else 1)
        size = int((last - first) // (7 if by == "W" else 1)) + 1
        counts.append(np.bincount(index.astype(np.int64), minlength=size).tolist())
    width = 7 if by == "W" else 1
    starts = [_first_day(int(first) + number * width, by) for number in range(len(counts[0]))]
    return [Step(*row) for row in zip(starts, *counts, strict=True)]


def hours(facts: Facts, window: Window, time_zone: str) -> list[int]:
    """Return how many tickets were received in each of the 24 hours of the city's clock, days together."""
    opened = facts.opened[between(facts.opened, window.begin, window.end)]
    local = _local(opened, time_zone)
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(np.int64)
    counts: list[int] = np.bincount(hour, minlength=24).tolist()
    return counts


def _bucket(days: NDArray[np.datetime64], by: str) -> NDArray[np.int64]:
    """Return the number of each day, of the Monday of its week, or of its month."""
    if by == "M":
        return days.astype("datetime64[M]").astype(np.int64)
    number = days.astype(np.int64)
    # 1 January 1970 was a Thursday.
    return number - (number + 3) % 7 if by == "W" else number


def _first_day(number: int, by: str) -> date:
    day: date = np.datetime64(number, "M" if by == "M" else "D").astype("datetime64[D]").item()
    return day


def _local(times: Times, time_zone: str) -> Times:
    """Return times as the clock on the wall shows them."""
    if not len(times):
        return times
    years = times[[np.argmin(times), np.argmax(times)]].astype("datetime64[Y]").astype(int) + 1970
    changes = clock_changes(time_zone, int(years[0]) - 1, int(years[1]) + 1)
    wall: Times = changes.wall(times.astype("datetime64[s]").astype(np.int64)).astype("datetime64[s]")
    return wall
