"""House numbers from places along a segment, and places from house numbers.

Left and right are those of the digitised direction; a range runs from its number at fraction 0 to its
number at fraction 1, up or down. Numbers of one parity at both ends mean that the side has only that
parity. 0 and -1 both mean that a side has no number at that end; a range with one end only is that single
number.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, compiled, floats, ints

LEFT, RIGHT = 1, -1


class _Range(NamedTuple):
    """One side's range in each item; `step` is 2 where it has one parity only."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    present: NDArray[np.bool_]
    step: NDArray[np.int64]


def house_number(
    fraction: ArrayLike,
    side: ArrayLike,
    l_from: ArrayLike,
    l_to: ArrayLike,
    r_from: ArrayLike,
    r_to: ArrayLike,
) -> Ints:
    """Return the house number at a fraction of a segment's length, interpolated along the side's range.

    Parameters
    ----------
    fraction : (n,) float64 array
        0 to 1; NaN gives no number.
    side : (n,) int8 array
        +1 left, -1 right; on the line (0) the left range is used, or the right one where there is no left.
    l_from, l_to, r_from, r_to : (n,) integer arrays
        The ranges; 0 or less where absent.

    Returns
    -------
    (n,) int32 array
        A number of the side's parity within its range; -1 where the side has no range.
    """
    fractions = floats(fraction)
    number = np.empty(len(fractions), np.int32)
    _house_number(fractions, ints(side), ints(l_from), ints(l_to), ints(r_from), ints(r_to), number)
    return number


@compiled
def _house_number(fraction, side, l_from, l_to, r_from, r_to, number):  # type: ignore[no-untyped-def]
    for i in range(len(fraction)):
        number[i] = number_at(fraction[i], side[i], l_from[i], l_to[i], r_from[i], r_to[i])


@compiled
def number_at(fraction, side, l_from, l_to, r_from, r_to):  # type: ignore[no-untyped-def]
    """Return the house number at one fraction of one segment, as `house_number` does."""
    use_left = side > 0 or (side == 0 and max(l_from, l_to) > 0)
    start, end = (l_from, l_to) if use_left else (r_from, r_to)
    if max(start, end) <= 0 or not np.isfinite(fraction):
        return -1
    first = start if start > 0 else end
    last = end if end > 0 else start
    step = 2 if (last - first) % 2 == 0 else 1
    share = min(max(fraction, 0.0), 1.0)
    return first + step * int(np.rint(share * (last - first) / step))


def fraction_of(
    number: ArrayLike, l_from: ArrayLike, l_to: ArrayLike, r_from: ArrayLike, r_to: ArrayLike
) -> tuple[Floats, NDArray[np.int8]]:
    """Return where along a segment a house number stands, and on which side; the inverse of `house_number`.

    Parameters
    ----------
    number : (n,) integer array
    l_from, l_to, r_from, r_to : (n,) integer arrays
        The ranges; 0 or less where absent.

    Returns
    -------
    fraction : (n,) float64 array
        0 to 1; a half on a range of one number; NaN where neither range holds the number.
    side : (n,) int8 array
        +1 left, -1 right; 0 where neither range holds the number. Where both do, a side with only the
        number's parity comes before one with both, and left before right.
    """
    numbers = np.atleast_1d(np.asarray(number, np.int64))
    left, right = _side_range(l_from, l_to), _side_range(r_from, r_to)
    on_left, on_right = _holds(left, numbers), _holds(right, numbers)
    take_left = on_left & ~(on_right & (right.step == 2) & (left.step == 1))
    side = np.where(take_left, LEFT, np.where(on_right, RIGHT, 0)).astype(np.int8)
    first, last = np.where(take_left, left.first, right.first), np.where(take_left, left.last, right.last)
    span = last - first
    fraction = np.where(span == 0, 0.5, (numbers - first) / np.where(span == 0, 1, span))
    return np.where(side == 0, np.nan, fraction), side


def _side_range(start: ArrayLike, end: ArrayLike) -> _Range:
    first, last = (np.atleast_1d(np.asarray(number, np.int64)) for number in (start, end))
    first, last = np.where(first > 0, first, last), np.where(last > 0, last, first)
    return _Range(first, last, first > 0, np.where((last - first) % 2 == 0, 2, 1))


def _holds(side: _Range, number: NDArray[np.int64]) -> NDArray[np.bool_]:
    low, high = np.minimum(side.first, side.last), np.maximum(side.first, side.last)
    in_range: NDArray[np.bool_] = (low <= number) & (number <= high)
    of_parity: NDArray[np.bool_] = (number - side.first) % side.step == 0
    return side.present & in_range & of_parity
