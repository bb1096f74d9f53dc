"""A plane covered with hexagons of one size: which one holds a point, and where it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, float_pairs

Cells = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Hexagons:
    """Hexagons with a corner on top, the same wherever one begins to count.

    The middles of every second row lie half a hexagon to the side, so they are two grids of rectangles, one
    shifted into the middles of the other. A point belongs to the nearer of its nearest middles in both. Two
    whole numbers (i, j) name a cell, both even in one grid and both odd in the other: half the width times i,
    and half the rectangle's height times j, is its middle.
    """

    width: float
    """Metres from side to side, and from each middle to the six next ones."""

    @property
    def height(self) -> float:
        """Metres from a row to the one after the next."""
        return self.width * math.sqrt(3.0)

    def cells(self, x: ArrayLike, y: ArrayLike) -> Cells:
        """Return the hexagon of each point.

        Parameters
        ----------
        x, y : float or (n,) arrays
            Metres, finite.

        Returns
        -------
        i, j : (n,) int64 arrays
        """
        x, y = float_pairs(x, y)
        across, up = x / self.width, y / self.height
        even = np.rint(across), np.rint(up)
        odd = np.floor(across) + 0.5, np.floor(up) + 0.5
        far_even = (across - even[0]) ** 2 + 3.0 * (up - even[1]) ** 2
        far_odd = (across - odd[0]) ** 2 + 3.0 * (up - odd[1]) ** 2
        nearer = far_even <= far_odd
        i, j = (np.where(nearer, a, b) * 2.0 for a, b in zip(even, odd, strict=True))
        return i.astype(np.int64), j.astype(np.int64)

    def middles(self, i: ArrayLike, j: ArrayLike) -> tuple[Floats, Floats]:
        """Return the middle of each cell, x and y in metres."""
        return np.asarray(i) * (self.width / 2.0), np.asarray(j) * (self.height / 2.0)

    def polygons(self, i: ArrayLike, j: ArrayLike) -> NDArray[np.object_]:
        """Return each cell as a polygon, in metres."""
        x, y = self.middles(i, j)
        turn = np.radians(np.arange(30, 390, 60))
        reach = self.width / math.sqrt(3.0)
        corners = np.stack(
            [x[:, None] + reach * np.cos(turn), y[:, None] + reach * np.sin(turn)],
            axis=-1,
        )
        made: NDArray[np.object_] = np.asarray(shapely.polygons(corners), dtype=object)
        return made

    def covering(self, area: shapely.Geometry) -> Cells:
        """Return the hexagons that share ground with an area (metres), row by row."""
        west, south, east, north = shapely.bounds(area).tolist()
        first, last = (2 * math.floor(west / self.width) - 1, 2 * math.ceil(east / self.width) + 1)
        bottom, top = (2 * math.floor(south / self.height) - 1, 2 * math.ceil(north / self.height) + 1)
        j, i = np.mgrid[bottom : top + 1, first : last + 1]
        same = (i + j) % 2 == 0
        i, j = i[same].astype(np.int64), j[same].astype(np.int64)
        shapely.prepare(area)
        touched = shapely.intersects(area, self.polygons(i, j))
        return i[touched], j[touched]
