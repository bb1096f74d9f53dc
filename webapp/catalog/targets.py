"""Which target of a service holds: by priority, district and season, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from webapp.catalog.calendars import Calendar, clock_changes
from webapp.catalog.deadlines import Instants

_SEASON = re.compile(r"(\d\d)-(\d\d) to (\d\d)-(\d\d)", re.ASCII)
_LEAP_YEAR = 2024

Season = tuple[int, int]
"""First and last day of a part of the year, both included, each as 100 times the month plus the day."""


def parse_season(text: str) -> Season:
    """Read ``11-15 to 03-31``: a part of each year by month and day, which may go over its end.

    Raises
    ------
    ValueError
        When ``text`` is not like that.
    """
    match = _SEASON.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not like '11-15 to 03-31'")
    numbers = [int(number) for number in match.groups()]
    for month, day in (numbers[:2], numbers[2:]):
        try:
            date(_LEAP_YEAR, month, day)
        except ValueError:
            raise ValueError(f"'{month:02}-{day:02}' in '{text}' is no day of a year") from None
    return numbers[0] * 100 + numbers[1], numbers[2] * 100 + numbers[3]


def seasons_meet(one: Season | None, other: Season | None) -> bool:
    """Say whether two seasons have a day in common; None is the whole year."""
    if one is None or other is None:
        return True
    # Of two that meet, one begins within the other.
    return bool(_in_season(np.array(one[0]), other)) or bool(_in_season(np.array(other[0]), one))


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """A target that holds only for some tickets of its service. A condition left out holds for all."""

    hours: float
    """On the clock of the service's target."""
    priority: str | None = None
    """Low, high or urgent."""
    districts: tuple[str, ...] = ()
    """Zone ids of the city's districts."""
    season: Season | None = None
    """By the day of the report on the city's clock."""

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """How narrow it is; the greater wins."""
        return self.priority is not None, bool(self.districts), self.season is not None

    def holds(self, level: str, district: str | None, day: date) -> bool:
        """Say whether it holds for a ticket of that priority and district, reported on that day."""
        return (
            self.priority in (None, level)
            and (not self.districts or district in self.districts)
            and (self.season is None or bool(_in_season(np.array(day.month * 100 + day.day), self.season)))
        )


def in_order(targets: Sequence[TargetEntry]) -> tuple[TargetEntry, ...]:
    """Return targets, the most specific first; of equals the one that came first."""
    return tuple(sorted(targets, key=lambda target: target.specificity, reverse=True))


def hours_many(
    targets: Sequence[TargetEntry],
    default: float | None,
    districts: NDArray[np.object_],
    requested_at: Instants,
    calendar: Calendar,
) -> NDArray[np.float64]:
    """Return the target of each of n reports of one service, of normal priority.

    Parameters
    ----------
    targets
        In the order of `in_order`.
    default
        Hours where none holds; None: nothing is promised.
    districts
        Shape (n,): zone ids, or None.
    requested_at
        Shape (n,), UTC, without NaT.

    Returns
    -------
    numpy.ndarray
        Shape (n,), hours; NaN where nothing is promised.
    """
    hours = np.full(len(requested_at), np.nan if default is None else default)
    days = _days(requested_at, calendar) if any(target.season for target in targets) else None
    for target in reversed(targets):
        if target.priority is not None:
            continue
        holding = np.ones(len(hours), bool)
        if target.districts:
            holding &= np.isin(districts, target.districts)
        if target.season is not None and days is not None:
            holding &= _in_season(days, target.season)
        hours[holding] = target.hours
    return hours


def _in_season(days: NDArray[np.int64], season: Season) -> NDArray[np.bool_]:
    first, last = season
    inside: NDArray[np.bool_] = (days >= first) & (days <= last)
    return inside if first <= last else (days >= first) | (days <= last)


def _days(instants: Instants, calendar: Calendar) -> NDArray[np.int64]:
    """Return the day of the year on the city's clock, as 100 times the month plus the day."""
    if not len(instants):
        return np.zeros(0, np.int64)
    years = instants.astype("datetime64[Y]").astype(np.int64) + 1970
    changes = clock_changes(calendar.time_zone, int(years.min()) - 1, int(years.max()) + 1)
    walls = changes.wall(instants.astype("datetime64[s]").view(np.int64)).view("datetime64[s]")
    months = walls.astype("datetime64[M]")
    day = (walls.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    found: NDArray[np.int64] = (months.astype(np.int64) % 12 + 1) * 100 + day
    return found
