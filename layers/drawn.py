"""Which streets the base map draws at which zoom, and which of them as main streets.

A city that classifies its streets says so itself. Of one that does not, the longest strokes are the main
streets. From afar only strokes that are long enough to be seen are drawn, so that the map is neither empty
nor black.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.arrays import Floats
from geo.strokes import stroke_lengths
from layers.atlas import Atlas
from layers.models import Segment

MAIN_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "highway", "arterial", "collector")
"""The classes of streets that are drawn when the whole city is in sight."""
ALL_FROM = 14
"""From this zoom on every street is drawn."""
OTHERS_FROM = 12
"""Before this zoom, main streets only."""
SHORTEST_PX = 20
"""Before all are drawn, a stroke shorter than this on a tile of 256 pixels is left out."""
MAIN_SHARE = 0.15
"""Where the city has no classes: the part of all street length that counts as main."""
FARTHEST = 9
"""What is drawn at this zoom is drawn from still farther away too: the city is a few pixels there."""
ALWAYS = 60
"""So many of the longest strokes are drawn at every zoom."""
_WORLD_M = 40_075_016.7

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Drawn:
    """The streets of an atlas as the base map needs them, in the order of its segments."""

    key: NDArray[np.int64]
    """The edition's id, times 2^32, and the segment's id."""
    box: Floats
    """(4, n) west, south, east and north, in degrees (EPSG:4326)."""
    unnamed_main: Flags
    """Main streets of a city that has no classes."""
    zoom: NDArray[np.int8]
    """The first zoom that draws it."""

    def within(
        self, z: int, west: float, south: float, east: float, north: float
    ) -> tuple[list[int], list[int]]:
        """Return the keys of what a zoom draws in a box; then of those that are main for want of classes."""
        near = (self.box[0] <= east) & (self.box[2] >= west) & (self.box[1] <= north) & (self.box[3] >= south)
        near &= self.zoom <= max(z, FARTHEST)
        return self.key[near].tolist(), self.key[near & self.unnamed_main].tolist()


_drawn: WeakKeyDictionary[Atlas, Drawn] = WeakKeyDictionary()


def drawn(session: Session, atlas: Atlas) -> Drawn:
    """Return how the streets of an atlas are drawn; asked again, from memory."""
    if atlas not in _drawn:
        _drawn[atlas] = _draw(session, atlas)
    return _drawn[atlas]


def _draw(session: Session, atlas: Atlas) -> Drawn:
    rows = session.execute(
        select(Segment.edition_id, Segment.id)
        .where(Segment.city_id == atlas.city.id, Segment.edition_id.in_(atlas.edition_ids))
        .order_by(Segment.edition_id, Segment.id)
    ).all()
    keys = np.array([edition << 32 | number for edition, number in rows], np.int64)
    lines = atlas.segments.lines
    lon, lat = atlas.metric.to_lonlat(lines.coords[:, 0], lines.coords[:, 1])
    first = lines.offsets[:-1]
    box = np.array(
        [
            np.minimum.reduceat(lon, first),
            np.minimum.reduceat(lat, first),
            np.maximum.reduceat(lon, first),
            np.maximum.reduceat(lat, first),
        ]
    )
    length = stroke_lengths(lines, atlas.segments.street)
    classes = [*MAIN_CLASSES, *(f"{name}_link" for name in MAIN_CLASSES)]
    main = np.isin(atlas.segments.class_.astype(str), classes)
    unnamed = np.zeros(len(main), np.bool_)
    pixel_m = _WORLD_M / 256 * math.cos(math.radians(float(np.mean(lat))))
    seen = np.ceil(np.log2(SHORTEST_PX * pixel_m / np.maximum(length, 1.0)))
    zoom = np.clip(seen, OTHERS_FROM, ALL_FROM)
    zoom[main] = FARTHEST
    if not main.any():
        always = length >= np.unique(length)[-ALWAYS:].min(initial=np.inf)
        unnamed = _longest(length, lines.lengths) | always
        zoom[unnamed] = np.clip(seen[unnamed], FARTHEST, OTHERS_FROM)
        zoom[always] = FARTHEST
    return Drawn(keys, box, unnamed, zoom.astype(np.int8))


def _longest(length: Floats, own: Floats) -> Flags:
    """Return whether each piece is of the longest strokes, which together are `MAIN_SHARE` of all length."""
    order = np.argsort(-length)
    among = np.cumsum(own[order]) <= MAIN_SHARE * own.sum()
    least: float = length[order[among]].min(initial=np.inf)
    return np.asarray(length >= least)
