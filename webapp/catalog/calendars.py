"""When a city works: opening hours, public holidays, its own days off, and the local clock with its jumps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.int64]
"""Seconds since 1970-01-01, of UTC or, where a name says ``wall``, of the local clock on the wall."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENTRY = re.compile(r"(\w{3})(?:\s*-\s*(\w{3}))?\s+(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", re.ASCII)

Opening = tuple[int, int]
"""From, to, in minutes of the local clock since midnight."""


def parse_business_hours(text: str) -> tuple[tuple[Opening, ...], ...]:
    """Read hours such as ``Mon-Fri 08:00-17:00, Sat 09:00-12:00``.

    Returns
    -------
    tuple
        For each weekday from Monday: its openings in order.

    Raises
    ------
    ValueError
        Naming the entry that cannot be read, or openings that overlap.
    """
    week: list[list[Opening]] = [[] for _ in WEEKDAYS]
    for entry in text.split(","):
        match = _ENTRY.fullmatch(entry.strip())
        if match is None:
            raise ValueError(f"'{entry.strip()}' is not like 'Mon-Fri 08:00-17:00'")
        first, last, *numbers = match.groups()
        from_hour, from_minute, to_hour, to_minute = map(int, numbers)
        opens, closes = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if max(from_minute, to_minute) > 59 or not opens < closes <= 24 * 60:
            raise ValueError(f"'{entry.strip()}' does not end later than it begins, within one day")
        for day in _days(first, last or first):
            week[day].append((opens, closes))
    for day, openings in enumerate(week):
        openings.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(openings)):
            raise ValueError(f"two openings of {WEEKDAYS[day].title()} overlap")
    return tuple(tuple(openings) for openings in week)


def _days(first: str, last: str) -> Iterator[int]:
    try:
        begin, end = WEEKDAYS.index(first.lower()), WEEKDAYS.index(last.lower())
    except ValueError:
        raise ValueError(f"'{first}-{last}' is not a range of weekdays such as Mon-Fri") from None
    for step in range((end - begin) % 7 + 1):
        yield (begin + step) % 7


@dataclass(frozen=True)
class Calendar:
    """The clock and the working times of one city.

    Without ``country`` there are no public holidays; ``own_holidays`` are the city's own, beyond those.
    """

    time_zone: str = "UTC"
    business_hours: str = "Mon-Fri 08:00-17:00"
    country: str | None = None
    subdivision: str | None = None
    own_holidays: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))

    def __hash__(self) -> int:
        days = tuple(sorted(self.own_holidays.items()))
        return hash((self.time_zone, self.business_hours, self.country, self.subdivision, days))

    def holidays_of(self, year: int) -> dict[date, str]:
        """Return the days off of ``year`` with their names."""
        found: dict[date, str] = {}
        if self.country is not None:
            found.update(holidays.country_holidays(self.country, subdiv=self.subdivision, years=year))
        found.update({day: name for day, name in self.own_holidays.items() if day.year == year})
        return found

    @property
    def business_day_hours(self) -> float:
        """Hours that one business day stands for: the mean of the weekdays that are open at all."""
        lengths = [
            sum(closes - opens for opens, closes in openings)
            for openings in parse_business_hours(self.business_hours)
            if openings
        ]
        return sum(lengths) / len(lengths) / 60


@dataclass(frozen=True)
class OpenTimes:
    """The openings of some years in order, as seconds of UTC, and how long the city was open before each."""

    opens: Seconds
    closes: Seconds
    open_before: Seconds
    """Open seconds from the first opening to the beginning of this one."""

    @property
    def total(self) -> int:
        """Open seconds altogether."""
        return int(self.open_before[-1] + self.closes[-1] - self.opens[-1])


@lru_cache(maxsize=64)
def open_times(calendar: Calendar, first_year: int, last_year: int) -> OpenTimes:
    """Return the openings of ``calendar`` from the first day of one year to the last day of another.

    An hour that a change of the clock leaves out is not open; one that it repeats is open twice.
    """
    week = parse_business_hours(calendar.business_hours)
    closed = {day for year in range(first_year, last_year + 1) for day in calendar.holidays_of(year)}
    zone = ZoneInfo(calendar.time_zone)
    openings: list[tuple[int, int]] = []
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        if day not in closed:
            for opens, closes in week[day.weekday()]:
                begin, end = _instant(day, opens, zone), _instant(day, closes, zone)
                if begin < end:
                    openings.append((begin, end))
        day += timedelta(days=1)
    begins, ends = np.array(openings, dtype=np.int64).reshape(-1, 2).T
    lengths = ends - begins
    return OpenTimes(begins, ends, np.cumsum(lengths) - lengths)


def _instant(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Return the second of UTC at which the wall clock of ``zone`` first shows that time of ``day``."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return int(wall.replace(tzinfo=zone).timestamp())


@dataclass(frozen=True)
class ClockChanges:
    """The offsets of a time zone from UTC, and when they change."""

    changes: Seconds
    """Instants of UTC, ascending."""
    offsets: Seconds
    """Wall clock minus UTC: before the first change, and after each."""

    def wall(self, instants: Seconds) -> Seconds:
        """Return what the wall clock shows at ``instants`` of UTC."""
        return instants + self.offsets[np.searchsorted(self.changes, instants, side="right")]

    def instants(self, walls: Seconds) -> Seconds:
        """Return when the wall clock shows ``walls``.

        A time shown twice means the first of the two; a time that is left out counts on from before the
        change (PEP 495 with ``fold=0``).
        """
        until = self.changes + np.maximum(self.offsets[:-1], self.offsets[1:])
        return walls - self.offsets[np.searchsorted(until, walls, side="right")]


@lru_cache(maxsize=64)
def clock_changes(time_zone: str, first_year: int, last_year: int) -> ClockChanges:
    """Return the changes of the clock in ``time_zone`` over those years."""
    zone = ZoneInfo(time_zone)

    def offset(instant: int) -> int:
        shift = datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
        return int((shift or timedelta()).total_seconds())

    begin = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    changes: list[int] = []
    offsets = [offset(begin)]
    for day in range(begin, end, 86_400):
        low, high = day, day + 86_400
        if offset(high) == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        changes.append(high)
        offsets.append(offset(high))
    return ClockChanges(np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64))
