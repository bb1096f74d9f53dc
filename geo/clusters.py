# mypy: allow-untyped-defs
"""Points that hang together: clusters by a plain radius."""

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Ints, compiled, float_pairs, ints


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
    for DBSCAN" (TU Eindhoven, 2013).
    """
    if not (np.isfinite(radius_m) and radius_m > 0.0):
        raise ValueError(f"radius_m must be a number above 0, not {radius_m}")
    x, y = float_pairs(x, y)
    groups = np.zeros(len(x), np.int32) if group is None else ints(group)
    if groups.shape != x.shape:
        raise ValueError("group must hold one number for each point")
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    # A hair under radius / √2, so that rounding puts no two points farther apart than the radius in one cell.
    size = radius_m / np.sqrt(2.0) * (1.0 - 1e-9)
    column, row = (np.floor((axis[usable] - axis[usable].min(initial=np.inf)) / size) for axis in (x, y))
    order = np.lexsort((column, row, groups[usable]))
    inside = usable[order]
    cells = np.column_stack([groups[inside], row[order], column[order]]).astype(np.int64)
    cluster = np.full(len(x), -1, np.int32)
    cluster[inside] = _joined(x[inside], y[inside], cells, float(radius_m))
    _number_by_first(cluster)
    return cluster


@compiled
def _joined(x, y, cells, radius):
    """Return a representative for each point, the same for all of a cluster.

    Points come sorted by their cells, each a group, row and column.
    """
    parents = np.arange(len(x)).astype(np.int32)
    # Where the cells begin to be in reach of the present one, in its row and the two before.
    places = np.zeros(3, np.int64)
    start = 0
    while start < len(x):
        stop = start
        while stop < len(x) and (cells[stop] == cells[start]).all():
            parents[stop] = start
            stop += 1
        group, row, column = cells[start]
        for back in range(3):
            low = (group, row - back, column - 2)
            place = places[back]
            while place < start and (cells[place, 0], cells[place, 1], cells[place, 2]) < low:
                place += 1
            places[back] = place
            while place < start and _in_reach(cells[place], group, row - back, column):
                end = place + 1
                while (cells[end] == cells[place]).all():
                    end += 1
                _join(start, stop, place, end, x, y, radius, parents)
                place = end
        start = stop
    for i in range(len(parents)):
        parents[i] = _root(parents, i)
    return parents


@compiled
def _in_reach(cell, group, row, column):
    return cell[0] == group and cell[1] == row and cell[2] <= column + 2


@compiled
def _join(start, stop, other_start, other_stop, x, y, radius, parents):
    """Join two cells' clusters if a point of one is within the radius of a point of the other."""
    one, other = _root(parents, start), _root(parents, other_start)
    if one == other:
        return
    for i in range(start, stop):
        for j in range(other_start, other_stop):
            if np.sqrt((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2) <= radius:
                parents[max(one, other)] = min(one, other)
                return


@compiled
def _root(parents, i):
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@compiled
def _number_by_first(cluster):
    """Replace the clusters' representatives by 0, 1, 2 … in the order of their first points."""
    numbers = np.full(len(cluster), -1, np.int32)
    count = 0
    for i in range(len(cluster)):
        if cluster[i] >= 0:
            if numbers[cluster[i]] < 0:
                numbers[cluster[i]] = count
                count += 1
            cluster[i] = numbers[cluster[i]]
