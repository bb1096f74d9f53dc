"""Points in polygons, against shapely's exact predicates."""

import math
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.orientation import side_of_line
from geo.zones import ZoneIndex

# Unions and differences of triangles on a small board: holes, parts, slivers, and borders through whole numbers.
SPOT = st.tuples(st.integers(0, 12), st.integers(0, 12))
TRIANGLE = st.lists(SPOT, min_size=3, max_size=3, unique=True).map(shapely.Polygon)
SHAPE = (
    st.tuples(st.lists(TRIANGLE, min_size=1, max_size=5), st.lists(TRIANGLE, max_size=3))
    .map(lambda both: shapely.union_all(both[0]).difference(shapely.union_all(both[1])))
    .map(
        lambda shape: shapely.MultiPolygon([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])
    )
    .filter(lambda shape: not shape.is_empty and shape.is_valid)
)
SHAPES = st.lists(SHAPE, min_size=1, max_size=6)
BOARD = np.array(np.meshgrid(np.arange(-1, 13.5, 0.5), np.arange(-1, 13.5, 0.5))).reshape(2, -1)


def points_to_try(shapes: list[shapely.MultiPolygon]) -> tuple[np.ndarray, np.ndarray]:
    """The board, every vertex, and the middle of every edge."""
    coords = [shapely.get_coordinates(shape) for shape in shapes]
    vertices = np.concatenate(coords)
    middles = np.concatenate([(c[1:] + c[:-1]) / 2 for c in coords])
    x, y = np.concatenate([BOARD.T, vertices, middles]).T
    return x, y


def membership(shapes: list[shapely.Polygon], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([shapely.intersects_xy(shape, x, y) for shape in shapes])


@given(shapes=SHAPES)
def test_first_and_all_equal_shapely(shapes: list[shapely.MultiPolygon]) -> None:
    x, y = points_to_try(shapes)
    index, inside = ZoneIndex(shapes), membership(shapes, x, y)
    np.testing.assert_array_equal(index.first(x, y), np.where(inside.any(0), inside.argmax(0), -1))
    offsets, zones = index.all(x, y)
    point, zone = np.nonzero(inside.T)
    np.testing.assert_array_equal(zones, zone)
    np.testing.assert_array_equal(np.repeat(np.arange(len(x)), np.diff(offsets)), point)


def test_border_points_belong_to_the_lowest_zone() -> None:
    index = ZoneIndex([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(0, 10, 20, 20)])
    assert index.first([10, 10, 15, 20, 0], [5, 10, 10, 20, 0]).tolist() == [0, 0, 1, 2, 0]
    offsets, zones = index.all([10.0, 15.0], [10.0, 10.0])
    assert offsets.tolist() == [0, 3, 5]
    assert zones.tolist() == [0, 1, 2, 1, 2]


def test_holes_and_islands_in_holes() -> None:
    lake = shapely.box(0, 0, 100, 100).difference(shapely.box(20, 20, 80, 80))
    with_island = shapely.MultiPolygon([lake, shapely.box(40, 40, 60, 60)])
    index = ZoneIndex([with_island])
    assert index.first([10, 30, 50, 20, 40], [10, 30, 50, 50, 50]).tolist() == [0, -1, 0, 0, 0]


def test_what_is_no_place_is_in_no_zone() -> None:
    index = ZoneIndex([shapely.box(0, 0, 10, 10)])
    x, y = [math.nan, 1.0, math.inf, -math.inf, 1e300], [1.0, math.nan, 1.0, 1.0, 1e300]
    assert index.first(x, y).tolist() == [-1] * 5
    assert index.all(x, y)[0].tolist() == [0] * 6


def blob(rng: np.random.Generator, x: float, y: float, size: float, vertices: int) -> shapely.Polygon:
    """A star-shaped polygon with a ragged border and a ragged hole."""
    angle = (np.arange(vertices) + rng.uniform(0.1, 0.9, vertices)) * math.tau / vertices
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    outer = around * size * rng.uniform(0.6, 1.0, (vertices, 1)) + (x, y)
    inner = around[::-1] * size * rng.uniform(0.1, 0.3, (vertices, 1)) + (x, y)
    return shapely.Polygon(outer, [inner])


@pytest.mark.parametrize(("count", "vertices"), [(1, 2000), (40, 300), (300, 12)])
def test_many_points_in_ragged_zones_equal_shapely(count: int, vertices: int) -> None:
    rng = np.random.default_rng(count)
    zones = [blob(rng, *rng.uniform(0, 20_000, 2), 3000.0, vertices) for _ in range(count)]
    assert all(zone.is_valid for zone in zones)
    x, y = rng.uniform(-2000, 22_000, (2, 60_000))
    for zone in zones:
        shapely.prepare(zone)
    inside, index = membership(zones, x, y), ZoneIndex(zones)
    np.testing.assert_array_equal(index.first(x, y), np.where(inside.any(0), inside.argmax(0), -1))
    offsets, found = index.all(x, y)
    np.testing.assert_array_equal(np.diff(offsets), inside.sum(0))
    np.testing.assert_array_equal(found, np.nonzero(inside.T)[1])


def test_points_a_hair_off_a_slanted_border_are_told_apart() -> None:
    """The closest numbers to a border that plain arithmetic gets wrong; the answer is shapely's, and true."""
    border = [(331_200.1, 4_691_000.7), (331_799.3, 4_691_413.9)]
    zone = shapely.Polygon([*border, (331_800.0, 4_690_000.0)])
    share = np.linspace(0.01, 0.99, 2000)
    x = border[0][0] + share * (border[1][0] - border[0][0])
    y = border[0][1] + share * (border[1][1] - border[0][1])
    ups = np.repeat(np.arange(-3, 4), len(share))
    x, y = np.tile(x, 7), np.tile(y, 7)
    y = y + ups * np.spacing(y)
    got = ZoneIndex([zone]).first(x, y) >= 0
    np.testing.assert_array_equal(got, shapely.intersects_xy(zone, x, y))
    assert 0 < got.sum() < len(got)


@given(
    a=st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)),
    b=st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)),
    share=st.floats(0, 1),
    nudge=st.integers(-2, 2),
)
def test_side_of_a_line_is_exact(
    a: tuple[float, float], b: tuple[float, float], share: float, nudge: int
) -> None:
    px = a[0] + share * (b[0] - a[0])
    py = a[1] + share * (b[1] - a[1])
    py += nudge * float(np.spacing(py))
    (ax, ay), (bx, by) = ((Fraction(u), Fraction(v)) for u, v in (a, b))
    exact = (bx - ax) * (Fraction(py) - ay) - (by - ay) * (Fraction(px) - ax)
    # Products below the smallest double cannot be exact; no coordinate in metres is that small.
    assume(exact == 0 or abs(exact) > Fraction(1e-200))
    assert side_of_line(*a, *b, px, py) == (exact > 0) - (exact < 0)


@pytest.mark.parametrize(
    "shape",
    [None, shapely.Polygon(), shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)])],
)
def test_what_is_no_polygon_is_named(shape: shapely.Geometry | None) -> None:
    with pytest.raises(ValueError, match="zone 1 must be a polygon"):
        ZoneIndex([shapely.box(0, 0, 1, 1), shape])


def test_a_polygon_with_nan_is_named() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.Polygon([(0, 0), (1, math.nan), (1, 1)])
    with pytest.raises(ValueError, match=r"zone 0 .*not a number"):
        ZoneIndex([broken])


def test_no_zones_and_zones_without_area() -> None:
    assert ZoneIndex([]).first([1.0], [1.0]).tolist() == [-1]
    assert ZoneIndex([]).all([1.0], [1.0])[0].tolist() == [0, 0]
    flat = shapely.Polygon([(5, 5), (5, 5), (5, 5)])
    index = ZoneIndex([flat, shapely.box(0, 0, 10, 10), shapely.Polygon([(0, 0), (4, 4), (8, 8)])])
    assert index.first([5.0, 20.0], [5.0, 20.0]).tolist() == [1, -1]


def test_crossing_rings_are_read_by_the_even_odd_rule() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert ZoneIndex([bow_tie]).first([2, 8, 5], [5, 5, 1]).tolist() == [0, 0, -1]


@pytest.mark.shared
def test_boston_precincts_equal_shapely(shared_data) -> None:
    """Real borders: 255 precincts, some of them with crossing rings, and real pins."""
    import pyarrow.parquet as pq
    import pyogrio

    from geo.projection import projection

    metric = projection(32619)
    _, _, wkb, _ = pyogrio.raw.read(shared_data / "boston/precincts.geojson")
    precincts = shapely.transform(
        shapely.from_wkb(wkb), lambda c: np.column_stack(metric.to_metric(c[:, 0], c[:, 1]))
    )
    pins = pq.read_table(shared_data / "boston/reports_2011h2.parquet", columns=["longitude", "latitude"])
    x, y = metric.to_metric(pins["longitude"].to_numpy(), pins["latitude"].to_numpy())
    valid = precincts[shapely.is_valid(precincts)]
    shapely.prepare(valid)
    inside = membership(list(valid), x, y)
    np.testing.assert_array_equal(ZoneIndex(valid).first(x, y), np.where(inside.any(0), inside.argmax(0), -1))
