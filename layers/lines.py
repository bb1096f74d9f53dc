"""Street centerlines as segments: one line each, with its share of the house numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.osm import cut_at_nodes
from layers.sources import Objects


class Pieces(NamedTuple):
    """Lines of one piece each."""

    lines: Objects
    """(m,) LineString, EPSG:4326."""
    row: NDArray[np.intp]
    """(m,): the feature a piece belongs to; in ascending order."""
    numbers: NDArray[np.int64]
    """(4, m): left from, left to, right from, right to; 0 where there is none."""
    pointlike: int
    """How many features had no length, and so no piece."""
    shared: int
    """How many features with house numbers are in several pieces."""


def whole_lines(geometry: Objects, numbers: NDArray[np.int64], *, cut: bool) -> Pieces:
    """Part features into lines of one piece.

    Parameters
    ----------
    geometry : (n,) array of LineString or MultiLineString
        EPSG:4326. Parts that follow one another in the digitised direction are one piece.
    numbers : (4, n) int array
        House numbers of each feature; pieces share them out by their length.
    cut : bool
        Whether lines end at the nodes they share, as OpenStreetMap's ways do not.
    """
    merged = geometry.copy()
    several = np.flatnonzero(shapely.get_type_id(geometry) == 5)
    merged[several] = shapely.line_merge(geometry[several], directed=True)
    lines, row = shapely.get_parts(merged, return_index=True)
    if cut:
        lines, line_of_piece = cut_at_nodes(lines)
        row = row[line_of_piece]
    real = shapely.length(lines) > 0
    lines, row = lines[real], row[real]
    pieces_of = np.bincount(row, minlength=len(geometry))
    divided = (pieces_of > 1) & (numbers > 0).any(axis=0)
    own = numbers[:, row]
    for feature in np.flatnonzero(divided).tolist():
        mine = slice(*np.searchsorted(row, [feature, feature + 1]).tolist())
        own[:, mine] = _shared_out(numbers[:, feature], shapely.length(lines[mine]))
    return Pieces(lines, row, own, int((pieces_of == 0).sum()), int(divided.sum()))


def _shared_out(numbers: NDArray[np.int64], lengths: NDArray[np.float64]) -> NDArray[np.int64]:
    """Divide the numbers of a feature among its pieces by length, keeping odd and even apart; (4, pieces)."""
    ends = np.cumsum(lengths) / lengths.sum()
    starts = np.concatenate([[0.0], ends[:-1]])
    own = np.zeros((4, len(lengths)), np.int64)
    for begin in (0, 2):
        low, high = numbers[begin], numbers[begin + 1]
        if low and high:
            own[begin] = low + 2 * np.ceil((high - low) * starts / 2).astype(np.int64)
            own[begin + 1] = low + 2 * np.floor((high - low) * ends / 2).astype(np.int64)
    return own
