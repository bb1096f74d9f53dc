# mypy: allow-untyped-defs
"""All that geometry knows of pins, found in one pass: zones, street, side, house number, borders near by.

What `SegmentIndex`, `ZoneIndex` and `geo.houses` answer one by one, here answered together: a pin is fetched
into the processor once, and one call for one pin costs one call.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.addresses import number_at
from geo.arrays import Floats, Ints, compiled, float_pairs, in_chunks
from geo.grid import Grid, Visit, cells_around, closest_on_edge, visit
from geo.houses import Ranges, among_houses, inset
from geo.segments import Lines, SegmentIndex, nearest_edges, snapped
from geo.zones import Bands, Raster, ZoneIndex, cell_of, holds

# What is odd about a pin: bits that add up.
NOT_A_POINT, SWAPPED, FALLBACK_POINT, OUTSIDE, FAR_FROM_STREET, TWO_STREETS, NEAR_BOUNDARY = (
    1 << bit for bit in range(7)
)
UNPLACED = NOT_A_POINT | SWAPPED | FALLBACK_POINT | OUTSIDE


class Reach(NamedTuple):
    """Within how many metres things count."""

    segment: float
    """A segment farther away is not the pin's street."""
    border: float
    """The edge of a zone is told where it is nearer than this."""
    rival: float
    """Another street this much farther than the nearest is about as near."""
    fallback: float
    """A pin this near to a fall-back point is that point."""


class ZoneLayers(NamedTuple):
    """How the zones of an index are parted into layers."""

    of_zone: Ints
    """The layer of each zone; a layer's zones follow one another."""
    starts: Ints
    """The first zone of each layer."""
    city: Ints
    """The layers of which one must hold a pin that is in the city; where there is none, all pins are."""
    district: int
    """The layer to whose borders a pin is flagged to be near; -1 for none."""


class Streets(NamedTuple):
    """What is known of each segment besides its course."""

    name: Ints
    """(n,) A number for each different name; -1 for segments without a name."""
    ranges: Ranges


class Located(NamedTuple):
    """What is known of n pins. Where there is nothing, ordinals and numbers are -1, metres NaN, sides 0."""

    flags: NDArray[np.uint8]
    segment: Ints
    other: Ints
    """The nearest segment of another named street, where that is about as near."""
    side: NDArray[np.int8]
    house_number: Ints
    snap_x: Floats
    snap_y: Floats
    snap_m: Floats
    along_m: Floats
    zone: Ints
    """(layers, n) The lowest zone of each layer that holds the pin, counted within the layer."""
    border_m: Floats
    """(layers, n) How far its border is."""


class _City(NamedTuple):
    """What the compiled loops need of everything."""

    segments: Grid
    lines: Lines
    streets: Streets
    raster: Raster
    bands: Bands
    borders: Grid
    layers: ZoneLayers
    fallbacks: Floats
    reach: Reach


class Locator:
    """The segments and zones of a city, for pins one at a time or by the million.

    Parameters
    ----------
    segments : SegmentIndex
    streets : Streets
        Of the same segments.
    zones : ZoneIndex
        The zones of all layers.
    layers : ZoneLayers
    fallbacks : (k, 2) float64 array
        Points that other systems write where they know no better, in metres.
    reach : Reach
    """

    def __init__(
        self,
        segments: SegmentIndex,
        streets: Streets,
        zones: ZoneIndex,
        layers: ZoneLayers,
        fallbacks: Floats,
        reach: Reach,
    ) -> None:
        self._layers = len(layers.starts)
        self._city = _City(
            segments.grid,
            segments.lines,
            streets,
            zones.raster,
            zones.bands,
            zones.borders,
            layers,
            fallbacks,
            reach,
        )

    def visit(self, x: ArrayLike, y: ArrayLike) -> Visit:
        """Return pins, in metres, in the order of the streets they are on."""
        return visit(*float_pairs(x, y), self._city.segments)

    def locate(self, pins: Visit) -> Located:
        """Return what is known of the pins of a visit, in the order in which they were given.

        A pin that is no point, is a fall-back point or is not in the city is flagged, and nothing else.
        """
        count = len(pins.order)
        # Row by row: what is known of a pin lies in one place in memory.
        ordinals, numbers = np.empty((count, 5), np.int32), np.empty((count, 4))
        zone, border_m = np.empty((count, self._layers), np.int32), np.empty((count, self._layers))
        in_chunks(count, _locate, pins, self._city, ordinals, numbers, zone, border_m)
        flags, segment, other, side, house_number = (np.ascontiguousarray(column) for column in ordinals.T)
        snap_x, snap_y, snap_m, along_m = (np.ascontiguousarray(column) for column in numbers.T)
        return Located(
            flags=flags.astype(np.uint8),
            segment=segment,
            other=other,
            side=side.astype(np.int8),
            house_number=house_number,
            snap_x=snap_x,
            snap_y=snap_y,
            snap_m=snap_m,
            along_m=along_m,
            zone=np.ascontiguousarray(zone.T),
            border_m=np.ascontiguousarray(border_m.T),
        )


@compiled
def _locate(start, stop, pins, city, ordinals, numbers, zone, border_m):
    for k in range(start, stop):
        i, px, py = pins.order[k], pins.x[k], pins.y[k]
        zone[i], border_m[i], numbers[i] = -1, np.nan, np.nan
        ordinals[i, 1], ordinals[i, 2], ordinals[i, 3], ordinals[i, 4] = -1, -1, 0, -1
        flags = _judged(px, py, city, zone[i])
        if flags == 0:
            flags |= _borders(px, py, city, zone[i], border_m[i])
            flags |= _street(px, py, city, ordinals[i], numbers[i])
        ordinals[i, 0] = flags


@compiled
def _judged(px, py, city, zone):
    """Write down the zones of a pin if it is in the city; else return why it is not."""
    for k in range(len(city.fallbacks)):
        if np.hypot(px - city.fallbacks[k, 0], py - city.fallbacks[k, 1]) <= city.reach.fallback:
            return FALLBACK_POINT
    if not (np.isfinite(px) and np.isfinite(py)):
        return NOT_A_POINT
    layers, raster = city.layers, city.raster
    row, cell = cell_of(px, py, raster)
    if cell >= 0:
        for k in range(raster.starts[cell], raster.starts[cell + 1]):
            entry = raster.entries[k]
            layer = layers.of_zone[entry // 2]
            if zone[layer] < 0 and holds(entry, row, px, py, city.bands):
                zone[layer] = entry // 2 - layers.starts[layer]
    inside = len(layers.city) == 0
    for layer in layers.city:
        inside = inside or zone[layer] >= 0
    if not inside:
        zone[:] = -1
        return OUTSIDE
    return 0


@compiled
def _borders(px, py, city, zone, border_m):
    """Write down how far the borders of a pin's zones are; return whether that of its district is near."""
    grid, layers = city.borders, city.layers
    left, right, bottom, top = cells_around(px, py, city.reach.border, grid)
    for row in range(bottom, top + 1):
        for k in range(grid.starts[row * grid.columns + left], grid.starts[row * grid.columns + right + 1]):
            layer = layers.of_zone[grid.edges[k]]
            if zone[layer] == grid.edges[k] - layers.starts[layer]:
                ends = grid.ends[k]
                _, bx, by = closest_on_edge(px, py, ends[0], ends[1], ends[2], ends[3])
                way = np.sqrt((px - bx) ** 2 + (py - by) ** 2)
                if way <= city.reach.border and not way >= border_m[layer]:
                    border_m[layer] = way
    if layers.district >= 0 and border_m[layers.district] >= 0.0:
        return NEAR_BOUNDARY
    return 0


@compiled
def _street(px, py, city, ordinals, numbers):
    """Write down a pin's place on the nearest segment; return how sure that is."""
    lines, streets = city.lines, city.streets
    edge, other, other_square = nearest_edges(px, py, city.reach.segment, city.segments, lines.piece)
    if edge < 0:
        return FAR_FROM_STREET
    segment = lines.piece[edge]
    side, snap_m, snap_x, snap_y, fraction = snapped(px, py, edge, lines)
    length = lines.along[lines.offsets[segment + 1] - 1]
    ranges = streets.ranges
    number = number_at(
        among_houses(fraction, inset(length)),
        side,
        ranges[0, segment],
        ranges[1, segment],
        ranges[2, segment],
        ranges[3, segment],
    )
    ordinals[1], ordinals[3], ordinals[4] = segment, side, number
    numbers[0], numbers[1], numbers[2], numbers[3] = snap_x, snap_y, snap_m, fraction * length
    if other >= 0 and np.sqrt(other_square) <= snap_m + city.reach.rival:
        ordinals[2] = _rival(px, py, snap_m + city.reach.rival, streets.name[segment], city)
        return TWO_STREETS if ordinals[2] >= 0 else 0
    return 0


@compiled
def _rival(px, py, radius, street, city):
    """Return the nearest segment of another street with a name within a radius, -1 where there is none."""
    grid, best, nearest = city.segments, -1, radius
    left, right, bottom, top = cells_around(px, py, radius, grid)
    for row in range(bottom, top + 1):
        for k in range(grid.starts[row * grid.columns + left], grid.starts[row * grid.columns + right + 1]):
            segment = city.lines.piece[grid.edges[k]]
            name = city.streets.name[segment]
            if name >= 0 and name != street:
                ends = grid.ends[k]
                _, sx, sy = closest_on_edge(px, py, ends[0], ends[1], ends[2], ends[3])
                way = np.sqrt((px - sx) ** 2 + (py - sy) ** 2)
                if way < nearest or (way == nearest and not 0 <= best < segment):
                    best, nearest = segment, way
    return best
