# mypy: allow-untyped-defs
"""The nearest of many points: assets, addresses, open tickets."""

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Floats, Ints, compiled, float_pairs, in_chunks, repeated, resolved
from geo.grid import Visit, cells_around, edge_grid, start_of_walk, visit, way_to_cell
from geo.segments import keep_nearest


class PointIndex:
    """Points indexed for exact searches by the million; ties go to the lowest index.

    Parameters
    ----------
    x, y : (n,) float64 arrays
        Metres.

    Raises
    ------
    ValueError
        If a coordinate is not finite.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike) -> None:
        x, y = float_pairs(x, y)
        bad = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
        if len(bad):
            raise ValueError(f"point {bad[0]} has a coordinate that is not a number")
        self._count = len(x)
        # A point is an edge whose ends meet.
        self._grid = edge_grid(np.column_stack([x, y, x, y]), np.arange(len(x), dtype=np.int32))
        nowhere, none = visit(x[:0], y[:0], self._grid), np.zeros(0, np.int32)
        self._fill = resolved(_nearest, 0, 0, nowhere, 1.0, self._grid, none, x[:0])

    def __len__(self) -> int:
        return self._count

    def nearest(self, x: ArrayLike, y: ArrayLike, *, max_m: float) -> tuple[Ints, Floats]:
        """Return the nearest point of each pin.

        Parameters
        ----------
        x, y : float or (n,) float64 arrays
            Metres. NaN and infinity find nothing.
        max_m : float
            Points farther away than this are not found.

        Returns
        -------
        index : (n,) int32 array
            -1 where there is none.
        distance_m : (n,) float64 array
            NaN where there is none.
        """
        x, y = float_pairs(x, y)
        return self.nearest_on(visit(x, y, self._grid), max_m)

    def nearest_on(self, pins: Visit, max_m: float) -> tuple[Ints, Floats]:
        """Do as `nearest` does, for pins on a visit."""
        count = len(pins.order)
        index, distance = np.empty(count, np.int32), np.empty(count)
        in_chunks(count, self._fill, pins, float(max_m), self._grid, index, distance)
        return index, distance

    def within(self, x: ArrayLike, y: ArrayLike, radius: ArrayLike, k: int = 8) -> tuple[Ints, Floats]:
        """Return up to k points within a radius of each pin, nearest first.

        Parameters
        ----------
        radius : float or (n,) float64 array
            Metres: one for all pins, or one for each.

        Returns
        -------
        index : (n, k) int32 array
            Padded with -1.
        distance_m : (n, k) float64 array
            Padded with NaN.
        """
        x, y = float_pairs(x, y)
        index, distance = np.full((len(x), k), -1, np.int32), np.full((len(x), k), np.nan)
        pins, radii = visit(x, y, self._grid), repeated(radius, len(x))
        in_chunks(len(x), _within, pins, radii, self._grid, index, distance)
        return index, distance


@compiled
def _nearest(start, stop, pins, max_m, grid, index, distance):
    for k in range(start, stop):
        index[pins.order[k]], distance[pins.order[k]] = -1, np.nan
        if np.isfinite(pins.x[k]) and np.isfinite(pins.y[k]):
            best, square = _walk(pins.x[k], pins.y[k], max_m, grid)
            if best >= 0:
                index[pins.order[k]], distance[pins.order[k]] = best, np.sqrt(square)


@compiled
def _walk(px, py, max_m, grid):
    """Return the nearest point and the square of the way to it."""
    column, row, margin, outside = start_of_walk(px, py, grid)
    best, best_square = -1, max_m * max_m
    for ring in range(max(grid.columns, grid.rows)):
        for r in range(max(row - ring, 0), min(row + ring, grid.rows - 1) + 1):
            up = way_to_cell(py - grid.y0, r, grid.size)
            step = 1 if abs(r - row) == ring else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                across = way_to_cell(px - grid.x0, c, grid.size)
                if 0 <= c < grid.columns and across * across + up * up <= best_square:
                    best, best_square = _look(r * grid.columns + c, px, py, grid, best, best_square)
        seen = margin + ring * grid.size
        if outside + seen * seen > best_square:
            break
    return best, best_square


@compiled
def _look(cell, px, py, grid, best, best_square):
    """Return the nearest point once those of a cell have been compared."""
    for k in range(grid.starts[cell], grid.starts[cell + 1]):
        square = (px - grid.ends[k, 0]) ** 2 + (py - grid.ends[k, 1]) ** 2
        if square < best_square or (square == best_square and not 0 <= best < grid.edges[k]):
            best, best_square = grid.edges[k], square
    return best, best_square


@compiled
def _within(start, stop, pins, radius, grid, index, distance):
    for pin in range(start, stop):
        i, px, py = pins.order[pin], pins.x[pin], pins.y[pin]
        left, right, bottom, top = cells_around(px, py, radius[i], grid)
        for row in range(bottom, top + 1):
            for k in range(
                grid.starts[row * grid.columns + left], grid.starts[row * grid.columns + right + 1]
            ):
                way = np.sqrt((px - grid.ends[k, 0]) ** 2 + (py - grid.ends[k, 1]) ** 2)
                if way <= radius[i]:
                    keep_nearest(grid.edges[k], way, index[i], distance[i])
