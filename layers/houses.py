"""Where along a street houses stand: house numbers begin and end short of the crossings.

The first and the last number of a range belong to corner houses. Put at the ends of the segment, they would
lie in the middle of the crossing, as near to the other street as to their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo import addresses
from geo.arrays import Floats, Ints
from geo.polylines import Polylines

END_M = 6.0
"""So far from the crossing the numbers begin; less on segments shorter than four times that."""
ASIDE_M = 4.0
"""So far from the middle of the street a number is put: less than END_M, or the other street were nearer."""

Ranges = NDArray[np.int32]
"""(4, n): left from, left to, right from, right to; 0 where there is none."""


def house_number(fraction: Floats, side: NDArray[np.int8], length_m: Floats, ranges: Ranges) -> Ints:
    """Return the house number at a fraction of a segment's length, -1 where its side has none."""
    inset = _inset(length_m)
    return addresses.house_number((fraction - inset) / (1.0 - 2.0 * inset), side, *ranges)


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
    inset = _inset(lines.lengths[segment])
    return lines.interpolate(
        segment, inset + fraction * (1.0 - 2.0 * inset), ASIDE_M * side.astype(np.float64)
    )


def _inset(length_m: Floats) -> Floats:
    """Return the part of the length at either end that no number is on."""
    return np.minimum(END_M / np.maximum(length_m, END_M), 0.25)
