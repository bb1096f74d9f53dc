"""The promised date: a service's target counted on the city's clock, for one report or a million."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from webapp.catalog.calendars import Calendar, OpenTimes, Seconds, clock_changes, open_times

Clock = Literal["calendar", "business"]
LEVELS = ("low", "normal", "high", "urgent")
"""Of urgency, as tickets have them: a service may promise another time for each."""
Instants = NDArray[np.datetime64]
"""UTC, to the microsecond; NaT where there is none."""

_TARGET = re.compile(r"(\d+(?:\.\d+)?)\s+(business\s+)?(hour|day|week)s?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LONGEST_TARGET_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so many hours of one of the two clocks."""

    hours: float
    clock: Clock


def parse_target(text: str, calendar: Calendar) -> Target:
    """Read ``48 hours``, ``5 days``, ``2 weeks``, ``3 business days`` or ``8 business hours``.

    A day has 24 hours, a business day ``calendar.business_day_hours``, a business week five business days.

    Raises
    ------
    ValueError
        When ``text`` is not like those, or promises nothing or more than ten years.
    """
    match = _TARGET.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"'{text}' is not like '48 hours', '5 days' or '3 business days'")
    amount, business, unit = float(match[1]), bool(match[2]), match[3]
    day = calendar.business_day_hours if business else 24.0
    hours = amount * {"hour": 1.0, "day": day, "week": day * (5 if business else 7)}[unit]
    if not 0 < hours <= LONGEST_TARGET_DAYS * day:
        raise ValueError(f"'{text}' is not between nothing and ten years")
    return Target(hours, "business" if business else "calendar")


def due_at(requested_at: datetime, target_hours: float, clock: Clock, calendar: Calendar) -> datetime:
    """Return when the promise given at ``requested_at`` (with a time zone) falls due: in UTC, to the second.

    On the calendar's clock whole days keep the time on the wall, also over a change to or from summer time;
    hours beyond them are real hours. On the business clock only opening hours count; a report at night, on a
    weekend or on a holiday counts from the next opening.
    """
    if requested_at.tzinfo is None:
        raise ValueError("requested_at has no time zone")
    instant = np.array([(requested_at - _EPOCH) // _MICROSECOND], dtype="datetime64[us]")
    due = due_at_many(instant, np.array([target_hours]), np.array([clock == "business"]), calendar)
    return _EPOCH + timedelta(microseconds=int(due.view(np.int64)[0]))


def resumed(
    due_at: datetime, stopped_at: datetime, resumed_at: datetime, clock: Clock, calendar: Calendar
) -> datetime:
    """Return when a promise falls due whose clock stood still for a while: in UTC.

    It moves on by the time that its clock would have counted: all of it, or the opening hours.
    """
    if clock == "calendar":
        return due_at + max(resumed_at - stopped_at, timedelta())
    ends = np.array([_second(stopped_at), _second(resumed_at), _second(due_at)])
    times = open_times(calendar, _year(ends.min()) - 1, _year(ends.max()) + 1)
    stopped, began, _ = _open_until(times, ends)
    if began <= stopped:
        return due_at
    due = _business_due(ends[2:], (began - stopped).reshape(1), calendar)
    return _EPOCH + timedelta(seconds=int(due[0]))


def part_way_many(
    begin: Instants, end: Instants, share: float, business: NDArray[np.bool_], calendar: Calendar
) -> Instants:
    """Return when a share of the time from ``begin`` to ``end`` has passed on the clock of each promise.

    Parameters
    ----------
    begin, end
        Shape (n,), UTC, without NaT.
    share
        From 0 to 1.
    business
        Shape (n,), whether only opening hours count.

    Returns
    -------
    numpy.ndarray
        Shape (n,), ``datetime64[s]``, UTC.
    """
    begins, ends = (each.astype("datetime64[s]").view(np.int64) for each in (begin, end))
    moments = begins + np.rint((ends - begins) * share).astype(np.int64)
    if business.any():
        first, last = _year(begins[business].min()) - 1, _year(ends[business].max()) + 1
        times = open_times(calendar, first, last)
        opened, closes = (_open_until(times, each[business]) for each in (begins, ends))
        wanted = np.rint((closes - opened) * share).astype(np.int64)
        counted = _business_due(begins[business], np.maximum(wanted, 1), calendar)
        moments[business] = np.where(wanted > 0, counted, begins[business])
    passed: Instants = moments.view("datetime64[s]")
    return passed


def due_at_many(
    requested_at: Instants, target_hours: NDArray[np.float64], business: NDArray[np.bool_], calendar: Calendar
) -> Instants:
    """Return when promises fall due; see `due_at`.

    Parameters
    ----------
    requested_at
        Shape (n,), UTC.
    target_hours
        Shape (n,), hours of the clock; NaN where nothing is promised.
    business
        Shape (n,), whether the business clock counts.
    calendar
        Of the city.

    Returns
    -------
    numpy.ndarray
        Shape (n,), ``datetime64[us]``, UTC; NaT where nothing is promised or the report has no time.
    """
    due = np.full(len(requested_at), "NaT", dtype="datetime64[us]")
    promised = np.isfinite(target_hours) & ~np.isnat(requested_at)
    for count, of_this_clock in ((_calendar_due, promised & ~business), (_business_due, promised & business)):
        if of_this_clock.any():
            requested = requested_at[of_this_clock].astype("datetime64[s]").view(np.int64)
            wanted = np.maximum(np.rint(target_hours[of_this_clock] * 3600).astype(np.int64), 1)
            due[of_this_clock] = count(requested, wanted, calendar).view("datetime64[s]")
    return due


def _calendar_due(requested: Seconds, wanted: Seconds, calendar: Calendar) -> Seconds:
    days, rest = np.divmod(wanted, 86_400)
    first, last = _year(requested.min()), _year((requested + wanted).max())
    changes = clock_changes(calendar.time_zone, first - 1, last + 1)
    on_the_day = np.where(days > 0, changes.instants(changes.wall(requested) + days * 86_400), requested)
    return on_the_day + rest


def _business_due(requested: Seconds, wanted: Seconds, calendar: Calendar) -> Seconds:
    first, last = _year(requested.min()) - 1, _year(requested.max()) + 1
    times = open_times(calendar, first, last)
    used = _open_until(times, requested) + wanted
    while used.max() > times.total:
        last += 1 + int((used.max() - times.total) * (last - first + 1) // max(times.total, 1))
        times = open_times(calendar, first, last)
        used = _open_until(times, requested) + wanted
    index = np.searchsorted(times.open_before, used, side="left") - 1
    due: Seconds = times.opens[index] + used - times.open_before[index]
    return due


def _open_until(times: OpenTimes, instants: Seconds) -> Seconds:
    """Return the open seconds from the first opening to ``instants``."""
    index = np.maximum(np.searchsorted(times.opens, instants, side="right") - 1, 0)
    lengths = times.closes[index] - times.opens[index]
    elapsed: Seconds = times.open_before[index] + np.clip(instants - times.opens[index], 0, lengths)
    return elapsed


def _second(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _year(instant: np.int64) -> int:
    return int(np.datetime64(int(instant), "s").astype("datetime64[Y]").astype(int)) + 1970
