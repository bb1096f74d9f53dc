"""The streets behind a map that has no tiles: on a picture, and in a file for readers without a network."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.strokes import stroke_lengths
from layers.atlas import Atlas

TOLERANCE_M = 5.0
"""Less than a street's line is wide where a district fills the screen."""
MOST_VERTICES = 30_000
"""Some 100 KB, packed and compressed; of a whole city the longest streets are taken."""
MARGIN_M = 300.0


def streets(atlas: Atlas, around: shapely.Geometry) -> NDArray[np.object_]:
    """Return the streets around an area, joined to long lines; of too many, the longest.

    Parameters
    ----------
    around
        In the city's metric CRS, as what is returned.

    Returns
    -------
    lines : (n,) LineStrings
    """
    lines = atlas.segments.lines
    first = lines.offsets[:-1]
    low, high = np.minimum.reduceat(lines.coords, first), np.maximum.reduceat(lines.coords, first)
    west, south, east, north = shapely.bounds(around) + MARGIN_M * np.array([-1, -1, 1, 1])
    near = np.asarray(((low <= [east, north]) & (high >= [west, south])).all(axis=1))
    length = stroke_lengths(lines, atlas.segments.street)
    vertices = np.where(near, np.diff(lines.offsets), 0)
    longest = np.argsort(-length, kind="stable")
    taken = np.zeros(len(lines), np.bool_)
    taken[longest[np.cumsum(vertices[longest]) <= MOST_VERTICES]] = True
    vertex = np.flatnonzero((near & taken)[lines.piece_of_vertex])
    part = np.cumsum(lines.gaps)[vertex]
    several = np.bincount(part)[part] > 1 if len(part) else np.zeros(0, np.bool_)
    if not several.any():
        return np.zeros(0, dtype=object)
    number = np.unique(part[several], return_inverse=True)[1]
    pieces = np.asarray(shapely.linestrings(lines.coords[vertex][several], indices=number), dtype=object)
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(pieces)))
    simple: NDArray[np.object_] = shapely.simplify(merged, TOLERANCE_M)
    return simple
