"""Which tickets tell that work did not last: the same at the same place again, soon after it was fixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WITHIN = np.timedelta64(90, "D")


def repeats(
    service: NDArray[np.int16],
    asset: NDArray[np.int32],
    segment: NDArray[np.int32],
    opened: NDArray[np.datetime64],
    fixed_at: NDArray[np.datetime64],
) -> NDArray[np.bool_]:
    """Return which were opened up to 90 days after one of the same service was fixed at the same place.

    The place is the asset; of tickets without one, the street segment. Tickets with neither repeat nothing.

    Parameters
    ----------
    service, asset, segment
        Shape (n,), numbers of each; -1 for no asset, and for no segment.
    opened
        Shape (n,), UTC.
    fixed_at
        Shape (n,), UTC, when it was closed; NaT where it is not fixed.

    Returns
    -------
    numpy.ndarray
        Shape (n,).
    """
    place = np.where(asset >= 0, 2 * asset.astype(np.int64), 2 * segment.astype(np.int64) + 1)
    somewhere = np.flatnonzero((asset >= 0) | (segment >= 0))
    fixed = somewhere[~np.isnat(fixed_at[somewhere])]
    # Of each place and service all that happens is put in order: what was fixed last, before each opening?
    happens = np.concatenate([fixed, somewhere])
    is_fix = np.arange(len(happens)) < len(fixed)
    at = np.concatenate([fixed_at[fixed], opened[somewhere]])
    order = np.lexsort((~is_fix, at, place[happens], service[happens]))
    happens, is_fix, at = happens[order], is_fix[order], at[order]
    last = np.maximum.accumulate(np.where(is_fix, np.arange(len(happens)), -1))
    before = happens[last]
    same = (last >= 0) & (place[before] == place[happens]) & (service[before] == service[happens])
    # A ticket closed at the moment when it was opened was not there before itself.
    same &= ~is_fix & (before != happens) & (at - at[last] <= WITHIN)
    found = np.zeros(len(service), dtype=bool)
    found[happens[same]] = True
    return found
