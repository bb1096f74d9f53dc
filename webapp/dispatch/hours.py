"""The time of day in rules: opening hours as in the calendar, or inside and outside of the city's own."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from webapp.catalog.calendars import Calendar, Seconds, clock_changes, open_times, parse_business_hours

INSIDE = "business hours"
OUTSIDE = "outside business hours"
_WEEK = 7 * 24 * 60
_DAY = 24 * 60
# 1970-01-01 was a Thursday; weeks begin on Monday.
_THURSDAY = 3 * _DAY


def check_hours(text: str) -> str:
    """Return the text of a rule's hours, if it can be read.

    Raises
    ------
    ValueError
        When it is neither like ``Mon-Fri 17:00-24:00, Sat-Sun 00:00-24:00`` nor one of the two texts above.
    """
    if text not in (INSIDE, OUTSIDE):
        parse_business_hours(text)
    return text


def holding(text: str, instants: Seconds, calendar: Calendar) -> NDArray[np.bool_]:
    """Say at which instants (shape (n,), seconds of UTC) a rule's hours hold on the city's clock.

    The city's own business hours know its holidays; hours written out are the same every week.
    """
    if not len(instants):
        return np.zeros(0, bool)
    first, last = (_year(instants.min()), _year(instants.max()))
    if text in (INSIDE, OUTSIDE):
        times = open_times(calendar, first - 1, last + 1)
        latest = np.searchsorted(times.opens, instants, side="right") - 1
        inside: NDArray[np.bool_] = (latest >= 0) & (instants < times.closes[np.maximum(latest, 0)])
        return inside if text == INSIDE else ~inside
    walls = clock_changes(calendar.time_zone, first - 1, last + 1).wall(instants)
    return _minutes_of_week(text)[(walls // 60 + _THURSDAY) % _WEEK]


def holds(text: str, at: datetime, calendar: Calendar) -> bool:
    """Say whether a rule's hours hold at a moment (with a time zone)."""
    return bool(holding(text, np.array([int(at.timestamp())]), calendar)[0])


def meet(one: str | None, other: str | None, calendar: Calendar) -> bool:
    """Say whether there is a minute of an ordinary week in which both hold; None holds always."""
    if {one, other} == {INSIDE, OUTSIDE}:
        return False
    return bool((_ordinary_week(one, calendar) & _ordinary_week(other, calendar)).any())


def _ordinary_week(text: str | None, calendar: Calendar) -> NDArray[np.bool_]:
    if text is None or text == OUTSIDE:
        # A holiday may fall on any day: outside business hours is any minute at times.
        return np.ones(_WEEK, bool)
    return _minutes_of_week(calendar.business_hours if text == INSIDE else text)


def _minutes_of_week(text: str) -> NDArray[np.bool_]:
    minutes = np.zeros(_WEEK, bool)
    for day, openings in enumerate(parse_business_hours(text)):
        for opens, closes in openings:
            minutes[day * _DAY + opens : day * _DAY + closes] = True
    return minutes


def _year(instant: np.int64) -> int:
    return datetime.fromtimestamp(int(instant), UTC).year
