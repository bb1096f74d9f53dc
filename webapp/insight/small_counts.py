"""Small counts tell of persons: who sees that one ticket of a street is about housing knows whose it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST = 5
"""Of areas with fewer tickets than this, but some, nothing is said."""


def hidden(counts: ArrayLike) -> NDArray[np.bool_]:
    """Return which counts of areas are not shown, so that none can be told from their total either.

    Those from 1 to 4 are not. Were one of them alone, or did all of them add up to less than 5, the total of
    the areas would tell them: then the smallest of the others is not shown with them, until neither is so. No
    tickets is no secret. Comparing several periods, or areas of several kinds, is not guarded against.

    Parameters
    ----------
    counts
        Shape (n,), whole numbers, not negative.

    Returns
    -------
    hidden : (n,) bool array
    """
    numbers = np.asarray(counts, dtype=np.int64)
    found = (numbers > 0) & (numbers < FEWEST)
    if not found.any():
        return found
    for next_one in np.argsort(numbers, kind="stable"):
        if found.sum() > 1 and numbers[found].sum() >= FEWEST:
            break
        if numbers[next_one] >= FEWEST:
            found[next_one] = True
    return found
