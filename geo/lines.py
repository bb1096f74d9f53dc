"""What may be wrong with a layer of lines: no length, drawn twice. Coordinates are metres."""

from collections.abc import Sequence

import numpy as np
import shapely


def zero_length(lines: Sequence[shapely.Geometry], *, min_m: float = 0.01) -> list[int]:
    """Return the lines shorter than `min_m`, too short to stand beside."""
    return [int(i) for i in np.flatnonzero(shapely.length(np.asarray(lines, dtype=object)) < min_m)]


def duplicates(lines: Sequence[shapely.Geometry], *, grid_m: float = 0.01) -> list[tuple[int, int]]:
    """Return (earlier, later) for every line that has the course of an earlier one, in either direction.

    Vertices are compared on a grid of `grid_m`.
    """
    snapped = shapely.transform(
        np.array(lines, dtype=object), lambda coords: np.rint(np.asarray(coords) / grid_m)
    )
    earlier: dict[bytes, int] = {}
    found = []
    for i, course in enumerate(shapely.to_wkb(shapely.normalize(snapped))):
        first = earlier.setdefault(course, i)
        if first != i:
            found.append((first, i))
    return found
