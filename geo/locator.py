# mypy: allow-untyped-defs
"""All that geometry knows of pins, found in one pass: zones, street, side, house number, borders near by.

What `SegmentIndex`, `ZoneIndex` and `geo.houses` answer one by one, here answered together: a pin is fetched
into the processor once, and one call for one pin costs one call.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.addresses import number_at
from geo.arrays import Floats, Ints, compiled, float_pairs, in_chunks, resolved
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
    unplaced: int
    """How many pins are no place in the city."""


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
        nowhere = self.visit([], [])
        self._fill = resolved(_locate, 0, 0, nowhere, self._city, *self._rows(nowhere))

    def visit(self, x: ArrayLike, y: ArrayLike) -> Visit:
        """Return pins, in metres, in the order of the streets they are on."""
        return visit(*float_pairs(x, y), self._city.segments)

    def locate(self, pins: Visit) -> Located:
        """Return what is known of the pins of a visit, in the order in which they were given.

        A pin that is no point, is a fall-back point or is not in the city is flagged, and nothing else.
        """
        ordinals, numbers, zone, border_m = rows = self._rows(pins)
        unplaced = sum(in_chunks(len(pins.order), self._fill, pins, self._city, *rows))
        flags, segment, other, side, house_number = np.ascontiguousarray(ordinals.T)
        snap_x, snap_y, snap_m, along_m = np.ascontiguousarray(numbers.T)
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
            unplaced=unplaced,
        )

    def _rows(self, pins: Visit) -> tuple[Ints, Floats, Ints, Floats]:
        """Return room for answers row by row: what is known of a pin lies in one place in memory."""
        count, layers = len(pins.order), self._layers
        ordinals, numbers = np.empty((count, 5), np.int32), np.empty((count, 4))
        return ordinals, numbers, np.empty((count, layers), np.int32), np.empty((count, layers))


# Many pins a call, as a call with the whole city takes longer than a pin; few enough to stay in the cache.
_AT_ONCE = 512


@compiled
def _locate(start, stop, pins, city, ordinals, numbers, zone, border_m):
    """Write down all about some pins, and return how many of them are no place in the city."""
    unplaced = 0
    for first in range(start, stop, _AT_ONCE):
        last = min(first + _AT_ONCE, stop)
        _lowest(first, last, pins, city.layers, city.raster, city.bands, zone)
        unplaced += _judge(first, last, pins, city.layers, city.fallbacks, city.reach, zone, ordinals)
        _borders(first, last, pins, city.layers, city.borders, city.reach, zone, border_m, ordinals)
        _streets(first, last, pins, city.segments, city.lines, city.streets, city.reach, ordinals, numbers)
    return unplaced


@compiled
def _lowest(start, stop, pins, layers, raster, bands, zone):
    """Write down the lowest zone of each layer that holds a pin."""
    for pin in range(start, stop):
        i, px, py = pins.order[pin], pins.x[pin], pins.y[pin]
        for layer in range(zone.shape[1]):
            zone[i, layer] = -1
        row, cell = cell_of(px, py, raster)
        if cell >= 0:
            for k in range(raster.starts[cell], raster.starts[cell + 1]):
                entry = raster.entries[k]
                layer = layers.of_zone[entry // 2]
                if zone[i, layer] < 0 and (entry % 2 == 0 or holds(entry, row, px, py, bands)):
                    zone[i, layer] = entry // 2 - layers.starts[layer]


@compiled
def _judge(start, stop, pins, layers, fallbacks, reach, zone, ordinals):
    """Write down why pins are no place in the city, and take their zones from them; 0 for the others.

    Return how many are no place.
    """
    unplaced = 0
    for pin in range(start, stop):
        i, px, py = pins.order[pin], pins.x[pin], pins.y[pin]
        inside = len(layers.city) == 0
        for k in range(len(layers.city)):
            inside = inside or zone[i, layers.city[k]] >= 0
        flags = 0 if inside else OUTSIDE
        if not (np.isfinite(px) and np.isfinite(py)):
            flags = NOT_A_POINT
        for k in range(len(fallbacks)):
            if np.hypot(px - fallbacks[k, 0], py - fallbacks[k, 1]) <= reach.fallback:
                flags = FALLBACK_POINT
        if flags != 0:
            unplaced += 1
            for layer in range(zone.shape[1]):
                zone[i, layer] = -1
        ordinals[i, 0] = flags
    return unplaced


@compiled
def _borders(start, stop, pins, layers, grid, reach, zone, border_m, ordinals):
    """Write down how far the borders of the pins' zones are; flag the pins near that of their district."""
    for pin in range(start, stop):
        i, px, py = pins.order[pin], pins.x[pin], pins.y[pin]
        for layer in range(border_m.shape[1]):
            border_m[i, layer] = np.nan
        if ordinals[i, 0] != 0:
            continue
        left, right, bottom, top = cells_around(px, py, reach.border, grid)
        for row in range(bottom, top + 1):
            cell = row * grid.columns
            for k in range(grid.starts[cell + left], grid.starts[cell + right + 1]):
                layer = layers.of_zone[grid.edges[k]]
                if zone[i, layer] == grid.edges[k] - layers.starts[layer]:
                    _, bx, by = closest_on_edge(
                        px, py, grid.ends[k, 0], grid.ends[k, 1], grid.ends[k, 2], grid.ends[k, 3]
                    )
                    way = np.sqrt((px - bx) ** 2 + (py - by) ** 2)
                    if way <= reach.border and not way >= border_m[i, layer]:
                        border_m[i, layer] = way
        if layers.district >= 0 and border_m[i, layers.district] >= 0.0:
            ordinals[i, 0] = NEAR_BOUNDARY


@compiled
def _streets(start, stop, pins, grid, lines, streets, reach, ordinals, numbers):
    """Write down the pins' places on their nearest segments, and flag how sure those are."""
    for pin in range(start, stop):
        i, px, py = pins.order[pin], pins.x[pin], pins.y[pin]
        ordinals[i, 1], ordinals[i, 2], ordinals[i, 3], ordinals[i, 4] = -1, -1, 0, -1
        numbers[i, 0], numbers[i, 1], numbers[i, 2], numbers[i, 3] = np.nan, np.nan, np.nan, np.nan
        if ordinals[i, 0] & UNPLACED:
            continue
        edge, other, other_square = nearest_edges(px, py, reach.segment, grid, lines.piece)
        if edge < 0:
            ordinals[i, 0] |= FAR_FROM_STREET
            continue
        segment = lines.piece[edge]
        side, snap_m, snap_x, snap_y, fraction = snapped(px, py, edge, lines)
        length = lines.along[lines.offsets[segment + 1] - 1]
        ordinals[i, 1], ordinals[i, 3] = segment, side
        ordinals[i, 4] = number_at(
            among_houses(fraction, inset(length)),
            side,
            streets.ranges[0, segment],
            streets.ranges[1, segment],
            streets.ranges[2, segment],
            streets.ranges[3, segment],
        )
        numbers[i, 0], numbers[i, 1], numbers[i, 2], numbers[i, 3] = snap_x, snap_y, snap_m, fraction * length
        as_near = min(snap_m + reach.rival, reach.segment)
        if other >= 0 and np.sqrt(other_square) <= as_near:
            rival = _rival(px, py, as_near, segment, grid, lines.piece, streets.name)
            if rival >= 0:
                ordinals[i, 0] |= TWO_STREETS
                ordinals[i, 2] = rival


@compiled
def _rival(px, py, radius, own, grid, piece, names):
    """Return the nearest segment of another street with a name within a radius, -1 where there is none."""
    best, nearest = -1, radius
    left, right, bottom, top = cells_around(px, py, radius, grid)
    for row in range(bottom, top + 1):
        for k in range(grid.starts[row * grid.columns + left], grid.starts[row * grid.columns + right + 1]):
            segment = piece[grid.edges[k]]
            if names[segment] >= 0 and names[segment] != names[own]:
                _, sx, sy = closest_on_edge(
                    px, py, grid.ends[k, 0], grid.ends[k, 1], grid.ends[k, 2], grid.ends[k, 3]
                )
                way = np.sqrt((px - sx) ** 2 + (py - sy) ** 2)
                if way < nearest or (way == nearest and not 0 <= best < segment):
                    best, nearest = segment, way
    return best
