"""The time of day in rules: on the wall of the city, with its holidays, alone and among many."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.atlas import Atlas
from tests.dispatch.conftest import lonlat
from webapp.catalog.calendars import Calendar
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.assignment import Assigner
from webapp.dispatch.conflicts import conflicts
from webapp.dispatch.hours import INSIDE, OUTSIDE, check_hours, holding, holds, meet
from webapp.dispatch.rules import RuleEntry
from webapp.dispatch.sections import RuleRow

CHICAGO = Calendar("America/Chicago", "Mon-Fri 08:00-17:00", "US", "IL")
NIGHT = "Mon-Fri 17:00-24:00, Mon-Fri 00:00-08:00, Sat-Sun 00:00-24:00"


@pytest.mark.parametrize(
    ("text", "wall", "expected"),
    [
        (INSIDE, "2026-04-22 08:00", True),
        (INSIDE, "2026-04-22 17:00", False),
        (INSIDE, "2026-04-25 12:00", False),
        (INSIDE, "2026-07-03 12:00", False),  # Independence Day, kept on Friday
        (OUTSIDE, "2026-07-03 12:00", True),
        (NIGHT, "2026-07-03 12:00", False),  # hours written out know no holidays
        (NIGHT, "2026-04-22 23:59", True),
        (NIGHT, "2026-04-23 07:59", True),
        ("Sun 02:00-03:00", "2026-03-08 03:30", False),  # 02:00 is left out that night
        ("Sun 01:00-02:00", "2026-11-01 01:30", True),
    ],
)
def test_hours_are_those_on_the_wall(text: str, wall: str, expected: bool) -> None:
    at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("America/Chicago"))
    assert holds(text, at, CHICAGO) == expected


@given(
    text=st.sampled_from([INSIDE, OUTSIDE, NIGHT, "Wed 12:00-13:00"]),
    moments=st.lists(
        st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        max_size=20,
    ),
)
def test_many_at_once_are_the_same_as_one_by_one(text: str, moments: list[datetime]) -> None:
    together = holding(text, np.array([int(moment.timestamp()) for moment in moments], np.int64), CHICAGO)
    assert together.tolist() == [holds(text, moment, CHICAGO) for moment in moments]


@pytest.mark.parametrize("text", ["at night", "Mon-Fri 17:00-08:00", "business"])
def test_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|does not"):
        check_hours(text)


def test_who_works_at_night_does_so_in_every_area(atlas: Atlas, catalog: Catalog) -> None:
    rules = [
        RuleEntry(1, service_group="Streets", layer="half", zone="east", crew_id=2),
        RuleEntry(2, service_group="Streets", hours="Mon-Sun 18:00-24:00", crew_id=1),
        RuleEntry(3, service_group="Streets", street_owner="County", owner="Alder County"),
    ]
    lon, lat = lonlat(800, 490)
    places = atlas.locate([lon, lon], [lat, lat])
    at = np.array(["2026-04-22T12:00", "2026-04-22T19:00"], "datetime64[us]")
    by_day, by_night = (Assigner(catalog, rules).assign_many([1, 1], places, at)[i] for i in (0, 1))
    assert (by_day.crew_id, by_night.crew_id) == (2, 1)
    assert by_night.why == "Pothole reported Mon-Sun 18:00-24:00 goes to West Crew (rule 2)"
    # A road of somebody else is theirs at night too.
    lon, lat = lonlat(800, 110)
    evening = datetime(2026, 4, 22, 19, tzinfo=UTC)
    assert Assigner(catalog, rules).assign(1, atlas.locate([lon], [lat]), evening).owner == "Alder County"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (INSIDE, OUTSIDE, False),
        (INSIDE, "Sat 09:00-12:00", False),
        (INSIDE, "Mon 16:00-18:00", True),
        (OUTSIDE, "Mon 09:00-10:00", True),  # on a holiday
        ("Mon 08:00-12:00", "Mon 12:00-13:00", False),
        (None, "Mon 08:00-12:00", True),
    ],
)
def test_hours_meet_where_both_can_hold(one: str | None, other: str, expected: bool) -> None:
    assert meet(one, other, CHICAGO) == expected


def test_rules_that_differ_in_their_hours_alone_are_told_where_these_meet() -> None:
    def rule(hours: str, crew: str) -> RuleRow:
        return RuleRow(group="Streets", hours=hours, crew=crew)

    apart = [(1, rule(INSIDE, "day")), (2, rule(OUTSIDE, "night"))]
    assert conflicts(apart, {}, CHICAGO) == []
    (tie,) = conflicts([*apart, (3, rule("Sat 09:00-12:00", "market"))], {}, CHICAGO)
    assert (tie.kind, tie.number, tie.about["earlier"]) == ("hours", 3, 2)
