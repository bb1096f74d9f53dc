"""Everything found in one pass equals what GEOS and the single searches find one by one."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import locator
from geo.houses import house_number
from geo.locator import Located, Locator, Reach, Streets, ZoneLayers
from geo.polylines import Polylines
from geo.segments import SegmentIndex
from geo.zones import ZoneIndex

# Whole numbers on a small board: borders, corners, overlaps, equal distances come by themselves.
SPOT = st.tuples(st.integers(0, 12), st.integers(0, 12))
LINES = st.lists(st.lists(SPOT, min_size=2, max_size=4).map(shapely.LineString), min_size=1, max_size=6)
BOX = st.tuples(SPOT, SPOT).map(lambda two: shapely.box(*two[0], *two[1])).filter(lambda box: box.area > 0)
RING = st.tuples(BOX, BOX).map(lambda two: two[0].difference(two[1])).filter(lambda ring: ring.area > 0)
ZONES = st.lists(BOX | RING, min_size=1, max_size=4)
AROUND = st.floats(-5, 17).map(lambda value: round(value, 6))
PINS = st.lists(st.tuples(AROUND, AROUND) | SPOT, min_size=1, max_size=12)
REACH = Reach(segment=4.0, border=1.5, rival=0.5, fallback=0.25)
NUMBERS = np.array([2, 20, 1, 19], np.int32)


def locate(
    lines: list[shapely.LineString],
    layers: list[list[shapely.Geometry]],
    pins: list[tuple[float, float]],
    *,
    city: list[int] | None = None,
    names: list[int] | None = None,
    fallbacks: list[tuple[float, float]] | None = None,
) -> Located:
    counts = [len(layer) for layer in layers]
    made = Locator(
        SegmentIndex(Polylines.from_shapely(lines)),
        Streets(
            np.array(names if names is not None else range(len(lines)), np.int32),
            np.tile(NUMBERS[:, None], (1, len(lines))),
        ),
        ZoneIndex([zone for layer in layers for zone in layer]),
        ZoneLayers(
            np.repeat(np.arange(len(layers)), counts).astype(np.int32),
            (np.cumsum(counts) - counts).astype(np.int32),
            np.array(city or [], np.int32),
            len(layers) - 1,
        ),
        np.array(fallbacks or [], float).reshape(-1, 2),
        REACH,
    )
    return made.locate(made.visit(*np.array(pins, float).T))


@given(lines=LINES, one=ZONES, other=ZONES, pins=PINS)
def test_zones_of_each_layer_and_their_borders_equal_shapely(
    lines: list[shapely.LineString],
    one: list[shapely.Geometry],
    other: list[shapely.Geometry],
    pins: list[tuple[float, float]],
) -> None:
    found = locate(lines, [one, other], pins)
    for layer, zones in enumerate((one, other)):
        for i, pin in enumerate(pins):
            point = shapely.Point(pin)
            inside = [k for k, zone in enumerate(zones) if zone.intersects(point)]
            assert found.zone[layer, i] == (inside[0] if inside else -1)
            way = zones[inside[0]].boundary.distance(point) if inside else math.inf
            if abs(way - REACH.border) > 1e-9:
                near = way < REACH.border
                assert found.border_m[layer, i] == pytest.approx(way if near else math.nan, nan_ok=True)
    near_district = ~np.isnan(found.border_m[1])
    np.testing.assert_array_equal((found.flags & locator.NEAR_BOUNDARY) != 0, near_district)


@given(lines=LINES, zones=ZONES, pins=PINS)
def test_street_side_and_number_are_those_of_the_single_searches(
    lines: list[shapely.LineString], zones: list[shapely.Geometry], pins: list[tuple[float, float]]
) -> None:
    found = locate(lines, [zones], pins)
    polylines = Polylines.from_shapely(lines)
    x, y = np.array(pins, float).T
    alone = SegmentIndex(polylines).nearest(x, y, max_m=REACH.segment)
    length = polylines.lengths[alone.segment]
    number = house_number(alone.fraction, alone.side, length, np.tile(NUMBERS[:, None], (1, len(x))))
    np.testing.assert_array_equal(found.segment, alone.segment)
    np.testing.assert_array_equal(found.side, alone.side)
    np.testing.assert_array_equal(found.snap_m, alone.distance_m)
    np.testing.assert_array_equal((found.snap_x, found.snap_y), (alone.x, alone.y))
    np.testing.assert_array_equal(found.along_m, alone.fraction * length)
    np.testing.assert_array_equal(found.house_number, number)
    np.testing.assert_array_equal((found.flags & locator.FAR_FROM_STREET) != 0, alone.segment < 0)


@given(data=st.data(), lines=LINES, pins=PINS)
def test_the_other_street_is_the_nearest_with_another_name(
    data: st.DataObject, lines: list[shapely.LineString], pins: list[tuple[float, float]]
) -> None:
    names = data.draw(st.lists(st.integers(-1, 2), min_size=len(lines), max_size=len(lines)))
    found = locate(lines, [[shapely.box(0, 0, 1, 1)]], pins, names=names)
    for i, pin in enumerate(pins):
        ways = shapely.distance(lines, shapely.Point(pin))
        own, other = found.segment[i], found.other[i]
        assert bool(found.flags[i] & locator.TWO_STREETS) == (other >= 0)
        if own < 0:
            assert other == -1
            continue
        rivals = [k for k, name in enumerate(names) if name not in (-1, names[own])]
        least = min((ways[k] for k in rivals), default=math.inf)
        # On the rim itself, rounding decides.
        if abs(least - min(ways[own] + REACH.rival, REACH.segment)) > 1e-9:
            assert (other >= 0) == (least < min(ways[own] + REACH.rival, REACH.segment))
        if other >= 0:
            assert other in rivals
            assert ways[other] == pytest.approx(least, abs=1e-9)


@given(lines=LINES, boundary=ZONES, districts=ZONES, pins=PINS)
def test_what_is_not_in_the_city_is_flagged_and_nothing_else(
    lines: list[shapely.LineString],
    boundary: list[shapely.Geometry],
    districts: list[shapely.Geometry],
    pins: list[tuple[float, float]],
) -> None:
    pins = [*pins, (math.nan, 1.0), (1.0, math.inf), (3.0, 3.0)]
    found = locate(lines, [boundary, districts], pins, city=[0, 1], fallbacks=[(3.0, 3.1)])
    for i, pin in enumerate(pins):
        point = shapely.Point(pin) if np.isfinite(pin).all() else shapely.Point()
        if point.distance(shapely.Point(3.0, 3.1)) <= REACH.fallback:
            expected = locator.FALLBACK_POINT
        elif point.is_empty:
            expected = locator.NOT_A_POINT
        else:
            inside = any(zone.intersects(point) for zone in (*boundary, *districts))
            expected = 0 if inside else locator.OUTSIDE
        assert found.flags[i] & locator.UNPLACED == expected
        if expected:
            assert found.flags[i] == expected
            assert (found.segment[i], found.other[i], found.side[i], found.house_number[i]) == (-1, -1, 0, -1)
            assert (found.zone[:, i] == -1).all()
            assert np.isnan([found.snap_m[i], found.along_m[i], *found.border_m[:, i]]).all()


def test_many_pins_and_few_get_the_same_answers() -> None:
    """Many are looked up in another order than given, and by several threads."""
    rng = np.random.default_rng(0)
    lines = [shapely.LineString(line) for line in rng.uniform(0, 12, (9, 3, 2))]
    zones = [shapely.box(1, 1, 7, 7), shapely.box(5, 5, 12, 12)]
    pins = rng.uniform(-1, 13, (30_000, 2)).tolist()
    many = locate(lines, [zones], pins, city=[0])
    assert many.unplaced == np.count_nonzero(many.flags & locator.UNPLACED) > 0
    for start in range(0, 30_000, 6000):
        few = locate(lines, [zones], pins[start : start + 600], city=[0])
        columns = few._asdict()
        assert columns.pop("unplaced") == np.count_nonzero(few.flags & locator.UNPLACED) > 0
        for name, column in columns.items():
            np.testing.assert_array_equal(column, getattr(many, name)[..., start : start + 600])
