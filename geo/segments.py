# mypy: allow-untyped-defs
"""The nearest street segment of a pin: exact, with the snapped point, the side and how far along.

Every search gives what comparing the pin with every segment would. Ties go to the lowest segment.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, compiled, float_pairs, in_chunks, ints, repeated
from geo.grid import (
    Grid,
    cells_around,
    closest_on_edge,
    edge_grid,
    start_of_walk,
    visit,
    way_to_cell,
)
from geo.polylines import Polylines

# A pin within a micrometre of the line, or of its straight continuation, is on neither side.
_ON_LINE_M = 1e-6


class NearestSegments(NamedTuple):
    """For each pin its nearest segment; -1, NaN and 0 where there is none."""

    segment: Ints
    distance_m: Floats
    x: Floats  # of the snapped point
    y: Floats
    side: NDArray[np.int8]  # +1 left, -1 right of the digitised direction, 0 on the line
    fraction: Floats  # 0 to 1 of the segment's length
    other: Ints  # the nearest segment but this one
    other_distance_m: Floats


class SegmentsWithin(NamedTuple):
    """For each pin (row) up to k segments, nearest first, padded with -1 and NaN."""

    segment: Ints
    distance_m: Floats


class Lines(NamedTuple):
    """What the compiled loops need of the polylines; edge ``i`` goes from vertex ``i`` to ``i + 1``."""

    coords: Floats
    offsets: NDArray[np.int64]
    gaps: NDArray[np.bool_]
    along: Floats
    piece: Ints


class SegmentIndex:
    """Street segments, indexed for searches by the million.

    Parameters
    ----------
    polylines : Polylines
        One piece a segment, in metres.
    """

    def __init__(self, polylines: Polylines) -> None:
        lines = polylines.without_repeats()
        self.lines = Lines(lines.coords, lines.offsets, lines.gaps, lines.along, lines.piece_of_vertex)
        edges = np.flatnonzero(~lines.gaps[1:])
        ends = np.hstack([lines.coords[edges], lines.coords[edges + 1]])
        self.grid: Grid = edge_grid(ends, edges.astype(np.int32))

    def __len__(self) -> int:
        return len(self.lines.offsets) - 1

    def nearest(self, x: ArrayLike, y: ArrayLike, *, max_m: float) -> NearestSegments:
        """Return the nearest segment of each pin.

        Parameters
        ----------
        x, y : float or (n,) float64 arrays
            Metres. NaN and infinity find nothing.
        max_m : float
            Segments farther away than this are not found, neither as nearest nor as `other`.

        Returns
        -------
        NearestSegments
            Arrays of n items.
        """
        x, y = float_pairs(x, y)
        ordinals, numbers = _rows(len(x))
        pins = visit(x, y, self.grid)
        in_chunks(len(x), _nearest, pins, float(max_m), self.grid, self.lines, ordinals, numbers)
        return _columns(ordinals, numbers)

    def within(self, x: ArrayLike, y: ArrayLike, radius: ArrayLike, k: int = 8) -> SegmentsWithin:
        """Return up to k different segments within a radius of each pin, nearest first.

        Parameters
        ----------
        radius : float or (n,) float64 array
            Metres: one for all pins, or one for each.

        Returns
        -------
        SegmentsWithin
            Arrays of shape (n, k).
        """
        x, y = float_pairs(x, y)
        found = SegmentsWithin(np.full((len(x), k), -1, np.int32), np.full((len(x), k), np.nan))
        pins, radii = visit(x, y, self.grid), repeated(radius, len(x))
        in_chunks(len(x), _within, pins, radii, self.grid, self.lines.piece, *found)
        return found

    def project(self, x: ArrayLike, y: ArrayLike, segment: ArrayLike) -> NearestSegments:
        """Snap each pin to a segment already chosen, however far; `other` stays -1.

        Parameters
        ----------
        segment : (n,) int32 array
            The segment of each pin; -1 for none.
        """
        x, y = float_pairs(x, y)
        segments = ints(segment)
        if segments.shape != x.shape or (len(x) and not (-1 <= segments.min() <= segments.max() < len(self))):
            raise ValueError(f"segment must hold one number between -1 and {len(self) - 1} for each pin")
        ordinals, numbers = _rows(len(x))
        in_chunks(len(x), _project, x, y, segments, self.lines, ordinals, numbers)
        return _columns(ordinals, numbers)


def _rows(count: int) -> tuple[Ints, Floats]:
    """Return room for answers row by row: all of one pin lies in one place in memory."""
    return np.empty((count, 3), np.int32), np.empty((count, 5))


def _columns(ordinals: Ints, numbers: Floats) -> NearestSegments:
    segment, other, side = ordinals.T
    distance, x, y, fraction, other_distance = numbers.T
    return NearestSegments(segment, distance, x, y, side.astype(np.int8), fraction, other, other_distance)


@compiled
def _nearest(start, stop, pins, max_m, grid, lines, ordinals, numbers):
    for k in range(start, stop):
        px, py = pins.x[k], pins.y[k]
        edge, other, square = nearest_edges(px, py, max_m, grid, lines.piece)
        _write(pins.order[k], px, py, edge, other, square, lines, ordinals, numbers)


@compiled
def _write(i, px, py, edge, other, other_square, lines, ordinals, numbers):
    """Write down all about pin `i`, given its nearest edge and the nearest edge of another piece."""
    ordinals[i, 0], ordinals[i, 1], ordinals[i, 2] = -1, -1, 0
    numbers[i] = np.nan
    if edge >= 0:
        side, distance, sx, sy, fraction = snapped(px, py, edge, lines)
        ordinals[i, 0], ordinals[i, 2] = lines.piece[edge], side
        numbers[i, 0], numbers[i, 1], numbers[i, 2], numbers[i, 3] = distance, sx, sy, fraction
    if other >= 0:
        ordinals[i, 1], numbers[i, 4] = lines.piece[other], np.sqrt(other_square)


@compiled
def nearest_edges(px, py, max_m, grid, piece):
    """Return the nearest edge, the nearest edge of another piece, and the square of the way to that one."""
    best, other = -1, -1
    best_square = other_square = max_m * max_m
    if not (np.isfinite(px) and np.isfinite(py)):
        return best, other, other_square
    column, row, margin, outside = start_of_walk(px, py, grid)
    for ring in range(max(grid.columns, grid.rows)):
        for r in range(max(row - ring, 0), min(row + ring, grid.rows - 1) + 1):
            up = way_to_cell(py - grid.y0, r, grid.size)
            step = 1 if abs(r - row) == ring else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                across = way_to_cell(px - grid.x0, c, grid.size)
                if 0 <= c < grid.columns and across * across + up * up <= other_square:
                    best, best_square, other, other_square = _look(
                        r * grid.columns + c, px, py, grid, piece, best, best_square, other, other_square
                    )
        seen = margin + ring * grid.size
        if outside + seen * seen > other_square:
            break
    return best, other, other_square


@compiled
def _look(cell, px, py, grid, piece, best, best_square, other, other_square):
    """Return the two nearest edges of different pieces once those of a cell have been compared."""
    for k in range(grid.starts[cell], grid.starts[cell + 1]):
        _, sx, sy = closest_on_edge(
            px, py, grid.ends[k, 0], grid.ends[k, 1], grid.ends[k, 2], grid.ends[k, 3]
        )
        square = (px - sx) ** 2 + (py - sy) ** 2
        if square > other_square:
            continue
        edge = grid.edges[k]
        same = best >= 0 and piece[edge] == piece[best]
        if square < best_square or (square == best_square and not 0 <= best < edge):
            if not same:
                other, other_square = best, best_square
            best, best_square = edge, square
        elif not same and (square < other_square or not 0 <= other < edge):
            other, other_square = edge, square
    return best, best_square, other, other_square


@compiled
def snapped(px, py, edge, lines):
    """Return a pin's side, its distance, its snapped point and the fraction there, given its nearest edge."""
    a, b = lines.coords[edge], lines.coords[edge + 1]
    share, sx, sy = closest_on_edge(px, py, a[0], a[1], b[0], b[1])
    length = lines.along[lines.offsets[lines.piece[edge] + 1] - 1]
    at = lines.along[edge] + share * (lines.along[edge + 1] - lines.along[edge])
    fraction = min(at / length, 1.0) if length > 0.0 else 0.0
    distance = np.sqrt((px - sx) ** 2 + (py - sy) ** 2)
    return _side(px - sx, py - sy, edge, share, lines), distance, sx, sy, fraction


@compiled
def _side(wx, wy, edge, share, lines):
    """Return the side on which a pin lies that is (wx, wy) metres from its snapped point on an edge.

    At a corner the pin is compared with the tangent there, the mean of both edges' directions: J. A.
    Bærentzen and H. Aanæs, "Signed distance computation using the angle weighted pseudonormal" (2005), in
    the plane. Beyond an end, the last edge is continued.
    """
    tx, ty = _direction(edge, lines)
    neighbour = -1
    if share == 0.0:
        neighbour = _neighbour(edge, lines, False)
    elif share == 1.0:
        neighbour = _neighbour(edge, lines, True)
    if neighbour >= 0:
        nx, ny = _direction(neighbour, lines)
        norm = np.hypot(tx + nx, ty + ny)
        if norm > 1e-9:  # Else the line turns right back, and both edges give the pin to opposite sides.
            tx, ty = (tx + nx) / norm, (ty + ny) / norm
    aside = tx * wy - ty * wx
    if abs(aside) <= _ON_LINE_M:
        return 0
    return 1 if aside > 0.0 else -1


@compiled
def _direction(edge, lines):
    dx = lines.coords[edge + 1, 0] - lines.coords[edge, 0]
    dy = lines.coords[edge + 1, 1] - lines.coords[edge, 1]
    length = np.hypot(dx, dy)
    return (dx / length, dy / length) if length > 0.0 else (0.0, 0.0)


@compiled
def _neighbour(edge, lines, ahead):
    """Return the edge that goes on after an edge of the same part, or comes before it; -1 at an open end."""
    end = lines.offsets[lines.piece[edge] + 1]
    if ahead and edge + 2 < end and not lines.gaps[edge + 2]:
        return edge + 1
    if not ahead and not lines.gaps[edge]:
        return edge - 1
    # A part that ends where it began, like the loop of a cul-de-sac, goes on at its other end.
    first, last = edge, edge + 1
    while not lines.gaps[first]:
        first -= 1
    while last + 1 < end and not lines.gaps[last + 1]:
        last += 1
    a, b = lines.coords[first], lines.coords[last]
    if last - first > 2 and a[0] == b[0] and a[1] == b[1]:
        return first if ahead else last - 1
    return -1


@compiled
def _within(start, stop, pins, radius, grid, piece, segment, distance):
    for pin in range(start, stop):
        i, px, py = pins.order[pin], pins.x[pin], pins.y[pin]
        left, right, bottom, top = cells_around(px, py, radius[i], grid)
        for row in range(bottom, top + 1):
            for k in range(
                grid.starts[row * grid.columns + left], grid.starts[row * grid.columns + right + 1]
            ):
                ends = grid.ends[k]
                _, sx, sy = closest_on_edge(px, py, ends[0], ends[1], ends[2], ends[3])
                way = np.sqrt((px - sx) ** 2 + (py - sy) ** 2)
                if way <= radius[i]:
                    keep_nearest(piece[grid.edges[k]], way, segment[i], distance[i])


@compiled
def keep_nearest(item, way, items, ways):
    """Insert an item into a list of the nearest ones, kept in order of (way, item) and free of repeats."""
    k = len(items)
    place = k
    while place > 0 and (items[place - 1] < 0 or (way, item) < (ways[place - 1], items[place - 1])):
        place -= 1
    for j in range(place):
        if items[j] == item:
            return
    if place == k:
        return
    # Shift the rest down by one, up to an older entry of the same item, which is farther.
    last = place
    while last < k - 1 and items[last] >= 0 and items[last] != item:
        last += 1
    for j in range(last, place, -1):
        items[j], ways[j] = items[j - 1], ways[j - 1]
    items[place], ways[place] = item, way


@compiled
def _project(start, stop, x, y, segment, lines, ordinals, numbers):
    for i in range(start, stop):
        best, best_square = -1, np.inf
        if segment[i] >= 0:
            for edge in range(lines.offsets[segment[i]], lines.offsets[segment[i] + 1] - 1):
                if not lines.gaps[edge + 1]:
                    a, b = lines.coords[edge], lines.coords[edge + 1]
                    _, sx, sy = closest_on_edge(x[i], y[i], a[0], a[1], b[0], b[1])
                    square = (x[i] - sx) ** 2 + (y[i] - sy) ** 2
                    if square < best_square:
                        best, best_square = edge, square
        _write(i, x[i], y[i], best, -1, 0.0, lines, ordinals, numbers)
