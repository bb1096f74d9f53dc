"""House numbers along a segment and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses import fraction_of, house_number

NUMBER = st.integers(1, 400)
ABSENT = st.sampled_from([0, -1])
SIDE_RANGE = st.tuples(NUMBER | ABSENT, NUMBER | ABSENT)
RANGES = st.tuples(SIDE_RANGE, SIDE_RANGE).map(lambda both: (*both[0], *both[1]))


def numbers_of(start: int, end: int) -> list[int]:
    """Every number that may stand on one side, by going from door to door."""
    if start < 1 and end < 1:
        return []
    start, end = start if start > 0 else end, end if end > 0 else start
    step = 2 if start % 2 == end % 2 else 1
    return list(range(start, end + 1, step)) if start <= end else list(range(start, end - 1, -step))


@given(ranges=RANGES, fraction=st.floats(0, 1), side=st.sampled_from([-1, 0, 1]))
def test_a_number_is_one_of_its_sides_numbers(
    ranges: tuple[int, int, int, int], fraction: float, side: int
) -> None:
    left, right = numbers_of(*ranges[:2]), numbers_of(*ranges[2:])
    doors = {1: left, -1: right, 0: left or right}[side]
    (number,) = house_number(fraction, side, *ranges).tolist()
    if not doors:
        assert number == -1
    else:
        # The doors stand at even steps along the segment: the number is that of the nearest.
        places = np.linspace(0, 1, len(doors)) if len(doors) > 1 else np.array([fraction])
        assert number in doors
        assert abs(places[doors.index(number)] - fraction) == pytest.approx(np.abs(places - fraction).min())


@given(ranges=RANGES)
def test_every_number_of_a_range_comes_back(ranges: tuple[int, int, int, int]) -> None:
    for doors in (numbers_of(*ranges[:2]), numbers_of(*ranges[2:])):
        columns = [np.full(len(doors), end) for end in ranges]
        fraction, side = fraction_of(doors, *columns)
        assert (side != 0).all()
        assert ((fraction >= 0) & (fraction <= 1)).all()
        np.testing.assert_array_equal(house_number(fraction, side, *columns), doors)


@given(ranges=RANGES, number=st.integers(-5, 450))
def test_a_number_is_found_on_a_side_that_has_it_and_nowhere_else(
    ranges: tuple[int, int, int, int], number: int
) -> None:
    left, right = numbers_of(*ranges[:2]), numbers_of(*ranges[2:])
    (fraction,), (side,) = fraction_of(number, *ranges)
    assert {1: number in left, -1: number in right, 0: number not in left + right}[int(side)]
    assert math.isnan(fraction) == (side == 0)


def test_ranges_as_cities_write_them() -> None:
    """Up on the left, down on the right; one-sided; mixed; a single house; nothing at all."""
    l_from, l_to = [1, 0, 10, 7, 0], [99, 0, 21, 7, -1]
    r_from, r_to = [98, 2, -1, 0, 0], [2, 38, -1, 0, -1]
    halves, ranges = [0.5] * 5, (l_from, l_to, r_from, r_to)
    assert house_number(halves, [1] * 5, *ranges).tolist() == [49, -1, 16, 7, -1]
    assert house_number(halves, [-1] * 5, *ranges).tolist() == [50, 20, -1, -1, -1]
    assert house_number(halves, [0] * 5, *ranges).tolist() == [49, 20, 16, 7, -1]
    fraction, side = fraction_of([98, 20, 15, 7, 7], *ranges)
    assert side.tolist() == [-1, -1, 1, 1, 0]
    np.testing.assert_allclose(fraction, [0.0, 0.5, 5 / 11, 0.5, math.nan])


def test_the_side_with_the_numbers_parity_comes_before_a_mixed_one() -> None:
    assert fraction_of(14, 10, 21, 2, 40)[1].tolist() == [-1]
    assert fraction_of(13, 10, 21, 2, 40)[1].tolist() == [1]
    assert fraction_of(14, 2, 40, 2, 40)[1].tolist() == [1]


def test_no_place_has_no_number() -> None:
    assert house_number([math.nan, -0.1, 1.1], [1, 1, 1], [1] * 3, [9] * 3, [0] * 3, [0] * 3).tolist() == [
        -1,
        1,
        9,
    ]
    assert house_number([], [], [], [], [], []).shape == (0,)
