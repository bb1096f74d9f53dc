# mypy: allow-untyped-defs
"""A uniform grid of square cells that says which edges pass through which cell.

Walking outward ring by ring from a point's own cell finds its nearest edge after looking at a handful of
edges; it is exact, because everything not yet seen lies outside the rings already walked.
"""

import math
from typing import NamedTuple

import numpy as np

from geo.arrays import Floats, Ints, Offsets, compiled


class Grid(NamedTuple):
    """Square cells of `size` metres, row by row from the lower left corner (x0, y0).

    The edges of cell ``c`` are ``edges[starts[c]:starts[c + 1]]``, their ends ``ends`` at the same places: a
    copy, so that looking through a cell reads memory in order.
    """

    x0: float
    y0: float
    size: float
    columns: int
    rows: int
    starts: Offsets
    edges: Ints
    ends: Floats  # (k, 4): x and y of one end, x and y of the other


# Cells beyond this many would cost more memory than the edges themselves.
_MAX_CELLS = 4_000_000
# Fewer points than this are looked up sooner than sorted.
_WORTH_ORDER = 2_000
# With about this many edges a cell, looking up is fastest on a city's streets.
_EDGES_A_CELL = 1.0


def edge_grid(ends: Floats, edges: Ints) -> Grid:
    """Build the grid of some edges.

    Parameters
    ----------
    ends : (k, 4) float64 array
        x1, y1, x2, y2 of each edge, finite.
    edges : (k,) int32 array
        The number of each edge, kept in the cells.
    """
    if not len(ends):
        return Grid(0.0, 0.0, 1.0, 1, 1, np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros((0, 4)))
    x0, x1 = float(ends[:, ::2].min()), float(ends[:, ::2].max())
    y0, y1 = float(ends[:, 1::2].min()), float(ends[:, 1::2].max())
    size = cell_size(x1 - x0, y1 - y0, len(ends) / _EDGES_A_CELL)
    columns, rows = int((x1 - x0) / size) + 1, int((y1 - y0) / size) + 1
    starts = np.zeros(columns * rows + 1, np.int64)
    _sort_in(ends, x0, y0, size, columns, rows, starts[1:], np.zeros(0, np.int64))
    np.cumsum(starts, out=starts)
    order = np.empty(starts[-1], np.int64)
    _sort_in(ends, x0, y0, size, columns, rows, starts[:-1].copy(), order)
    return Grid(x0, y0, size, columns, rows, starts, edges[order], ends[order])


class Visit(NamedTuple):
    """Pins in an order in which neighbours follow one another.

    A million pins looked up in this order find what they need in the cache: that takes half of the time.
    """

    order: Ints
    """The place of each in the order given."""
    x: Floats
    y: Floats


def visit(x: Floats, y: Floats, grid: Grid) -> Visit:
    """Return pins in the order of the cells they are in."""
    if len(x) < _WORTH_ORDER:
        return Visit(np.arange(len(x), dtype=np.int32), x, y)
    cells = np.empty(len(x), np.int32)
    _cells(x, y, grid, cells)
    order = np.argsort(cells).astype(np.int32)
    return Visit(order, x[order], y[order])


def cell_size(width: float, height: float, cells: float) -> float:
    """Return the side of square cells of which about `cells` cover a box, however flat it is."""
    cells = min(max(cells, 1.0), _MAX_CELLS)
    return max(math.sqrt(width * height / cells), (width + height) / cells, 1e-3)


@compiled
def columns_of_row(x1, y1, x2, y2, x0, y0, size, columns, row):
    """Return the first and last column that an edge passes through in a row.

    A hair too many rather than too few: the edge is widened by a millionth of a cell.
    """
    if y1 > y2:
        x1, y1, x2, y2 = x2, y2, x1, y1
    bottom, top = y0 + (row - 1e-6) * size, y0 + (row + 1.000001) * size
    left, right = x1, x2
    if y1 < bottom:
        left = x1 + (x2 - x1) * ((bottom - y1) / (y2 - y1))
    if y2 > top:
        right = x1 + (x2 - x1) * ((top - y1) / (y2 - y1))
    if left > right:
        left, right = right, left
    first = int((left - x0) / size - 1e-6)
    last = int((right - x0) / size + 1e-6)
    return max(first, 0), min(last, columns - 1)


@compiled
def rows_of_edge(y1, y2, y0, size, rows):
    """Return the first and last row that an edge passes through, widened as in `columns_of_row`."""
    first = int((min(y1, y2) - y0) / size - 1e-6)
    last = int((max(y1, y2) - y0) / size + 1e-6)
    return max(first, 0), min(last, rows - 1)


@compiled
def _cells(x, y, grid, cells):
    for i in range(len(x)):
        cells[i] = 0
        if np.isfinite(x[i]) and np.isfinite(y[i]):
            column, row, _, _ = start_of_walk(x[i], y[i], grid)
            cells[i] = row * grid.columns + column


@compiled
def _sort_in(ends, x0, y0, size, columns, rows, place, order):
    """Write every edge at the `place` of each cell it passes and move the place on.

    With an empty `order` the places only move: that counts the edges of each cell.
    """
    for k in range(len(ends)):
        x1, y1, x2, y2 = ends[k]
        bottom, top = rows_of_edge(y1, y2, y0, size, rows)
        for row in range(bottom, top + 1):
            first, last = columns_of_row(x1, y1, x2, y2, x0, y0, size, columns, row)
            for cell in range(row * columns + first, row * columns + last + 1):
                if len(order):
                    order[place[cell]] = k
                place[cell] += 1


@compiled
def closest_on_edge(px, py, x1, y1, x2, y2):
    """Return the share of the edge (0 to 1) at which it is closest to a point, and that place's x and y.

    At the ends the place is the vertex itself, bit for bit, so that edges sharing it are equally far.
    """
    dx, dy = x2 - x1, y2 - y1
    along = (px - x1) * dx + (py - y1) * dy
    if along <= 0.0:
        return 0.0, x1, y1
    square = dx * dx + dy * dy
    if along >= square:
        return 1.0, x2, y2
    share = along / square
    return share, x1 + share * dx, y1 + share * dy


@compiled
def start_of_walk(px, py, grid):
    """Return where a walk begins: column, row, metres to the nearest side of that cell, and `outside`.

    A point outside the grid starts at the nearest point of the grid. The square of its distance to anything
    in the grid is at least `outside`, the square of the way to that point, plus the square of the way on
    from there.
    """
    qx = min(max(px, grid.x0), grid.x0 + grid.columns * grid.size)
    qy = min(max(py, grid.y0), grid.y0 + grid.rows * grid.size)
    column = min(int((qx - grid.x0) / grid.size), grid.columns - 1)
    row = min(int((qy - grid.y0) / grid.size), grid.rows - 1)
    into_x = qx - (grid.x0 + column * grid.size)
    into_y = qy - (grid.y0 + row * grid.size)
    margin = min(into_x, into_y, grid.size - into_x, grid.size - into_y)
    return column, row, margin, (px - qx) ** 2 + (py - qy) ** 2


@compiled
def cells_around(px, py, radius, grid):
    """Return the first and last column and row of the cells within a radius of a point: no row if none is."""
    left, right = (px - radius - grid.x0) / grid.size, (px + radius - grid.x0) / grid.size
    bottom, top = (py - radius - grid.y0) / grid.size, (py + radius - grid.y0) / grid.size
    # Written so that NaN is outside, too.
    if not (right >= -1.0 and left <= grid.columns and top >= -1.0 and bottom <= grid.rows):
        return 0, -1, 0, -1
    return (
        int(max(left, 0.0)),
        int(min(right, grid.columns - 1.0)),
        int(max(bottom, 0.0)),
        int(min(top, grid.rows - 1.0)),
    )


@compiled
def way_to_cell(place, number, size):
    """Return how far a place on an axis is from the cell of a number on it; 0 within the cell."""
    return max(number * size - place, place - (number + 1) * size, 0.0)
