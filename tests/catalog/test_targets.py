"""Which of a service's targets holds, alone and among many, and what a city file may say of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import cityfile as files
from tests.dispatch.conftest import service
from tests.layers.town import CITY, write_town
from webapp.catalog import cityfile
from webapp.catalog.calendars import Calendar
from webapp.catalog.deadlines import due_at_many
from webapp.catalog.snapshot import Catalog
from webapp.catalog.targets import TargetEntry, hours_many, in_order, parse_season, seasons_meet
from webapp.config import settings

CHICAGO = Calendar("America/Chicago", "Mon-Fri 08:00-17:00", "US", "IL")


def catalog_with(*targets: TargetEntry) -> Catalog:
    entry = replace(service(1, "snow", "Streets"), target_hours=24.0, targets=in_order(targets))
    return Catalog(1, datetime(2026, 1, 1, tzinfo=UTC), CHICAGO, {}, {}, MappingProxyType({1: entry}))


WINTER = TargetEntry(10, season=(1115, 331))
HILL = TargetEntry(12, districts=("1",))
HILL_IN_WINTER = TargetEntry(8, districts=("1", "2"), season=(1115, 331))
URGENT = TargetEntry(2, priority="urgent")


@pytest.mark.parametrize(
    ("level", "district", "day", "hours"),
    [
        ("normal", None, "2026-07-01", 24),
        ("normal", "1", "2026-07-01", 12),
        ("normal", "3", "2026-01-10", 10),
        ("normal", "1", "2026-01-10", 8),
        ("normal", "2", "2026-11-15", 8),
        ("normal", "2", "2026-11-14", 24),
        ("normal", "2", "2026-03-31", 8),
        ("urgent", "1", "2026-01-10", 2),
        ("high", "1", "2026-01-10", 8),
    ],
)
def test_the_most_specific_target_counts(level: str, district: str | None, day: str, hours: float) -> None:
    at = datetime.fromisoformat(f"{day}T18:00+00:00")
    due = catalog_with(WINTER, HILL, HILL_IN_WINTER, URGENT).due_at(1, at, level, district)
    assert due is not None
    assert (due - at).total_seconds() / 3600 == hours


def test_the_season_goes_by_the_city_s_clock() -> None:
    # 2026-04-01 in London, still the last evening of March in Chicago.
    at = datetime(2026, 4, 1, 3, tzinfo=UTC)
    due = catalog_with(WINTER).due_at(1, at)
    assert due is not None
    assert (due - at).total_seconds() == 10 * 3600


SEASONS = st.sampled_from([None, (1115, 331), (401, 1031), (229, 229), (1231, 101)])
TARGETS = st.lists(
    st.builds(
        TargetEntry,
        hours=st.floats(1, 500),
        priority=st.sampled_from([None, None, "urgent"]),
        districts=st.sampled_from([(), ("1",), ("1", "2")]),
        season=SEASONS,
    ),
    max_size=6,
)
REPORTS = st.lists(
    st.tuples(
        st.datetimes(datetime(2019, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        st.sampled_from([None, "1", "2", "3"]),
    ),
    min_size=1,
    max_size=20,
)


@given(targets=TARGETS, reports=REPORTS)
def test_many_reports_are_promised_what_each_is_alone(
    targets: list[TargetEntry], reports: list[tuple[datetime, str | None]]
) -> None:
    known = catalog_with(*targets)
    at = np.array([report[0].replace(tzinfo=None) for report in reports], "datetime64[us]")
    districts = np.array([report[1] for report in reports], object)
    hours = hours_many(known.services[1].targets, 24.0, districts, at, CHICAGO)
    together = due_at_many(at, hours, np.zeros(len(at), bool), CHICAGO)
    for (moment, district), due in zip(reports, together, strict=True):
        assert due.astype("datetime64[s]").item().replace(tzinfo=UTC) == known.due_at(
            1, moment, "normal", district
        )


@given(one=SEASONS, other=SEASONS)
def test_seasons_meet_where_they_have_a_day_in_common(
    one: tuple[int, int] | None, other: tuple[int, int] | None
) -> None:
    days = [date.fromordinal(date(2024, 1, 1).toordinal() + k) for k in range(366)]
    holding = [
        {day for day in days if TargetEntry(1, season=season).holds("normal", None, day)}
        for season in (one, other)
    ]
    assert seasons_meet(one, other) == bool(holding[0] & holding[1])


@pytest.mark.parametrize("text", ["winter", "11-15", "13-01 to 02-01", "02-30 to 03-01", "11-15 to 3-31"])
def test_a_season_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        parse_season(text)


TOWN = """
[[departments]]
code = "works"
name = "Works"
[[crews]]
code = "all"
name = "All"
department = "works"
[[services]]
code = "snow"
name = "Snow"
department = "works"
target = "24 hours"
targets = [ { season = "11-15 to 03-31", target = "12 hours" }, { districts = 1, target = "8 hours" } ]
"""


@pytest.fixture
def findings(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Say what is wrong with this catalog in a town of two districts."""

    def check(text: str) -> list[str]:
        document, _ = files.read(write_town(tmp_path, city=CITY + text), settings())
        assert document is not None
        return [f"{found.level}: {found.message}" for found in cityfile.check(document)]

    return check


def test_mistakes_in_targets_are_told(findings) -> None:  # type: ignore[no-untyped-def]
    assert findings(TOWN) == []
    assert 'names the district "9"' in findings(TOWN.replace("districts = 1", "districts = 9"))[0]
    assert "is not like '11-15 to 03-31'" in findings(TOWN.replace("11-15 to 03-31", "winter"))[0]
    assert "all of them the same clock" in findings(TOWN.replace('"8 hours"', '"1 business day"'))[0]
    assert "it needs priority, districts or season" in findings(TOWN.replace("districts = 1, ", ""))[0]
    (tie,) = findings(TOWN.replace("districts = 1", 'season = "12-24 to 12-31"'))
    assert tie.startswith('warning: Two targets of services "snow" are equally specific')
