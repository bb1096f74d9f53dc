# mypy: allow-untyped-defs
"""Streets as the eye follows them: pieces that go on in one another, straight ahead or under one name.

What is drawn when many streets must be left out is chosen by the length of these strokes, after R. C. Thomson
and D. E. Richardson, *The 'good continuation' principle of perceptual organization applied to the
generalization of road networks* (1999): who follows the long ones finds the main roads, without being told.
"""

import numpy as np

from geo.arrays import Floats, Ints, compiled
from geo.polylines import Polylines

SHARPEST = np.radians(40.0)
"""A piece that bends off by more than this is another stroke."""
SAME_NAME = np.radians(35.0)
"""So much more a street of one name may bend; and it is followed rather than another."""
_TOGETHER_M = 0.05


def stroke_lengths(lines: Polylines, name: Ints) -> Floats:
    """Return, for each piece, the length of the stroke it is part of.

    Parameters
    ----------
    lines : Polylines
        In metres. Pieces that meet have an end in common, to 5 cm.
    name : (n,) int32 array
        A number for each name, -1 for none.

    Returns
    -------
    (n,) float64 array
        Metres.
    """
    first, last = lines.offsets[:-1], lines.offsets[1:] - 1
    # Each piece has two ends: the first ones, then the last ones.
    at = np.concatenate([lines.coords[first], lines.coords[last]])
    next_to = np.concatenate([np.minimum(first + 1, last), np.maximum(last - 1, first)])
    away = np.arctan2(*(lines.coords[next_to] - at).T[::-1])
    node = np.unique(np.round(at / _TOGETHER_M), axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(node, kind="stable")
    starts = np.searchsorted(node[order], np.arange(node.max(initial=-1) + 2))
    partner = _partners(order, starts, away, np.concatenate([name, name]), SHARPEST, SAME_NAME)
    stroke = _strokes(partner, len(first))
    whole: Floats = np.bincount(stroke, lines.lengths, len(first))[stroke]
    return whole


@compiled
def _partners(order, starts, away, name, sharpest, same_name):
    """Return the end in which each end goes on, -1 for none: at each node the straightest pair first."""
    partner = np.full(len(order), -1, np.int64)
    for k in range(len(starts) - 1):
        ends = order[starts[k] : starts[k + 1]]
        while True:
            best, a, b = sharpest, -1, -1
            for i in range(len(ends)):
                for j in range(i):
                    one, other = ends[i], ends[j]
                    if partner[one] >= 0 or partner[other] >= 0:
                        continue
                    # Two ends that go on straight point away from the node in opposite directions.
                    bend = abs(np.pi - abs(away[one] - away[other]))
                    if name[one] >= 0 and name[one] == name[other]:
                        bend -= same_name
                    if bend < best:
                        best, a, b = bend, one, other
            if a < 0:
                break
            partner[a], partner[b] = b, a
    return partner


@compiled
def _strokes(partner, count):
    """Return a number of the stroke of each piece: that of one of its pieces."""
    stroke = np.full(count, -1, np.int64)
    for piece in range(count):
        if stroke[piece] >= 0:
            continue
        stroke[piece] = piece
        for begin in (piece, piece + count):
            end = partner[begin]
            while end >= 0 and stroke[end % count] < 0:
                stroke[end % count] = piece
                # Out at the other end of that piece.
                end = partner[end + count if end < count else end - count]
    return stroke
