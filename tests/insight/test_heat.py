"""Where tickets are, and never where one is."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.projection import projection
from tests.insight.made_facts import made
from webapp.insight import heat
from webapp.insight.heat import BLOCK_DEGREES, FEWEST, PRIVATE_WIDTH_M, Blocks, blocks, months, spots

METRIC = projection(26986)
degrees = st.tuples(st.floats(-80, 80), st.floats(-180, 180))


def unpacked(step: float, packed: list[int]) -> list[tuple[float, float, int]]:
    row = column = 0
    found = []
    for down, across, tickets in np.reshape(packed, (-1, 3)).tolist():
        row, column = row + down, column + across
        found.append((row * step, column * step, tickets))
    return found


@given(st.lists(degrees, max_size=30))
def test_each_point_counts_in_the_block_around_it(points: list[tuple[float, float]]) -> None:
    lat, lon = np.array(points, float).reshape(-1, 2).T
    found = blocks(lat, lon)
    told = unpacked(found.step, found.packed())
    assert sum(each[2] for each in told) == len(points)
    for point in points:
        near = [
            each for each in told if np.abs(np.subtract(each[:2], point)).max() <= BLOCK_DEGREES * 0.500001
        ]
        assert near


def test_private_services_are_shown_by_hexagons_and_only_where_they_are_several() -> None:
    random = np.random.default_rng(2)
    x = np.concatenate([np.full(7, 236_000.0), np.full(4, 240_000.0), np.full(3, 244_000.0)])
    y = np.concatenate([np.full(7, 900_000.0), np.full(4, 903_000.0), np.full(3, 906_000.0)])
    lon, lat = METRIC.to_lonlat(x + random.normal(0, 10, 14), y + random.normal(0, 10, 14))
    facts = made(14, lon=lon.astype(np.float32), lat=lat.astype(np.float32))
    public = np.arange(14) >= 11
    shown, shown_lat, shown_lon = spots(facts, public, METRIC)
    assert shown.id.tolist() == [1, 2, 3, 4, 5, 6, 7, 12, 13, 14]
    private = {*zip(shown_lat[:7].tolist(), shown_lon[:7].tolist(), strict=True)}
    assert len(private) == 1
    assert FEWEST == 5
    middle = METRIC.to_metric(*reversed(private.pop()))
    assert np.hypot(middle[0] - 236_000, middle[1] - 900_000) < PRIVATE_WIDTH_M / np.sqrt(3) + 40
    assert shown_lat[7:] == pytest.approx(lat[11:], abs=1e-5)


def test_tickets_without_a_place_are_nowhere() -> None:
    shown, lat, lon = spots(made(5), np.ones(5, np.bool_), METRIC)
    assert (len(shown), len(lat), len(lon)) == (0, 0, 0)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_months_are_those_of_the_city_s_calendar(zone: str) -> None:
    opened = np.array(["2025-12-31T18:29", "2025-12-31T18:31", "2026-01-01T04:59", "2026-01-01T05:01",
                       "2026-03-01T05:00"], "datetime64[us]")  # fmt: skip
    local = {
        "America/New_York": [12, 12, 12, 1, 3],
        "Asia/Kolkata": [12, 1, 1, 1, 3],
        "UTC": [12, 12, 1, 1, 3],
    }
    found = months(opened, np.full(5, 42.0), np.arange(5.0), zone)
    told = [month.first.month for month in found for _ in range(int(month.blocks.tickets.sum()))]
    assert told == local[zone]
    assert [month.first for month in found] == [
        date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
    ]  # fmt: skip
    assert months(opened[:0], opened[:0].astype(float), opened[:0].astype(float), zone) == []


def test_many_blocks_in_many_months_are_made_coarser_until_they_can_be_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heat, "MOST_BLOCKS_IN_TIME", 300)
    facts, random = made(2000), np.random.default_rng(3)
    found = months(facts.opened, 42 + random.random(2000) / 10, -71 + random.random(2000) / 10, "UTC")
    assert len({month.blocks.step for month in found}) == 1
    assert found[0].blocks.step > BLOCK_DEGREES
    assert sum(len(month.blocks.row) for month in found) <= 300
    assert sum(int(month.blocks.tickets.sum()) for month in found) == 2000


def test_blocks_of_the_whole_globe_keep_apart() -> None:
    found = blocks(np.array([-80.0, 80.0]), np.array([180.0, -180.0]))
    assert isinstance(found, Blocks)
    assert unpacked(found.step, found.packed()) == [(-80.0, 180.0, 1), (80.0, -180.0, 1)]
