"""Promised dates: examples a person can check, and an oracle that walks the clock minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from webapp.catalog.calendars import Calendar, parse_business_hours
from webapp.catalog.deadlines import due_at, due_at_many, parse_target

BOSTON = Calendar("America/New_York", "Mon-Fri 08:00-17:00", "US", "MA")
CALENDARS = {
    "boston": BOSTON,
    "lunch": Calendar("Europe/Vaduz", "Mon-Thu 08:00-12:00, Mon-Thu 13:30-17:00, Fri 08:00-11:30", "LI"),
    "night": Calendar("America/New_York", "Sat-Sun 00:00-04:00, Wed 22:00-24:00"),
    "half-hour zone": Calendar(
        "Australia/Lord_Howe",
        "Mon-Sun 01:00-03:00",
        own_holidays=MappingProxyType({date(2011, 4, 3): "Fair"}),
    ),
}


def moments(first_year: int, last_year: int) -> st.SearchStrategy[datetime]:
    """Moments of UTC in those years."""
    begin, end = datetime(first_year, 1, 1), datetime(last_year, 12, 31)  # noqa: DTZ001  (hypothesis wants it)
    return st.datetimes(begin, end, timezones=st.just(UTC))


def wall(text: str, calendar: Calendar = BOSTON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.time_zone))


@pytest.mark.parametrize(
    ("requested", "target", "due"),
    [
        ("2026-11-20 16:00", "3 business days", "2026-11-25 16:00"),  # a Friday afternoon
        ("2026-11-25 16:00", "3 business days", "2026-12-01 16:00"),  # over Thanksgiving
        ("2026-11-20 22:30", "1 business day", "2026-11-23 17:00"),  # at night: counts from Monday's opening
        ("2026-11-21 09:00", "8 business hours", "2026-11-23 16:00"),  # on a Saturday
        ("2021-07-02 16:00", "2 business hours", "2021-07-06 09:00"),  # the 4th is a Sunday: kept on Monday
        ("2026-04-20 10:00", "1 business hour", "2026-04-21 09:00"),  # Patriots' Day, in Massachusetts alone
        (
            "2026-11-20 08:00",
            "9 business hours",
            "2026-11-20 17:00",
        ),  # due as the office closes, not on Monday
        ("2026-11-20 16:59", "1 business week", "2026-11-30 16:59"),
        ("2026-10-30 09:15", "5 days", "2026-11-04 09:15"),  # the clock goes back: the same time on the wall
        ("2026-03-06 09:15", "5 days", "2026-03-11 09:15"),  # the clock goes forward
        ("2026-03-07 02:30", "1 day", "2026-03-08 03:30"),  # 02:30 is left out that night
        ("2026-10-31 01:30", "1 day", "2026-11-01 01:30"),  # shown twice: the first of the two
        ("2026-03-07 20:00", "12 hours", "2026-03-08 09:00"),  # hours are real hours
        ("2026-01-31 10:00", "2 weeks", "2026-02-14 10:00"),
        ("2026-11-20 16:00", "1.5 days", "2026-11-22 04:00"),
    ],
)
def test_examples(requested: str, target: str, due: str) -> None:
    promise = parse_target(target, BOSTON)
    assert due_at(wall(requested), promise.hours, promise.clock, BOSTON) == wall(due).astimezone(UTC)


def test_the_second_of_a_repeated_hour_is_the_later_one() -> None:
    first, second = wall("2026-11-01 01:30"), wall("2026-11-01 01:30").replace(fold=1)
    assert due_at(second, 3, "calendar", BOSTON) - due_at(first, 3, "calendar", BOSTON) == timedelta(hours=1)


def test_a_report_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        due_at(datetime(2026, 1, 1), 24, "calendar", BOSTON)  # noqa: DTZ001


def minute_by_minute(requested: datetime, minutes: int, calendar: Calendar) -> datetime:
    """Walk until the office was open for so many minutes."""
    week = parse_business_hours(calendar.business_hours)
    zone = ZoneInfo(calendar.time_zone)
    off = {day for year in (2010, 2011, 2012, 2013) for day in calendar.holidays_of(year)}
    moment, left = requested, minutes
    while left:
        local = moment.astimezone(zone)
        now = local.hour * 60 + local.minute
        working = local.date() not in off
        left -= working and any(opens <= now < closes for opens, closes in week[local.weekday()])
        moment += timedelta(minutes=1)
    return moment


@given(
    name=st.sampled_from(sorted(CALENDARS)),
    requested=moments(2011, 2012),
    minutes=st.integers(1, 5 * 60),
)
@example("night", datetime(2011, 11, 5, 23, tzinfo=UTC), 400)
@example("night", datetime(2012, 3, 10, 23, tzinfo=UTC), 400)
@example("half-hour zone", datetime(2011, 4, 1, tzinfo=UTC), 500)
@example("half-hour zone", datetime(2011, 10, 1, tzinfo=UTC), 300)
@example("boston", datetime(2011, 12, 30, 21, 59, tzinfo=UTC), 700)
def test_business_time_is_the_clock_walked_minute_by_minute(
    name: str, requested: datetime, minutes: int
) -> None:
    calendar = CALENDARS[name]
    requested = requested.replace(second=0, microsecond=0)
    expected = minute_by_minute(requested, minutes, calendar)
    assert due_at(requested, minutes / 60, "business", calendar) == expected


@given(
    requested=moments(1999, 2040),
    days=st.integers(1, 1200),
    name=st.sampled_from(sorted(CALENDARS)),
)
def test_whole_days_keep_the_time_on_the_wall(requested: datetime, days: int, name: str) -> None:
    calendar = CALENDARS[name]
    zone = ZoneInfo(calendar.time_zone)
    requested = requested.replace(microsecond=0)
    expected = (requested.astimezone(zone).replace(fold=0) + timedelta(days=days)).astimezone(UTC)
    assert due_at(requested, days * 24, "calendar", calendar) == expected


@given(
    st.lists(
        st.tuples(
            moments(2005, 2030),
            st.floats(0.01, 2000),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_many_at_once_are_the_same_as_one_by_one(rows: list[tuple[datetime, float, bool]]) -> None:
    instants = np.array([row[0].replace(tzinfo=None) for row in rows], dtype="datetime64[us]")
    hours, business = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    due = due_at_many(instants, hours, business, BOSTON)
    for at, target, by_business, together in zip(*zip(*rows, strict=True), due, strict=True):
        alone = due_at(at, target, "business" if by_business else "calendar", BOSTON)
        assert together.astype("datetime64[s]").item().replace(tzinfo=UTC) == alone


def test_where_nothing_is_promised_there_is_no_date() -> None:
    instants = np.array(["2026-01-05T10:00", "NaT", "2026-01-05T10:00"], dtype="datetime64[us]")
    due = due_at_many(instants, np.array([np.nan, 24.0, 24.0]), np.array([False, True, True]), BOSTON)
    assert np.isnat(due).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "text", ["soon", "3", "-3 days", "0 hours", "9999 days", "2 months", "business days"]
)
def test_a_target_that_promises_nothing_sensible_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_target(text, BOSTON)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("always", "is not like"),
        ("Mon-Fri 17:00-08:00", "does not end later"),
        ("Mon-Fri 08:00-17:75", "does not end later"),
        ("Mon-Fri 08:00-25:00", "does not end later"),
        ("Mon-Foo 08:00-17:00", "not a range of weekdays"),
        ("Mon-Fri 08:00-17:00, Wed 12:00-14:00", "two openings of Wed overlap"),
    ],
)
def test_opening_hours_that_cannot_be_read_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_business_hours(text)


def test_a_business_day_is_as_long_as_the_open_days_are_on_average() -> None:
    assert CALENDARS["lunch"].business_day_hours == pytest.approx((4 * 7.5 + 3.5) / 5)
    assert parse_target("2 business days", BOSTON).hours == 18
