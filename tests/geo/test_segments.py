"""The nearest segment, against brute force over every edge."""

import math
import os
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.polylines import Polylines
from geo.segments import NearestSegments, SegmentIndex

# Whole numbers on a small board: shared nodes, equal distances, parallel and doubled streets come by themselves.
SPOT = st.tuples(st.integers(0, 8), st.integers(0, 8))
LINE = st.lists(SPOT, min_size=2, max_size=6).map(shapely.LineString)
PART = LINE.filter(lambda line: line.length > 0)
STREET = LINE | st.lists(PART, min_size=2, max_size=3).map(shapely.MultiLineString)
STREETS = st.lists(STREET, min_size=1, max_size=7)
# To the micrometre: below that, the square of a distance may vanish.
AROUND = st.floats(-6, 14).map(lambda value: round(value, 6))
PINS = st.lists(st.tuples(AROUND, AROUND) | SPOT, min_size=1, max_size=12)


def random_city(rng: np.random.Generator, count: int, extent: float) -> list[shapely.LineString]:
    """Crooked lines of two to six vertices, thrown over a square."""
    starts = rng.uniform(0, extent, (count, 1, 2))
    steps = rng.normal(0, extent / np.sqrt(count) / 2, (count, 5, 2)).cumsum(axis=1)
    lengths = rng.integers(2, 7, count)
    points = np.concatenate([starts, starts + steps], axis=1)
    return [shapely.LineString(line[:k]) for line, k in zip(points, lengths, strict=True)]


def every_distance(lines: list[shapely.Geometry], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The distance of every pin (row) to every line (column), by GEOS."""
    return shapely.distance(shapely.points(x, y)[:, None], np.array(lines, dtype=object)[None, :])


@given(streets=STREETS, pins=PINS, max_m=st.sampled_from([0.5, 3.0, 100.0]))
def test_nearest_and_runner_up_equal_brute_force(
    streets: list[shapely.Geometry], pins: list[tuple[float, float]], max_m: float
) -> None:
    x, y = np.array(pins, float).T
    found = SegmentIndex(Polylines.from_shapely(streets)).nearest(x, y, max_m=max_m)
    distances = every_distance(streets, x, y)
    for i, row in enumerate(distances):
        order = np.sort(row)
        assert_found(found.segment[i], found.distance_m[i], row, order[0], max_m)
        second = order[1] if len(order) > 1 else math.inf
        assert_found(found.other[i], found.other_distance_m[i], row, second, max_m)
        assert found.segment[i] != found.other[i] or found.segment[i] == -1


def assert_found(segment: int, distance: float, row: np.ndarray, expected: float, max_m: float) -> None:
    if abs(expected - max_m) < 1e-9:
        return  # On the rim itself, rounding decides.
    if expected > max_m:
        assert segment == -1
        assert math.isnan(distance)
    else:
        assert distance == pytest.approx(expected, abs=1e-12)
        assert row[segment] == pytest.approx(expected, abs=1e-12)


@given(streets=st.lists(LINE, min_size=1, max_size=7), pins=PINS)
def test_ties_at_a_shared_node_go_to_the_lowest_segment(
    streets: list[shapely.LineString], pins: list[tuple[float, float]]
) -> None:
    """Streets that share the nearest vertex are equally near, to the last bit."""
    x, y = np.array(pins, float).T
    found = SegmentIndex(Polylines.from_shapely(streets)).nearest(x, y, max_m=100.0)
    for i, segment in enumerate(found.segment):
        spot = (found.x[i], found.y[i])
        sharing = [k for k, street in enumerate(streets) if spot in street.coords]
        if spot in streets[segment].coords:
            assert segment == min(sharing)
            assert len(sharing) == 1 or found.other_distance_m[i] == found.distance_m[i]


@given(streets=STREETS, pins=PINS)
def test_snapped_point_fraction_and_distance_agree(
    streets: list[shapely.Geometry], pins: list[tuple[float, float]]
) -> None:
    x, y = np.array(pins, float).T
    polylines = Polylines.from_shapely(streets)
    found = SegmentIndex(polylines).nearest(x, y, max_m=100.0)
    np.testing.assert_allclose(np.hypot(found.x - x, found.y - y), found.distance_m, atol=1e-9)
    assert ((found.fraction >= 0) & (found.fraction <= 1)).all()
    at_x, at_y = polylines.interpolate(found.segment, found.fraction)
    # Where a part ends, the next one begins at the same fraction: the place is one of the two.
    jumps = np.array([shapely.get_num_geometries(streets[segment]) > 1 for segment in found.segment])
    np.testing.assert_allclose(at_x[~jumps], found.x[~jumps], atol=1e-9)
    np.testing.assert_allclose(at_y[~jumps], found.y[~jumps], atol=1e-9)


def sector_side(line: shapely.LineString, pin: tuple[float, float], spot: tuple[float, float]) -> int | None:
    """The side from which the way to the nearest vertex arrives: an oracle by angles. None where it is a toss-up."""
    coords = [c for c, before in zip(line.coords, [None, *line.coords], strict=False) if c != before]
    k = coords.index(spot)
    away = math.atan2(pin[1] - spot[1], pin[0] - spot[0])
    on = math.atan2(coords[k + 1][1] - spot[1], coords[k + 1][0] - spot[0]) if k + 1 < len(coords) else None
    back = math.atan2(coords[k - 1][1] - spot[1], coords[k - 1][0] - spot[0]) if k > 0 else None
    # At an end the line is continued straight.
    on = back + math.pi if on is None and back is not None else on
    back = on + math.pi if back is None and on is not None else back
    assert on is not None and back is not None
    left_width, turned = (back - on) % math.tau, (away - on) % math.tau
    edges = [0.0, left_width, math.tau]
    if min(abs(turned - edge) for edge in edges) < 1e-6 or min(left_width, math.tau - left_width) < 1e-6:
        return None
    return 1 if turned < left_width else -1


@given(line=LINE.filter(lambda line: line.is_simple and not line.is_closed and line.length > 0), pins=PINS)
def test_side_equals_the_sector_the_way_arrives_from(
    line: shapely.LineString, pins: list[tuple[float, float]]
) -> None:
    x, y = np.array(pins, float).T
    found = SegmentIndex(Polylines.from_shapely([line])).nearest(x, y, max_m=100.0)
    for i in range(len(x)):
        spot, pin = (found.x[i], found.y[i]), (x[i], y[i])
        if found.distance_m[i] == 0:
            assert found.side[i] == 0
        elif spot in line.coords and found.distance_m[i] > 1e-3:
            expected = sector_side(line, pin, spot)
            assert expected is None or found.side[i] == expected
        elif found.distance_m[i] > 1e-3:
            edge = next(
                (a, b)
                for a, b in zip(line.coords[:-1], line.coords[1:], strict=True)
                if shapely.LineString([a, b]).distance(shapely.Point(spot)) < 1e-12
            )
            (ax, ay), (bx, by) = edge
            turn = (bx - ax) * (pin[1] - ay) - (by - ay) * (pin[0] - ax)
            assert found.side[i] == np.sign(turn)


@given(
    line=LINE.filter(lambda line: line.is_simple and not line.is_closed and line.length > 0),
    pins=PINS,
    scale=st.sampled_from([1.0, 1e-3, 1e4]),
)
def test_side_turns_with_the_line(
    line: shapely.LineString, pins: list[tuple[float, float]], scale: float
) -> None:
    """The same line drawn from its other end has its left where its right was."""
    x, y = np.array(pins, float).T * scale
    drawn = shapely.transform(line, lambda coords: coords * scale)
    there = SegmentIndex(Polylines.from_shapely([drawn])).nearest(x, y, max_m=100 * scale)
    back = SegmentIndex(Polylines.from_shapely([drawn.reverse()])).nearest(x, y, max_m=100 * scale)
    # A pin as near to one edge as to another goes to the first, which is not the first from the other end.
    same = np.hypot(there.x - back.x, there.y - back.y) < 1e-9 * scale
    np.testing.assert_array_equal(there.side[same], -back.side[same])
    np.testing.assert_allclose(there.fraction[same], 1.0 - back.fraction[same], atol=1e-9)


# A stem that goes north, a bend and a bulb at its end; then pins and the side a neighbour would name.
STEM = shapely.LineString([(0, 0), (0, 100), (20, 120)])


@pytest.mark.parametrize(
    ("pin", "side"),
    [
        ((-5, 50), 1),
        ((5, 50), -1),
        ((-1, 104), 1),  # outside the bend, nearest its corner
        ((0.001, 99.9), -1),  # just inside it
        ((18, 126), 1),  # beyond the dead end, to the left of its continuation
        ((26, 122), -1),
        ((25, 125), 0),  # straight on
        ((-3, -10), 1),  # before the beginning
        ((0, -10), 0),
        ((0, 42), 0),
    ],
)
def test_side_along_a_cul_de_sac(pin: tuple[float, float], side: int) -> None:
    found = SegmentIndex(Polylines.from_shapely([STEM])).nearest(*pin, max_m=50.0)
    assert found.side.tolist() == [side]


@pytest.mark.parametrize(
    ("pin", "side"), [((0, 0), 1), ((-13, -13), -1), ((-10.1, -10.2), -1), ((20, 0), -1)]
)
def test_side_of_a_loop_is_inside_or_outside_at_its_seam_too(pin: tuple[float, float], side: int) -> None:
    loop = shapely.LineString([(-10, -10), (10, -10), (10, 10), (-10, 10), (-10, -10)])
    found = SegmentIndex(Polylines.from_shapely([loop])).nearest(*pin, max_m=50.0)
    assert found.side.tolist() == [side]


@pytest.mark.parametrize(("pin", "side"), [((-1, 5), -1), ((-1, -5), -1), ((5, 0), 1)])
def test_the_tip_of_a_pointed_loop_has_no_inside_beyond_it(pin: tuple[float, float], side: int) -> None:
    """By either edge alone, one of the pins beside the seam would lie within the loop."""
    loop = shapely.LineString([(0, 0), (10, -1), (10, 1), (0, 0)])
    found = SegmentIndex(Polylines.from_shapely([loop])).nearest(*pin, max_m=50.0)
    assert found.side.tolist() == [side]


def test_a_pin_beside_vertices_in_a_straight_row_keeps_its_side() -> None:
    """Rounding puts vertices of a straight street a hair to either side; the pin is still on the left."""
    t = np.linspace(0, 1, 400)
    east, north = 331_000 + 700 * t, 4_690_000 + 300 * t
    row = Polylines(np.column_stack([east, north]), [0, 400])
    found = SegmentIndex(row).nearest(east - 3.0, north + 7.0, max_m=50.0)
    assert (found.side == 1).all()


@given(streets=STREETS, pins=PINS, radius=st.sampled_from([0.25, 1.5, 6.0]), k=st.integers(1, 4))
def test_within_gives_the_k_nearest_in_order(
    streets: list[shapely.Geometry], pins: list[tuple[float, float]], radius: float, k: int
) -> None:
    x, y = np.array(pins, float).T
    segment, distance = SegmentIndex(Polylines.from_shapely(streets)).within(x, y, radius, k)
    assert segment.shape == distance.shape == (len(x), k)
    for i, row in enumerate(every_distance(streets, x, y)):
        if (np.abs(row - radius) < 1e-9).any():
            continue  # On the rim itself, rounding decides.
        expected = np.sort(row[row <= radius])[:k]
        got = segment[i][segment[i] >= 0]
        np.testing.assert_allclose(distance[i][: len(expected)], expected, atol=1e-12)
        assert len(got) == len(set(got.tolist())) == len(expected)
        np.testing.assert_allclose(row[got], expected, atol=1e-12)
        assert np.isnan(distance[i][len(expected) :]).all()


def test_within_takes_a_radius_for_each_pin() -> None:
    index = SegmentIndex(Polylines.from_shapely([shapely.LineString([(0, 0), (10, 0)])]))
    assert index.within([5, 5], [4, 4], [3.0, 5.0], k=1).segment.tolist() == [[-1], [0]]


@given(streets=STREETS, pins=PINS)
def test_projecting_on_a_chosen_segment_equals_having_only_that_one(
    streets: list[shapely.Geometry], pins: list[tuple[float, float]]
) -> None:
    x, y = np.array(pins, float).T
    index = SegmentIndex(Polylines.from_shapely(streets))
    for chosen, street in enumerate(streets):
        got = index.project(x, y, np.full(len(x), chosen, np.int32))
        alone = SegmentIndex(Polylines.from_shapely([street])).nearest(x, y, max_m=1000.0)
        assert (got.segment == chosen).all()
        for name in ("distance_m", "x", "y", "side", "fraction"):
            np.testing.assert_array_equal(getattr(got, name), getattr(alone, name))


def test_projecting_on_no_segment_gives_nothing() -> None:
    index = SegmentIndex(Polylines.from_shapely([STEM]))
    got = index.project([1.0, math.nan], [1.0, 2.0], [-1, 0])
    assert got.segment.tolist() == [-1, -1]
    with pytest.raises(ValueError, match="between -1 and 0"):
        index.project([1.0], [1.0], [1])


@pytest.mark.parametrize("pin", [(math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0), (1.0, -math.inf)])
def test_what_is_no_place_finds_nothing(pin: tuple[float, float]) -> None:
    index = SegmentIndex(Polylines.from_shapely([STEM]))
    found: NearestSegments = index.nearest(*pin, max_m=1e6)
    assert found.segment.tolist() == found.other.tolist() == [-1]
    assert np.isnan([found.distance_m, found.x, found.y, found.fraction, found.other_distance_m]).all()
    assert index.within(*pin, 1e6, k=2).segment.tolist() == [[-1, -1]]


def test_what_is_no_place_finds_nothing_among_many_either() -> None:
    """Many pins are looked up in another order than given; each still gets its own answer."""
    index = SegmentIndex(Polylines.from_shapely([STEM]))
    x, y = np.linspace(-20, 20, 5000), np.linspace(90, 110, 5000)
    x[::7], y[::11] = math.nan, math.inf
    found = index.nearest(x, y, max_m=50.0)
    place = np.isfinite(x) & np.isfinite(y)
    np.testing.assert_array_equal(found.segment, np.where(place, 0, -1))
    np.testing.assert_array_equal(np.isnan(found.distance_m), ~place)
    np.testing.assert_array_equal(index.within(x, y, 50.0, k=1).distance_m[:, 0], found.distance_m)


@pytest.mark.parametrize("far", [(1e7, 50.0), (-1e12, 4e11), (0.0, 1e100)])
def test_pins_far_outside_the_city_are_found_only_when_asked_for(far: tuple[float, float]) -> None:
    index = SegmentIndex(Polylines.from_shapely([STEM, shapely.LineString([(500, 0), (500, 9)])]))
    assert index.nearest(*far, max_m=250.0).segment.tolist() == [-1]
    found = index.nearest(*far, max_m=1e101)
    assert found.segment[0] >= 0
    assert found.distance_m[0] == pytest.approx(math.hypot(*far), rel=1e-3)


def test_a_pin_at_exactly_the_longest_way_is_found() -> None:
    index = SegmentIndex(Polylines.from_shapely([shapely.LineString([(0, 0), (10, 0)])]))
    assert index.nearest([5, 5], [3, 3.0000001], max_m=3.0).segment.tolist() == [0, -1]
    assert index.nearest([5, 5], [0, 1], max_m=0.0).segment.tolist() == [0, -1]


def test_streets_stacked_on_one_another_are_told_apart() -> None:
    """A ramp over a street: two segments with one course are equally near, and the caller learns both."""
    street = shapely.LineString([(0, 0), (100, 0)])
    found = SegmentIndex(Polylines.from_shapely([street, street.reverse()])).nearest(30.0, 4.0, max_m=50.0)
    assert (found.segment[0], found.other[0]) == (0, 1)
    assert found.distance_m[0] == found.other_distance_m[0] == 4.0
    assert found.side[0] == 1


def test_a_street_without_length_is_a_point() -> None:
    index = SegmentIndex(Polylines.from_shapely([shapely.LineString([(3, 4), (3, 4)])]))
    found = index.nearest([0.0, 3.0], [0.0, 4.0], max_m=10.0)
    assert found.distance_m.tolist() == [5.0, 0.0]
    assert found.side.tolist() == [0, 0]
    assert found.fraction.tolist() == [0.0, 0.0]


def test_a_city_without_streets() -> None:
    found = SegmentIndex(Polylines.from_shapely([])).nearest([1.0, 2.0], [1.0, 2.0], max_m=100.0)
    assert found.segment.tolist() == [-1, -1]
    assert SegmentIndex(Polylines.from_shapely([])).nearest([], [], max_m=1.0).segment.shape == (0,)


@pytest.mark.parametrize("count", [3, 60, 2000])
def test_many_pins_on_a_random_city_equal_the_tree_of_geos(count: int) -> None:
    rng = np.random.default_rng(count)
    streets = random_city(rng, count, 5000.0)
    x, y = rng.uniform(-500, 5500, (2, 50_000))
    found = SegmentIndex(Polylines.from_shapely(streets)).nearest(x, y, max_m=20_000.0)
    (_, _), distance = shapely.STRtree(streets).query_nearest(
        shapely.points(x, y), return_distance=True, all_matches=False
    )
    np.testing.assert_allclose(found.distance_m, distance, atol=1e-9)
    own = shapely.distance(shapely.points(x, y), np.array(streets)[found.segment])
    np.testing.assert_allclose(own, distance, atol=1e-9)


def test_one_long_street_over_many_cells_is_found_from_everywhere() -> None:
    """A highway crosses the whole grid that the short streets around its middle make."""
    rng = np.random.default_rng(5)
    highway = shapely.LineString([(-50_000, -30_000), (50_000, 31_000)])
    streets = [highway, *random_city(rng, 500, 300.0)]
    x, y = rng.uniform(-50_000, 50_000, (2, 2000))
    found = SegmentIndex(Polylines.from_shapely(streets)).nearest(x, y, max_m=1e6)
    np.testing.assert_allclose(found.distance_m, every_distance(streets, x, y).min(axis=1), atol=1e-9)


def test_the_distance_is_that_of_exact_arithmetic() -> None:
    """Far from the origin, as metric coordinates are, nothing is lost in the last centimetre."""
    a, b, p = (331_200.25, 4_691_000.5), (331_287.125, 4_691_043.75), (331_240.0625, 4_691_035.375)
    dx, dy = Fraction(b[0]) - Fraction(a[0]), Fraction(b[1]) - Fraction(a[1])
    cross = dx * (Fraction(p[1]) - Fraction(a[1])) - dy * (Fraction(p[0]) - Fraction(a[0]))
    exact = abs(float(cross)) / math.sqrt(float(dx * dx + dy * dy))
    found = SegmentIndex(Polylines([a, b], [0, 2])).nearest(*p, max_m=100.0)
    assert found.distance_m[0] == pytest.approx(exact, abs=1e-9)


def test_a_process_forked_after_a_threaded_search_can_search_too() -> None:
    """gunicorn forks workers from a master that may have used the index."""
    rng = np.random.default_rng(1)
    index = SegmentIndex(Polylines.from_shapely(random_city(rng, 50, 1000.0)))
    x, y = rng.uniform(0, 1000, (2, 100_000))
    before = index.nearest(x, y, max_m=1000.0)
    child = os.fork()
    if child == 0:
        same = all(
            np.array_equal(a, b) for a, b in zip(index.nearest(x, y, max_m=1000.0), before, strict=True)
        )
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
