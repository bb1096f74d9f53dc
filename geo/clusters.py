# mypy: allow-untyped-defs
"""Points that hang together: clusters by a plain radius."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, compiled, float_pairs, in_chunks, ints

_REACH = 2
"""Points of cells more than so many rows or columns apart are not within the radius."""


def plain_radius(x: ArrayLike, y: ArrayLike, radius_m: float, group: ArrayLike | None = None) -> Ints:
    """Return the cluster of each point: two points within the radius are in one, and so are their clusters.

    The partition is that of PostGIS ``ST_ClusterDBSCAN(geom, eps => radius_m, minpoints => 1)`` over each
    group.

    Parameters
    ----------
    x, y : (n,) float64 arrays
        Metres.
    radius_m : float
        More than 0.
    group : (n,) int32 array, optional
        Points of different groups (services, say) are never in one cluster.

    Returns
    -------
    (n,) int32 array
        Clusters numbered from 0 by their first point; -1 for a point that is not finite.

    Raises
    ------
    ValueError
        If the radius is not a number above 0.

    Notes
    -----
    Any two points in a cell whose diagonal is the radius belong together; between cells, one pair close
    enough decides. Cells found by sorting and joined by union-find, after A. Gunawan, "A faster algorithm
    for DBSCAN" (TU Eindhoven, 2013). Time grows with the points and with the pairs of cells in reach of each
    other: the denser the points, the more of these, up to twelve a cell.
    """
    if not (np.isfinite(radius_m) and radius_m > 0.0):
        raise ValueError(f"radius_m must be a number above 0, not {radius_m}")
    x, y = float_pairs(x, y)
    groups = np.zeros(len(x), np.int32) if group is None else ints(group)
    if groups.shape != x.shape:
        raise ValueError("group must hold one number for each point")
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    groups = _short(groups)
    points = usable[np.argsort(groups[usable], kind="stable")]
    last_of_group = np.diff(groups[points].astype(np.int64)) != 0
    borders = np.concatenate([[0], np.flatnonzero(last_of_group) + 1, [len(points)]])
    cluster = np.full(len(x), -1, np.int32)
    in_chunks(len(points), _fill, borders, points, x, y, groups, float(radius_m), cluster)
    _number_by_first(cluster)
    return cluster


def _fill(start, stop, borders, points, x, y, groups, radius_m, cluster):
    """Fill in the clusters of the groups that begin in a range of the points, which are sorted by group."""
    start, stop = borders[np.searchsorted(borders, (start, stop))]
    mine = points[start:stop]
    cluster[mine] = start + _joined(x[mine], y[mine], groups[mine], radius_m)


def _joined(x: Floats, y: Floats, groups: Ints, radius_m: float) -> Ints:
    """Return the cluster of each point, under a number below that of points."""
    # A hair under radius / √2, so that rounding puts no two points farther apart than the radius in one cell.
    size = radius_m / np.sqrt(2.0) * (1.0 - 1e-9)
    column, row = (_short(np.floor((axis - axis.min(initial=np.inf)) / size)) for axis in (x, y))
    order = np.lexsort([column, row, groups])
    cells = _cells(x[order], y[order], *(key[order].astype(np.float64) for key in (column, row, groups)))
    parents = np.arange(len(cells.column), dtype=np.int32)
    _join_lines(cells, radius_m, parents)
    named: Ints = _named(order, cells.starts, parents)
    return named


def _short(key: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in 16 bits where they fit: those numpy sorts by radix, in linear time."""
    fits = key.min(initial=0) >= 0 and key.max(initial=0) < 1 << 16
    return key.astype(np.uint16) if fits else key


class _Cells(NamedTuple):
    """Cells with points in them, by group, row and column; a line is the cells of one row of a group."""

    x: Floats
    """Of the points, cell by cell."""
    y: Floats
    starts: Ints
    """(cells + 1,) where the points of each begin."""
    column: Floats
    lines: Ints
    """(lines + 1,) where the cells of each begin."""
    row: Floats
    group: Floats


@compiled
def _cells(x, y, column, row, group):
    """Return the cells of points that are sorted by group, row and column."""
    n = len(x)
    starts, lines = np.empty(n + 1, np.int32), np.empty(n + 1, np.int32)
    cells = in_lines = 0
    for i in range(n):
        next_line = i == 0 or row[i] != row[i - 1] or group[i] != group[i - 1]
        if next_line:
            lines[in_lines] = cells
            in_lines += 1
        if next_line or column[i] != column[i - 1]:
            starts[cells] = i
            cells += 1
    starts[cells], lines[in_lines] = n, cells
    starts, lines = starts[: cells + 1], lines[: in_lines + 1]
    first = starts[lines[:-1]]
    return _Cells(x, y, starts, column[starts[:-1]], lines, row[first], group[first])


@compiled
def _join_lines(cells, radius, parents):
    """Join the cells of each line with each other, and with those of the lines before it."""
    for line in range(len(cells.row)):
        for other in range(max(line - _REACH, 0), line + 1):
            if cells.group[other] == cells.group[line] and cells.row[other] + _REACH >= cells.row[line]:
                _join_line(cells, line, other, radius, parents)


@compiled
def _join_line(cells, line, other_line, radius, parents):
    """Join the cells of a line with those in reach of another, or with those before them in their own."""
    low, high = cells.lines[other_line], cells.lines[other_line + 1]
    for cell in range(cells.lines[line], cells.lines[line + 1]):
        column = cells.column[cell]
        while low < high and cells.column[low] + _REACH < column:
            low += 1
        for other in range(low, min(high, cell)):
            if cells.column[other] > column + _REACH:
                break
            one, two = _root(parents, cell), _root(parents, other)
            if one != two and _touch(cells, cell, other, radius):
                parents[max(one, two)] = min(one, two)


@compiled
def _touch(cells, one, two, radius):
    """Tell whether a point of one cell is within the radius of a point of the other."""
    x, y = cells.x, cells.y
    for i in range(cells.starts[one], cells.starts[one + 1]):
        for j in range(cells.starts[two], cells.starts[two + 1]):
            if np.sqrt((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2) <= radius:
                return True
    return False


@compiled
def _root(parents, i):
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@compiled
def _named(order, starts, parents):
    """Return for each point the first cell of its cluster."""
    cluster = np.empty(len(order), np.int32)
    for cell in range(len(parents)):
        root = _root(parents, cell)
        for at in range(starts[cell], starts[cell + 1]):
            cluster[order[at]] = root
    return cluster


@compiled
def _number_by_first(cluster):
    """Replace the clusters' names by 0, 1, 2 … in the order of their first points."""
    numbers = np.full(len(cluster), -1, np.int32)
    count = 0
    for i in range(len(cluster)):
        if cluster[i] >= 0:
            if numbers[cluster[i]] < 0:
                numbers[cluster[i]] = count
                count += 1
            cluster[i] = numbers[cluster[i]]
