"""Forecasts: what is known of a series is used, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.reports import add_reports
from webapp.catalog.queries import catalog
from webapp.insight import expected, forecast, forecasting
from webapp.insight.changes import changes
from webapp.insight.checking import checked
from webapp.insight.counting import ALL, Daily, daily
from webapp.insight.unusual import unusual
from webapp.insight.watch_models import Forecast

RANDOM = np.random.default_rng(4)
CALM = RANDOM.poisson(100, 60).astype(float)
YEARS = RANDOM.poisson(60 + 40 * np.sin(np.arange(156) * 2 * np.pi / 52)).astype(float)


def test_a_calm_series_goes_on_as_it_was_within_a_band() -> None:
    found = forecast.expect(CALM[:40])
    assert found.method == "level"
    assert found.expected == pytest.approx(np.full(8, 100), rel=0.1)
    assert (found.low < found.expected).all()
    assert (found.high > found.expected).all()
    assert (np.diff(found.high - found.low) > 0).all()


def test_four_in_five_weeks_fall_into_the_band() -> None:
    series = RANDOM.poisson(40, (60, 30)).astype(float)
    inside = [
        found.low[0] <= counts[-1] <= found.high[0]
        for counts in series
        if (found := forecast.expect(counts[:-1], 1))
    ]
    assert 0.7 <= np.mean(inside) <= 0.92


@pytest.mark.parametrize("counts", [np.full(7, 50.0), np.full(30, 0.5), np.zeros(0)])
def test_too_few_weeks_or_reports_make_no_forecast(counts: np.ndarray) -> None:
    assert forecast.expect(counts).method == "none"
    assert forecast.tested(counts).tests == 0
    assert forecast.check(counts) is None


def test_a_storm_does_not_carry_on() -> None:
    stormy = CALM[:30].copy()
    stormy[-1] = 900
    assert forecast.expect(stormy).expected[0] < 130


def test_seasons_are_known_after_two_years_and_beat_the_year_before() -> None:
    assert forecast.expect(YEARS[:103]).method == "level"
    found = forecast.check(YEARS)
    assert forecast.expect(YEARS).method == "seasons"
    assert found is not None
    assert found.forecasts == 36
    assert found.relative < 1


def test_the_naive_forecast_repeats_the_year_or_the_last_week() -> None:
    assert forecast.naive(YEARS).tolist() == YEARS[-52:-44].tolist()
    assert forecast.naive(CALM[:20]).tolist() == [CALM[19]] * 8


def test_no_forecast_knows_the_weeks_that_it_is_judged_on() -> None:
    changed = CALM.copy()
    changed[-1] += 1000
    plain, other = forecast.check(CALM), forecast.check(changed)
    assert plain is not None
    assert other is not None
    # Each of the eight forecasts of the last week is off by about as much more, the others by nothing.
    assert other.error - plain.error == pytest.approx(1000 * 8 / 36, rel=0.05)
    assert other.scale == plain.scale
    actual, last = CALM[-12:], [forecast.expect(CALM[:known], 1).expected[0] for known in range(48, 60)]
    assert forecast.tested(CALM).error == pytest.approx(np.abs(actual - last).mean())


@pytest.mark.shared
def test_boston_is_forecast_better_than_the_naive_for_most_groups(shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "boston" / "reports_2011h2.parquet", columns=["open_dt", "reason"])
    opened = pd.to_datetime(table.open_dt)
    whole = table[(opened >= "2011-07-04") & (opened < "2011-12-26")]
    weeks = whole.groupby(["reason", opened.dt.to_period("W-SUN")]).size().unstack(fill_value=0)
    found = [each for counts in weeks.to_numpy(float) if (each := forecast.check(counts))]
    assert weeks.shape[1] == 25
    assert len(found) == 20
    assert sum(each.relative < 1 for each in found) == 15
    assert sum(each.mase < 1 for each in found) == 12


def test_days_far_from_their_kind_are_unusual() -> None:
    days = RANDOM.poisson(np.tile([20, 20, 20, 20, 20, 5, 5], 16))
    days[-3], days[-10] = 60, 20
    # 20 is much for a weekend, and usual on a weekday.
    days[-8] = 20
    assert [place for place, _usual in unusual(days, 14)] == [len(days) - 8, len(days) - 3]
    assert list(unusual(days[:56], 56)) == []


def test_three_things_that_changed_most_and_none_by_chance() -> None:
    series = {("calm", ALL): np.full(70, 10), ("few", ALL): np.zeros(70, int), (ALL, ALL): np.full(70, 10)}
    series |= {(f"up {place}", ALL): np.full(70, 10) for place in range(4)}
    for place in range(4):
        series[f"up {place}", ALL][-7:] = 20 + place
    series["few", ALL][-7:] = 1
    found = changes(Daily(date(2026, 1, 5), series))
    assert [(each.group, each.reports, round(each.usual)) for each in found] == [
        ("up 3", 161, 70), ("up 2", 154, 70), ("up 1", 147, 70),
    ]  # fmt: skip


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


MONDAY = datetime(2026, 1, 5, 15, tzinfo=UTC)


@pytest.fixture
def weeks(demo_session: Session, city: City) -> list[str]:
    """Ten whole weeks of reports in two groups and districts, between two that are not whole."""
    services = {service.group: service for service in catalog(demo_session, city).active}
    first, second, *_ = sorted(services)
    moments = [MONDAY + timedelta(days=day, hours=hour) for day in range(-2, 73) for hour in range(3)]
    add_reports(demo_session, city, services[first], moments, district="1")
    add_reports(demo_session, city, services[second], moments[::3])
    return [first, second]


def test_whole_weeks_of_the_citys_days_are_counted(
    demo_session: Session, city: City, weeks: list[str]
) -> None:
    known = daily(demo_session, city)
    first, second = weeks
    assert (known.first, known.end) == (date(2026, 1, 5), date(2026, 3, 16))
    assert known.weeks((first, ALL)).tolist() == known.weeks((first, "1")).tolist() == [21] * 10
    assert known.weeks((second, ALL)).tolist() == [7] * 10
    assert known.weeks((ALL, ALL)).tolist() == [28] * 10
    assert set(known.series) == {(first, ALL), (first, "1"), (second, ALL), (ALL, ALL), (ALL, "1")}


def test_forecasts_are_kept_with_their_method_and_made_once_a_week(
    demo_session: Session, city: City, weeks: list[str]
) -> None:
    assert forecasting.make(demo_session, city) == 5
    assert forecasting.make(demo_session, city) == 0
    kept = expected.forecasts(demo_session, city.id, "1")
    assert [each.group for each in kept] == [ALL, weeks[0]]
    row = kept[1]
    assert (row.method, row.weeks_known, row.first_week) == ("level", 10, date(2026, 3, 16))
    assert [(week.monday, round(week.expected), week.before) for week in expected.weeks(row)] == [
        (date(2026, 3, 16) + timedelta(weeks=place), 21, None) for place in range(8)
    ]
    assert (row.tests, row.error, row.inside) == (2, pytest.approx(0), 2)
    services = {service.group: service for service in catalog(demo_session, city).active}
    add_reports(demo_session, city, services[weeks[0]], [MONDAY + timedelta(days=78)])
    assert forecasting.make(demo_session, city) == 5
    assert set(demo_session.scalars(select(Forecast.first_week))) == {date(2026, 3, 23)}


def test_the_check_says_where_a_forecast_is_no_better(
    demo_session: Session, city: City, weeks: list[str]
) -> None:
    lines = list(checked(demo_session, city))
    assert "too few reports or weeks" in lines[2]
    assert lines[-1].startswith("0 of 0 groups")
