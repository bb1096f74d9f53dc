# mypy: allow-untyped-defs
"""Many polylines in two flat arrays, as compiled loops like them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, Offsets, compiled, floats, ints, repeated


class Polylines:
    """Polylines in metric coordinates: piece ``i`` is ``coords[offsets[i]:offsets[i + 1]]``.

    A piece may be in several parts (a street in two halves on both sides of a square). Its length and the
    fractions along it count the parts one after the other and leave out the gaps.

    Parameters
    ----------
    coords : (n, 2) float64 array
        x and y in metres.
    offsets : (m + 1,) int64 array
        Where each piece begins, and n.
    gaps : (n,) bool array, optional
        True at vertices with no line from the vertex before; the first of a piece always is one.

    Raises
    ------
    ValueError
        If the offsets do not fit the coordinates, a piece is empty, or a coordinate is not finite.
    """

    def __init__(self, coords: ArrayLike, offsets: ArrayLike, gaps: NDArray[np.bool_] | None = None) -> None:
        self.coords: Floats = np.require(coords, np.float64, ["C", "W"]).reshape(-1, 2)
        self.offsets: Offsets = np.require(offsets, np.int64, ["C", "W"])
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.coords):
            raise ValueError("offsets must begin with 0 and end with the number of coordinates")
        empty = np.flatnonzero(np.diff(self.offsets) < 1)
        if len(empty):
            raise ValueError(f"line {empty[0]} is empty")
        bad = np.flatnonzero(~np.isfinite(self.coords).all(axis=1))
        if len(bad):
            raise ValueError(f"line {self.piece_of_vertex[bad[0]]} has a coordinate that is not a number")
        self.gaps = np.zeros(len(self.coords), np.bool_) if gaps is None else np.array(gaps, np.bool_)
        self.gaps[self.offsets[:-1]] = True
        self.along: Floats = self._along()

    @classmethod
    def from_shapely(cls, lines: Sequence[shapely.Geometry] | NDArray[Any]) -> "Polylines":
        """Take LineStrings and MultiLineStrings whose coordinates are metres.

        Raises
        ------
        ValueError
            If a geometry is missing, empty, not a line, or has a coordinate that is not a number.
        """
        pieces = np.array(lines, dtype=object)
        kinds = shapely.get_type_id(pieces)
        wrong = np.flatnonzero(~np.isin(kinds, (1, 2, 5)) | shapely.is_empty(pieces))
        if len(wrong):
            found = "missing" if kinds[wrong[0]] == -1 else repr(pieces[wrong[0]].geom_type) + " or empty"
            raise ValueError(f"line {wrong[0]} must be a line with coordinates, but is {found}")
        # Parts that meet end to end in one direction are one part; parts that are one point are left out.
        several = (shapely.get_num_geometries(pieces) > 1) & (shapely.length(pieces) > 0.0)
        pieces[several] = shapely.line_merge(pieces[several], directed=True)
        parts, piece_of_part = shapely.get_parts(pieces, return_index=True)
        coords, part_of_vertex = shapely.get_coordinates(parts, return_index=True)
        gaps = np.diff(part_of_vertex, prepend=-1) != 0
        counts = np.bincount(piece_of_part[part_of_vertex], minlength=len(pieces))
        return cls(coords, np.concatenate([[0], np.cumsum(counts)]), gaps)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def piece_of_vertex(self) -> Ints:
        """The piece each vertex belongs to, (n,) int32."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))

    @cached_property
    def lengths(self) -> Floats:
        """The length of each piece in metres, gaps left out, (m,)."""
        return self.along[self.offsets[1:] - 1]

    def _along(self) -> Floats:
        """Return how far along its piece each vertex lies, in metres, (n,)."""
        steps = np.zeros(len(self.coords))
        steps[1:] = np.hypot(*np.diff(self.coords, axis=0).T)
        steps[self.gaps] = 0.0
        along: Floats = _running_sums(steps, self.offsets)
        return along

    def without_repeats(self) -> "Polylines":
        """Return the same lines with no two neighbouring vertices equal.

        A part that is one point keeps two vertices, so that every part has an edge.
        """
        same = np.zeros(len(self.coords), np.bool_)
        same[1:] = (self.coords[1:] == self.coords[:-1]).all(axis=1)
        keep = self.gaps | ~same
        part = np.cumsum(self.gaps) - 1
        kept_in_part = np.bincount(part, weights=keep).astype(np.int64)
        counts = np.where((kept_in_part == 1)[part] & self.gaps, 2, keep.astype(np.int64))
        source = np.repeat(np.arange(len(self.coords)), counts)
        gaps = self.gaps[source]
        gaps[1:] &= source[1:] != source[:-1]
        per_piece = np.add.reduceat(counts, self.offsets[:-1]) if len(self) else counts
        return Polylines(self.coords[source], np.concatenate([[0], np.cumsum(per_piece)]), gaps)

    def interpolate(
        self, piece: ArrayLike, fraction: ArrayLike, offset_m: ArrayLike = 0.0
    ) -> tuple[Floats, Floats]:
        """Return the points at fractions of the length of pieces.

        Parameters
        ----------
        piece : (k,) int32 array
        fraction : (k,) float64 array
            0 at the first vertex, 1 at the last; clipped to that range.
        offset_m : float or (k,) float64 array
            Metres to step aside, at a right angle: positive to the left of the digitised direction.

        Returns
        -------
        x, y : (k,) float64 arrays
            Metres; NaN where the piece is -1 or the fraction is NaN.
        """
        pieces, fractions = ints(piece), floats(fraction)
        offsets = repeated(offset_m, len(pieces))
        if pieces.shape != fractions.shape:
            raise ValueError("piece and fraction must be equally long")
        if pieces.size and (pieces.max() >= len(self) or pieces.min() < -1):
            raise ValueError(f"piece must be between -1 and {len(self) - 1}")
        x, y = np.full(pieces.shape, np.nan), np.full(pieces.shape, np.nan)
        _interpolate(self.coords, self.offsets, self.along, pieces, fractions, offsets, x, y)
        return x, y


@compiled
def _running_sums(steps, offsets):
    """Add steps up within each piece, so that no piece's rounding depends on the pieces before it."""
    along = np.zeros(len(steps))
    for piece in range(len(offsets) - 1):
        for i in range(offsets[piece] + 1, offsets[piece + 1]):
            along[i] = along[i - 1] + steps[i]
    return along


@compiled
def _interpolate(coords, offsets, along, piece, fraction, aside, x, y):
    for k in range(len(piece)):
        if piece[k] < 0 or np.isnan(fraction[k]):
            continue
        first, last = offsets[piece[k]], offsets[piece[k] + 1] - 1
        target = min(max(fraction[k], 0.0), 1.0) * along[last]
        # The edge i, i + 1 that holds the target; gaps and repeated vertices have no length to hold it.
        i = first + np.searchsorted(along[first + 1 : last], target)
        while i + 1 < last and along[i + 1] == along[i]:
            i += 1
        if i == last:
            x[k], y[k] = coords[i, 0], coords[i, 1]
            continue
        dx, dy = coords[i + 1, 0] - coords[i, 0], coords[i + 1, 1] - coords[i, 1]
        length = along[i + 1] - along[i]
        share = (target - along[i]) / length if length > 0.0 else 0.0
        x[k], y[k] = coords[i, 0] + share * dx, coords[i, 1] + share * dy
        if length > 0.0:
            x[k] -= aside[k] * dy / length
            y[k] += aside[k] * dx / length
