"""A good order to drive to some stops: nearest neighbour first, then better by exchanges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Floats, Ints, float_pairs

_GAIN_M = 1e-6
"""A smaller gain is rounding, and would go on for ever."""


def order(start: tuple[float, float], x: ArrayLike, y: ArrayLike) -> Ints:
    """Return a good order in which to visit all stops once, from a start, without coming back.

    Distances are straight lines, which order stops of one city about as streets would.

    Parameters
    ----------
    start
        x and y, metres.
    x, y : (n,) float64 arrays
        Metres.

    Returns
    -------
    (n,) int32 array
        The positions of the stops, the first to visit first.

    Notes
    -----
    The nearest neighbour each time, made better by 2-opt (a stretch the other way round; G. A. Croes, "A
    method for solving traveling-salesman problems", Operations Research 6, 1958) and by moving a stretch of
    up to three stops elsewhere (I. Or, 1976), the best of all exchanges at a time, until none gains.
    """
    x, y = float_pairs(x, y)
    between = _distances(np.append(start[0], x), np.append(start[1], y))
    path = _nearest_neighbour(between)
    while (better := _best_reversal(path, between)) is not None or (
        better := _best_relocation(path, between)
    ) is not None:
        path = better
    return (path[1:] - 1).astype(np.int32)


def length(start: tuple[float, float], x: ArrayLike, y: ArrayLike) -> float:
    """Return how far it is from a start along stops in their order, in metres."""
    x, y = float_pairs(x, y)
    return float(np.hypot(np.diff(x, prepend=start[0]), np.diff(y, prepend=start[1])).sum())


def _distances(x: Floats, y: Floats) -> Floats:
    distances: Floats = np.hypot(x[:, None] - x, y[:, None] - y)
    return distances


def _nearest_neighbour(between: Floats) -> Ints:
    path, left = [0], np.ones(len(between), bool)
    left[0] = False
    while left.any():
        nearest = int(np.argmin(np.where(left, between[path[-1]], np.inf)))
        path.append(nearest)
        left[nearest] = False
    return np.array(path, np.int32)


def _best_reversal(path: Ints, between: Floats) -> Ints | None:
    """Return the path with its best stretch i…j the other way round, None where none is shorter.

    The start stays; behind the last stop there is nothing to connect to.
    """
    if len(path) < 3:
        return None
    before, after = path[:-1], np.append(path[2:], path[0])
    steps = between[path[:-1], path[1:]]
    behind = np.append(steps[1:], 0.0)
    to_next = between[np.ix_(path[1:], after)]
    to_next[:, -1] = 0.0
    gain = steps[:, None] + behind - between[np.ix_(before, path[1:])] - to_next
    gain[np.tril_indices(len(gain))] = 0.0
    i, j = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if gain[i, j] <= _GAIN_M:
        return None
    better = path.copy()
    better[i + 1 : j + 2] = better[i + 1 : j + 2][::-1]
    return better


def _best_relocation(path: Ints, between: Floats) -> Ints | None:
    """Return the path with a stretch of one to three stops moved elsewhere, None where none is shorter."""
    best, found = _GAIN_M, None
    for size in (1, 2, 3):
        for i in range(1, len(path) - size + 1):
            stretch = path[i : i + size]
            rest = np.concatenate([path[:i], path[i + size :]])
            saved = between[path[i - 1], stretch[0]]
            if i + size < len(path):
                saved += between[stretch[-1], path[i + size]] - between[path[i - 1], path[i + size]]
            if saved <= best:
                continue
            for turned in (stretch, stretch[::-1]):
                onward = np.append(between[turned[-1], rest[1:]] - between[rest[:-1], rest[1:]], 0.0)
                cost = between[rest, turned[0]] + onward
                at = int(np.argmin(cost))
                if saved - cost[at] > best:
                    best = float(saved - cost[at])
                    found = np.concatenate([rest[: at + 1], turned, rest[at + 1 :]])
    return found
