"""Where along a street houses stand: house numbers begin and end short of the crossings.

The first and the last number of a range belong to corner houses. Put at the ends of the segment, they would
lie in the middle of the crossing, as near to the other street as to their own.
"""

import numpy as np
from numpy.typing import NDArray

from geo import addresses
from geo.arrays import Floats, Ints, compiled
from geo.polylines import Polylines

END_M = 6.0
"""So far from the crossing the numbers begin; less on segments shorter than four times that."""
ASIDE_M = 4.0
"""So far from the middle of the street a number is put: less than END_M, or the other street were nearer."""

Ranges = NDArray[np.int32]
"""(4, n): left from, left to, right from, right to; 0 where there is none."""


def house_number(fraction: Floats, side: NDArray[np.int8], length_m: Floats, ranges: Ranges) -> Ints:
    """Return the house number at a fraction of a segment's length, -1 where its side has none.

    Parameters
    ----------
    fraction, side, length_m : (n,) arrays
    ranges : (4, n) int array
    """
    return addresses.house_number(among_houses(fraction, inset(length_m)), side, *ranges)


def house_points(
    number: NDArray[np.int64], segment: Ints, lines: Polylines, ranges: Ranges
) -> tuple[Floats, Floats]:
    """Return where house numbers stand on segments; the inverse of `house_number`.

    Parameters
    ----------
    number, segment : (n,) int arrays
    lines : Polylines
        In metres.
    ranges : (4, m) int array
        Those of all segments.

    Returns
    -------
    x, y : (n,) float64 arrays
        Metres; NaN where the segment has no such number.
    """
    fraction, side = addresses.fraction_of(number, *ranges[:, segment])
    margin = inset(lines.lengths[segment])
    along = margin + fraction * (1.0 - 2.0 * margin)
    return lines.interpolate(segment, along, ASIDE_M * side.astype(np.float64))


@compiled
def inset(length_m):  # type: ignore[no-untyped-def]
    """Return the part of the length at either end that no number is on; of one segment or of many."""
    return np.minimum(END_M / np.maximum(length_m, END_M), 0.25)


@compiled
def among_houses(fraction, margin):  # type: ignore[no-untyped-def]
    """Return the fraction of the way from the first number to the last; beyond 0 and 1 where none is."""
    return (fraction - margin) / (1.0 - 2.0 * margin)
