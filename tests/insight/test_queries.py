"""Figures are what pandas counts of the same tickets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.tickets import DAYS, FIRST, add_ticket, add_tickets, median_days
from webapp.insight import queries
from webapp.insight.queries import Figures, Scope

ALL_OF_IT = {"begin": FIRST, "end": FIRST + timedelta(days=DAYS)}


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def tickets(demo_session: Session, city: City) -> pd.DataFrame:
    return add_tickets(demo_session, city, 400, seed=1)


def figures(key: str, tickets: pd.DataFrame) -> Figures:
    """Count with pandas."""
    still_open = tickets[tickets.closed_at.isna()]
    return Figures(
        key,
        len(tickets),
        int(tickets.report_count.sum()),
        len(still_open),
        int((pd.to_datetime(still_open.due_at) < datetime.now(UTC)).sum()),
        pytest.approx(median_days(tickets)) if median_days(tickets) is not None else None,
    )


def test_totals(demo_session: Session, city: City, tickets: pd.DataFrame) -> None:
    found = queries.totals(demo_session, Scope(city_id=city.id, **ALL_OF_IT))
    assert found == figures("", tickets)
    assert found.late > 0
    assert found.median_days is not None


def test_each_service(demo_session: Session, city: City, tickets: pd.DataFrame) -> None:
    found = queries.by_service(demo_session, Scope(city_id=city.id, **ALL_OF_IT))
    assert len(found) > 10
    assert {row.key: row for row in found} == {
        str(key): figures(str(key), rows) for key, rows in tickets.groupby("service_id")
    }
    assert [row.tickets for row in found] == sorted((row.tickets for row in found), reverse=True)


@pytest.mark.parametrize("layer", ["neighborhood", "council"])
def test_each_zone(demo_session: Session, city: City, tickets: pd.DataFrame, layer: str) -> None:
    found = queries.by_zone(demo_session, Scope(city_id=city.id, **ALL_OF_IT), layer)
    zone = tickets.zones.map(lambda zones: zones.get(layer, ""))
    assert {row.key: row for row in found} == {key: figures(key, rows) for key, rows in tickets.groupby(zone)}


def test_only_what_is_in_scope(demo_session: Session, city: City, tickets: pd.DataFrame) -> None:
    begin, end = FIRST + timedelta(days=20), FIRST + timedelta(days=60)
    services = [1, 2, 3, 4, 5]
    scope = Scope(city_id=city.id, begin=begin, end=end, district="1", service_ids=services)
    inside = tickets[
        (tickets.opened_at >= begin)
        & (tickets.opened_at < end)
        & (tickets.district == "1")
        & tickets.service_id.isin(services)
    ]
    assert 0 < len(inside) < len(tickets)
    assert queries.totals(demo_session, scope) == figures("", inside)


def test_no_tickets_are_zero_and_no_median(demo_session: Session, city: City) -> None:
    found = queries.totals(demo_session, Scope(city_id=city.id, **ALL_OF_IT))
    assert found == Figures("", 0, 0, 0, 0, None)
    assert queries.by_service(demo_session, Scope(city_id=city.id, **ALL_OF_IT)) == []


@pytest.mark.parametrize(("done_in_days", "still_open", "declined", "median"), [
    ([1, 2, 9], 0, 0, 2),
    ([1, 2, 9, 10], 0, 5, 2),
    ([1, 2], 2, 0, 2),
    ([1, 2], 3, 0, None),
    ([], 0, 3, None),
])  # fmt: skip
def test_unfinished_work_does_not_make_a_service_look_fast(
    demo_session: Session,
    city: City,
    done_in_days: list[int],
    still_open: int,
    declined: int,
    median: float | None,
) -> None:
    for days in done_in_days:
        add_ticket(demo_session, city, "done", days)
    for _ in range(still_open):
        add_ticket(demo_session, city, "assigned", None)
    for _ in range(declined):
        add_ticket(demo_session, city, "declined", 1)
    assert queries.totals(demo_session, Scope(city_id=city.id, **ALL_OF_IT)).median_days == median


def test_a_heatmap_tells_blocks_and_nothing_finer(
    demo_session: Session, city: City, tickets: pd.DataFrame
) -> None:
    points = queries.heat(demo_session, Scope(city_id=city.id, **ALL_OF_IT))
    shown = tickets[tickets.public]
    assert len(shown) < len(tickets)
    expected = shown.groupby([shown.lat.round(3), shown.lon.round(3)]).size()
    assert {(lat, lon): count for lat, lon, count in points} == expected.to_dict()
    still_open = queries.heat(demo_session, Scope(city_id=city.id, **ALL_OF_IT), only_open=True)
    assert sum(point[2] for point in still_open) == int(shown.closed_at.isna().sum())


def test_the_newest_ticket(demo_session: Session, city: City, tickets: pd.DataFrame) -> None:
    assert queries.newest(demo_session, city.id, None) == tickets.opened_at.max()
    assert queries.newest(demo_session, city.id, "1") == tickets[tickets.district == "1"].opened_at.max()
    assert queries.newest(demo_session, city.id, "no such district") is None
