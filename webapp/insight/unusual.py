"""Days that break the pattern: many more, or many fewer, reports than the same day of the weeks before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEEKS_BEFORE = 8
FAR = 3.5
"""Robust deviations; of one day in two thousand by chance alone, if counts scattered as normal ones do."""


def unusual(counts: NDArray[np.int64], last: int) -> Iterator[tuple[int, float]]:
    """Yield the places of unusual days among the last ones, and what is usual on such a day.

    A day is compared with the median of the same day of the eight weeks before, on square roots, which
    scatter about as widely for few as for many. How far a day of these weeks lies from its own median tells
    what is far.

    Parameters
    ----------
    counts
        Reports of each day, shape (days,).
    last
        How many days at the end to judge.
    """
    roots = np.sqrt(counts.astype(np.float64))
    before = 7 * WEEKS_BEFORE
    for place in range(max(before, len(roots) - last), len(roots)):
        weeks: NDArray[Any] = roots[place - before : place].reshape(WEEKS_BEFORE, 7)
        usual = np.median(weeks, axis=0)
        # The root of a count scatters by a half: no series is calmer.
        spread = max(1.4826 * float(np.median(np.abs(weeks - usual))), 0.5)
        if abs(roots[place] - usual[0]) > FAR * spread:
            yield place, float(usual[0] ** 2)
