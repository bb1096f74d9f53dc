"""Where houses stand, and which house stands where: one is the other turned round, on any piece of street."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.houses import ASIDE_M, END_M, house_number, house_points
from geo.polylines import Polylines
from geo.segments import SegmentIndex

NUMBER = st.integers(1, 60)
ABSENT = st.sampled_from([0, -1])
# Up, down, odd, even, mixed, one number at either end, none at all.
SIDE = st.tuples(NUMBER | ABSENT, NUMBER | ABSENT)
# Gentle bends: where a street turns sharply, a house beside one arm may be nearer to the other.
STEP = st.tuples(st.floats(30, 80), st.floats(-20, 20))
STREET = st.lists(STEP, min_size=1, max_size=4)
# A house on the inside of a bend is nearer to the other arm, the more so the more the street turns.
NEAREST_M = ASIDE_M * math.cos(2 * math.atan2(20, 30))


def doors(start: int, end: int) -> list[int]:
    """Every number of one side, from door to door."""
    if start < 1 and end < 1:
        return []
    start, end = start if start > 0 else end, end if end > 0 else start
    step = 2 if start % 2 == end % 2 else 1
    return list(range(min(start, end), max(start, end) + 1, step))


@given(steps=STREET, left=SIDE, right=SIDE)
def test_each_number_stands_beside_its_street_and_is_found_there(
    steps: list[tuple[float, float]], left: tuple[int, int], right: tuple[int, int]
) -> None:
    line = shapely.LineString(np.concatenate([[(0.0, 0.0)], np.cumsum(steps, axis=0)]))
    lines, ranges = Polylines.from_shapely([line]), np.array([[*left, *right]], np.int32).T
    # A number of both sides may stand on either.
    numbers = np.array(sorted(set(doors(*left)) ^ set(doors(*right))))
    assume(len(numbers))
    segment = np.zeros(len(numbers), np.int32)
    x, y = house_points(numbers, segment, lines, ranges)
    found = SegmentIndex(lines).nearest(x, y, max_m=100.0)
    np.testing.assert_array_equal(found.side, np.where(np.isin(numbers, doors(*left)), 1, -1))
    assert ((found.distance_m > NEAREST_M - 1e-9) & (found.distance_m < ASIDE_M + 1e-9)).all()
    if len(steps) == 1:
        np.testing.assert_allclose(found.distance_m, ASIDE_M)
    ends = shapely.distance(shapely.points(x, y), shapely.points(line.coords)[[0, -1], None]).min(axis=0)
    assert (ends >= min(END_M, line.length / 4)).all()
    length = np.full(len(x), line.length)
    again = house_number(found.fraction, found.side, length, np.repeat(ranges, len(x), axis=1))
    sides = [doors(*left) if side > 0 else doors(*right) for side in found.side.tolist()]
    # In a bend, the fraction is a little off: at most as much as lies between two doors.
    for number, got, side in zip(numbers.tolist(), again.tolist(), sides, strict=True):
        assert abs(side.index(got) - side.index(number)) <= (0 if len(steps) == 1 else 1 + len(side) // 8)


@pytest.mark.parametrize("length", [0.0, 0.5, 5.0, 11.9, 24.0, 400.0])
def test_pieces_of_any_length_have_their_numbers(length: float) -> None:
    """A piece without length too: all of its houses stand at its one point, and one of them is found there."""
    lines = Polylines([(10.0, 10.0), (10.0 + length, 10.0)], [0, 2])
    ranges = np.array([[2, 20, 19, 1]], np.int32).T
    x, y = house_points(np.array([2, 20, 1, 19]), np.zeros(4, np.int32), lines, ranges)
    assert np.isfinite((x, y)).all()
    assert (x >= 10).all()
    assert (x <= 10 + length).all()
    found = SegmentIndex(lines).nearest(x, y, max_m=10.0)
    got = house_number(found.fraction, found.side, np.full(4, length), np.repeat(ranges, 4, axis=1))
    if length:
        assert got.tolist() == [2, 20, 1, 19]
    else:
        assert got.tolist() == [2, 2, 2, 2]


def test_a_number_that_a_segment_has_not_stands_nowhere() -> None:
    lines = Polylines([(0.0, 0.0), (100.0, 0.0)], [0, 2])
    x, y = house_points(np.array([7]), np.zeros(1, np.int32), lines, np.array([[2, 20, 0, 0]], np.int32).T)
    assert np.isnan((x, y)).all()
