"""Polylines in flat arrays."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.polylines import Polylines

COORDINATE = st.tuples(st.integers(-9, 9), st.integers(-9, 9))
LINE = st.lists(COORDINATE, min_size=2, max_size=6).map(shapely.LineString)

with np.errstate(invalid="ignore"):
    NAN_LINE = shapely.LineString([(0, 0), (math.nan, 1)])


@given(lines=st.lists(LINE, min_size=1, max_size=5), fraction=st.floats(0, 1))
def test_interpolating_equals_shapely(lines: list[shapely.LineString], fraction: float) -> None:
    polylines = Polylines.from_shapely(lines)
    x, y = polylines.interpolate(np.arange(len(lines)), np.full(len(lines), fraction))
    expected = shapely.line_interpolate_point(lines, fraction, normalized=True)
    # A line without length has only one place to be at.
    expected = np.where(shapely.length(lines) > 0, expected, shapely.get_point(lines, 0))
    np.testing.assert_allclose(np.column_stack([x, y]), shapely.get_coordinates(expected), atol=1e-9)
    np.testing.assert_allclose(polylines.lengths, shapely.length(lines), atol=1e-9)


@given(line=LINE.filter(lambda line: line.length > 0), fraction=st.floats(0.01, 0.99), aside=st.floats(-5, 5))
def test_stepping_aside_goes_left_at_a_right_angle(
    line: shapely.LineString, fraction: float, aside: float
) -> None:
    polylines = Polylines.from_shapely([line])
    x, y = polylines.interpolate([0], [fraction])
    left_x, left_y = polylines.interpolate([0], [fraction], aside)
    assert math.hypot(left_x[0] - x[0], left_y[0] - y[0]) == pytest.approx(abs(aside), abs=1e-9)
    ahead_x, ahead_y = polylines.interpolate([0], [min(fraction + 1e-7, 1.0)])
    turn = (ahead_x - x) * (left_y - y) - (ahead_y - y) * (left_x - x)
    # At a corner the next bit of line may go on in another direction.
    bends = shapely.distance(shapely.Point(x[0], y[0]), shapely.MultiPoint(line.coords)) < 1e-5
    assert bends or turn[0] * aside >= 0


def test_parts_are_counted_one_after_the_other_without_the_gaps() -> None:
    square = shapely.MultiLineString([[(0, 0), (10, 0)], [(50, 0), (60, 0), (60, 10)]])
    polylines = Polylines.from_shapely([square])
    assert polylines.lengths.tolist() == [30.0]
    x, y = polylines.interpolate([0, 0, 0, 0], [0.0, 0.25, 0.5, 1.0])
    assert list(zip(x.tolist(), y.tolist(), strict=True)) == [(0, 0), (7.5, 0), (55, 0), (60, 10)]


def test_parts_that_meet_become_one() -> None:
    met = Polylines.from_shapely([shapely.MultiLineString([[(0, 0), (10, 0)], [(10, 0), (20, 0)]])])
    assert met.gaps.tolist() == [True, False, False]


def test_interpolating_nothing_gives_nan() -> None:
    polylines = Polylines.from_shapely([shapely.LineString([(0, 0), (10, 0)])])
    x, y = polylines.interpolate([-1, 0, 0, 0], [0.5, math.nan, -3.0, 7.0])
    np.testing.assert_equal(x, [math.nan, math.nan, 0.0, 10.0])
    np.testing.assert_equal(y, [math.nan, math.nan, 0.0, 0.0])


@given(lines=st.lists(LINE, min_size=1, max_size=4))
def test_repeated_vertices_can_be_left_out(lines: list[shapely.LineString]) -> None:
    clean = Polylines.from_shapely(lines).without_repeats()
    for i, line in enumerate(lines):
        coords = clean.coords[clean.offsets[i] : clean.offsets[i + 1]]
        assert shapely.LineString(coords).equals(line)
        moved = (np.diff(coords, axis=0) != 0).any(axis=1)
        assert moved.all() if line.length else len(coords) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (None, "line 1 .*missing"),
        (shapely.LineString(), "line 1 .*LineString"),
        (shapely.Point(1, 2), "line 1 .*Point"),
        (NAN_LINE, "line 1 .*not a number"),
    ],
)
def test_what_is_no_line_is_named(line: shapely.Geometry | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Polylines.from_shapely([shapely.LineString([(0, 0), (1, 1)]), line])


def test_offsets_must_fit() -> None:
    with pytest.raises(ValueError, match="offsets"):
        Polylines([[0, 0], [1, 1]], [0, 1])
    with pytest.raises(ValueError, match="line 0 is empty"):
        Polylines([[0, 0], [1, 1]], [0, 0, 2])


def test_a_piece_must_exist() -> None:
    polylines = Polylines.from_shapely([shapely.LineString([(0, 0), (10, 0)])])
    with pytest.raises(ValueError, match="between -1 and 0"):
        polylines.interpolate([1], [0.5])


def test_no_lines_at_all() -> None:
    none = Polylines.from_shapely([])
    assert len(none) == 0
    assert none.without_repeats().lengths.tolist() == []
