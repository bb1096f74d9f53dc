# mypy: allow-untyped-defs
"""Which polygons a point lies in: districts, neighborhoods, service areas.

A raster says for each cell which polygons cover it whole and which have a border in it. Most points are
answered by the cell alone; the others count the edges to their right within one row of the raster, with
exact arithmetic, so that the answer is that of the real polygon. A point on a border belongs to the
polygon.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, Offsets, compiled, float_pairs, in_chunks, resolved
from geo.grid import Grid, cell_size, columns_of_row, edge_grid, rows_of_edge
from geo.orientation import side_of_line

# Finer cells leave fewer points to the exact test, until the raster no longer fits the processor's cache.
_CELLS_AN_EDGE = 4.0
_MIN_CELLS = 2.0**14
_MAX_CELLS = 2.0**20


class Raster(NamedTuple):
    """Square cells, row by row, with the zones in each as ``entries[starts[cell]:starts[cell + 1]]``.

    An entry is twice the zone, plus 1 if its border may pass through the cell.
    """

    x0: float
    y0: float
    size: float
    columns: int
    rows: int
    starts: Offsets
    entries: Ints


class Bands(NamedTuple):
    """The edges of each zone by the rows of the raster they touch.

    A zone touches the rows from ``bottom[zone]`` to ``top[zone]``; its edges in one of them are
    ``edges[starts[band]:starts[band + 1]]`` with ``band = first[zone] + row - bottom[zone]``.
    """

    bottom: Offsets
    top: Offsets
    first: Offsets
    starts: Offsets
    edges: Floats  # (k, 4): x1, y1, x2, y2


class ZoneIndex:
    """Polygons indexed for points by the million; they may overlap, have holes and several parts.

    Rings are read by the even-odd rule, which for valid polygons is the polygon.

    Parameters
    ----------
    polygons : sequence of shapely Polygon or MultiPolygon
        In metres.

    Raises
    ------
    ValueError
        If one is missing, empty, not a polygon, or has a coordinate that is not a number.
    """

    def __init__(self, polygons: Sequence[shapely.Geometry] | NDArray[Any]) -> None:
        edges, zone_of_edge = _edges(polygons)
        self._count = len(polygons)
        self.borders: Grid = edge_grid(edges, zone_of_edge)
        """Every edge, under the number of its zone."""
        self.raster, self.bands = _rasterised(edges, zone_of_edge, self._count)
        none = np.zeros(0)
        self._fill = resolved(_all, 0, 0, none, none, self.raster, self.bands, np.zeros(0, np.int64))

    def __len__(self) -> int:
        return self._count

    def first(self, x: ArrayLike, y: ArrayLike) -> Ints:
        """Return the lowest polygon that holds each point, borders included; -1 where none does.

        Parameters
        ----------
        x, y : float or (n,) float64 arrays
            Metres. NaN and infinity are in no polygon.
        """
        x, y = float_pairs(x, y)
        zone = np.full(len(x), -1, np.int32)
        in_chunks(len(x), _first, x, y, self.raster, self.bands, zone)
        return zone

    def all(self, x: ArrayLike, y: ArrayLike) -> tuple[Offsets, Ints]:
        """Return every polygon that holds each point, borders included, in ascending order.

        Returns
        -------
        offsets : (n + 1,) int64 array
        zones : int32 array
            Those of point ``i`` are ``zones[offsets[i]:offsets[i + 1]]``.
        """
        x, y = float_pairs(x, y)
        offsets = np.zeros(len(x) + 1, np.int64)
        zones = in_chunks(len(x), self._fill, x, y, self.raster, self.bands, offsets)
        np.cumsum(offsets, out=offsets)
        return offsets, np.concatenate(zones)


def _edges(polygons: Sequence[shapely.Geometry] | NDArray[Any]) -> tuple[Floats, Ints]:
    """Return the edges (x1, y1, x2, y2) of all rings, by zone, and the zone of each."""
    shapes = np.array(polygons, dtype=object)
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6)) | shapely.is_empty(shapes))
    if len(wrong):
        raise ValueError(f"zone {wrong[0]} must be a polygon with an area, but is {shapes[wrong[0]]!r:.80}")
    parts, zone_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    coords, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    zone_of_vertex = zone_of_part[part_of_ring[ring_of_vertex]].astype(np.int32)
    bad = np.flatnonzero(~np.isfinite(coords).all(axis=1))
    if len(bad):
        raise ValueError(f"zone {zone_of_vertex[bad[0]]} has a coordinate that is not a number")
    real = (ring_of_vertex[1:] == ring_of_vertex[:-1]) & (coords[1:] != coords[:-1]).any(axis=1)
    return np.hstack([coords[:-1], coords[1:]])[real], zone_of_vertex[1:][real]


def _rasterised(edges: Floats, zone: Ints, zones: int) -> tuple[Raster, Bands]:
    x0, x1, y0, y1 = 0.0, 0.0, 0.0, 0.0
    if len(edges):
        x0, x1 = float(edges[:, ::2].min()), float(edges[:, ::2].max())
        y0, y1 = float(edges[:, 1::2].min()), float(edges[:, 1::2].max())
    cells = min(max(len(edges) * _CELLS_AN_EDGE, _MIN_CELLS), _MAX_CELLS)
    size = cell_size(x1 - x0, y1 - y0, cells)
    columns, rows = int((x1 - x0) / size) + 1, int((y1 - y0) / size) + 1
    bands = _banded(edges, zone, zones, y0, size, rows)
    starts = np.zeros(columns * rows + 1, np.int64)
    _paint(bands, x0, y0, size, columns, starts[1:], np.zeros(0, np.int32))
    np.cumsum(starts, out=starts)
    entries = np.zeros(starts[-1], np.int32)
    _paint(bands, x0, y0, size, columns, starts[:-1].copy(), entries)
    return Raster(x0, y0, size, columns, rows, starts, entries), bands


def _banded(edges: Floats, zone: Ints, zones: int, y0: float, size: float, rows: int) -> Bands:
    """Sort the edges of each zone into the rows they touch."""
    low, high = np.empty(len(edges), np.int64), np.empty(len(edges), np.int64)
    _rows(edges, y0, size, rows, low, high)
    bottom, top = np.full(zones, rows, np.int64), np.full(zones, rows - 1, np.int64)
    np.minimum.at(bottom, zone, low)
    top[np.unique(zone)] = -1
    np.maximum.at(top, zone, high)
    bands = top - bottom + 1
    first = np.cumsum(bands) - bands
    # One entry for each row an edge touches.
    spans = high - low + 1
    edge = np.repeat(np.arange(len(edges)), spans)
    row = low[edge] + np.arange(len(edge)) - (np.cumsum(spans) - spans)[edge]
    band = first[zone[edge]] + row - bottom[zone[edge]]
    starts = np.zeros(int(bands.sum()) + 1, np.int64)
    np.cumsum(np.bincount(band, minlength=len(starts) - 1), out=starts[1:])
    return Bands(bottom, top, first, starts, edges[edge[np.argsort(band, kind="stable")]])


@compiled
def _rows(edges, y0, size, rows, low, high):
    for k in range(len(edges)):
        low[k], high[k] = rows_of_edge(edges[k, 1], edges[k, 3], y0, size, rows)


@compiled
def _paint(bands, x0, y0, size, columns, place, entries):
    """Write every zone at the `place` of each cell it touches and move the place on.

    With empty `entries` the places only move: that counts the zones of each cell.
    """
    border, flips = np.zeros(columns, np.bool_), np.zeros(columns + 1, np.bool_)
    for zone in range(len(bands.bottom)):
        for row in range(bands.bottom[zone], bands.top[zone] + 1):
            leftmost, rightmost = _outline(bands, zone, row, x0, y0, size, columns, border, flips)
            inside = False
            for column in range(leftmost, rightmost + 1):
                inside = inside != flips[column]
                if border[column] or inside:
                    cell = row * columns + column
                    if len(entries):
                        entries[place[cell]] = 2 * zone + border[column]
                    place[cell] += 1
                border[column] = flips[column] = False
            flips[rightmost + 1] = False


@compiled
def _outline(bands, zone, row, x0, y0, size, columns, border, flips):
    """Mark the cells of a row a zone's border passes, and after which of them inside and outside flip."""
    middle = y0 + (row + 0.5) * size
    leftmost, rightmost = columns, -1
    band = bands.first[zone] + row - bands.bottom[zone]
    for k in range(bands.starts[band], bands.starts[band + 1]):
        x1, y1, x2, y2 = bands.edges[k]
        left, right = columns_of_row(x1, y1, x2, y2, x0, y0, size, columns, row)
        border[left : right + 1] = True
        leftmost, rightmost = min(leftmost, left), max(rightmost, right)
        if (y1 > middle) != (y2 > middle):
            # The cell of the crossing is on the border whatever else; the next one is on the other side.
            crossing = int((x1 + (middle - y1) / (y2 - y1) * (x2 - x1) - x0) / size)
            column = min(max(crossing, left), right)
            flips[column + 1] = not flips[column + 1]
    return leftmost, rightmost


@compiled
def holds(entry, row, px, py, bands):
    """Say whether the zone of a raster entry with a border in the cell holds a point; on the border, too."""
    zone = entry // 2
    band = bands.first[zone] + row - bands.bottom[zone]
    inside = False
    for k in range(bands.starts[band], bands.starts[band + 1]):
        x1, y1, x2, y2 = bands.edges[k]
        if (y1 > py) != (y2 > py):
            if x1 < px and x2 < px:
                continue
            side = 1 if x1 > px and x2 > px else side_of_line(x1, y1, x2, y2, px, py) * (1 if y2 > y1 else -1)
            if side == 0:
                return True
            if side > 0:
                inside = not inside
        elif y1 == py and (x1 == px or (y2 == py and min(x1, x2) <= px <= max(x1, x2))):
            return True
    return inside


@compiled
def cell_of(px, py, raster):
    """Return the row and the cell of a point; -1, -1 outside the raster and for NaN."""
    across, up = (px - raster.x0) / raster.size, (py - raster.y0) / raster.size
    if 0.0 <= across < raster.columns and 0.0 <= up < raster.rows:
        return int(up), int(up) * raster.columns + int(across)
    return -1, -1


@compiled
def _first(start, stop, x, y, raster, bands, zone):
    for i in range(start, stop):
        row, cell = cell_of(x[i], y[i], raster)
        if cell >= 0:
            for k in range(raster.starts[cell], raster.starts[cell + 1]):
                entry = raster.entries[k]
                if entry % 2 == 0 or holds(entry, row, x[i], y[i], bands):
                    zone[i] = entry // 2
                    break


@compiled
def _all(start, stop, x, y, raster, bands, offsets):
    """Return the zones of points `start` to `stop` one after the other; count those of point i at i + 1."""
    zones = np.empty(2 * (stop - start) + 16, np.int32)
    used = 0
    for i in range(start, stop):
        row, cell = cell_of(x[i], y[i], raster)
        if cell < 0:
            continue
        begin, end = raster.starts[cell], raster.starts[cell + 1]
        if used + end - begin > len(zones):
            longer = np.empty(2 * len(zones) + end - begin, np.int32)
            longer[:used] = zones[:used]
            zones = longer
        before = used
        for k in range(begin, end):
            entry = raster.entries[k]
            if entry % 2 == 0 or holds(entry, row, x[i], y[i], bands):
                zones[used] = entry // 2
                used += 1
        offsets[i + 1] = used - before
    return zones[:used]
