"""A place: what the map knows of a pin. One dataclass for one pin, one struct of arrays for many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from geo import locator
from geo.arrays import Floats, Ints, Offsets
from layers.tables import Layers
from layers.zonelayers import Hits

Flag = Literal[
    "not_a_point",  # NaN, infinite, or not a longitude and latitude at all
    "swapped",  # outside the city as given, inside it with longitude and latitude exchanged
    "fallback_point",  # a coordinate that another system writes when it could not find an address
    "outside",  # outside the city's boundary
    "far_from_street",  # no segment within the city's snap radius
    "two_streets",  # another street is about as near (within 2 m) as the one chosen
    "near_boundary",  # within 30 m of the edge of its council district
]
FLAGS: tuple[Flag, ...] = get_args(Flag)
UNPLACED: frozenset[str] = frozenset({"not_a_point", "swapped", "fallback_point", "outside"})
"""Flags of pins that are never snapped to a street, matched by place or given to a crew by polygon."""
BIT: dict[str, int] = {
    "not_a_point": locator.NOT_A_POINT,
    "swapped": locator.SWAPPED,
    "fallback_point": locator.FALLBACK_POINT,
    "outside": locator.OUTSIDE,
    "far_from_street": locator.FAR_FROM_STREET,
    "two_streets": locator.TWO_STREETS,
    "near_boundary": locator.NEAR_BOUNDARY,
}
"""What each flag adds to ``Places.flags``."""
UNPLACED_BITS = locator.UNPLACED
NEAR_BOUNDARY_M = 30.0
"""Within this distance of a zone's edge, it is told how far the edge is."""
ASSET_REACH_M = 25.0
"""An asset farther from a pin is not its asset."""
TWO_STREETS_M = 2.0
"""Another street this much farther away is about as near."""


Facing = Literal["north", "east", "south", "west"]
_SIDES: dict[int, Literal["left", "right"]] = {1: "left", -1: "right"}


@dataclass(frozen=True, slots=True)
class ZoneHit:
    """The zone of one layer that holds a pin."""

    layer: str
    id: str
    name: str
    boundary_m: float | None
    """Distance to the zone's edge in metres, where under 30 m."""


@dataclass(frozen=True, slots=True)
class AssetHit:
    """The nearest asset of one kind, within 25 m."""

    kind: str
    id: str
    owner: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class Place:
    """What the map knows of one pin. Longitudes and latitudes are EPSG:4326 degrees."""

    lon: float
    lat: float
    flags: tuple[Flag, ...]
    segment: int | None
    """Ordinal of the segment in the atlas; changes between editions."""
    segment_id: str | None
    """The city's own id of the segment; stable between editions."""
    street: str | None
    street_class: str | None
    street_owner: str | None
    other_street: str | None
    """The runner-up, where flagged ``two_streets``."""
    side: Literal["left", "right"] | None
    house_number: int | None
    postcode: str | None
    snap_lon: float | None
    snap_lat: float | None
    snap_m: float | None
    """Distance from the pin to the segment, metres."""
    along_m: float | None
    """Distance along the segment from its first node to the snapped point, metres."""
    x: float
    y: float
    """The pin in the city's metric CRS, metres (NaN where it is not a point)."""
    zones: dict[str, ZoneHit]
    """By layer name: the zone (of a layer that may overlap: the first) that holds the pin."""
    assets: dict[str, AssetHit]
    """By asset kind."""
    edition_ids: tuple[int, ...]
    """The editions the pin was located in."""

    @property
    def placed(self) -> bool:
        """Whether the pin may be snapped, matched and assigned by its position."""
        return UNPLACED.isdisjoint(self.flags)

    @property
    def address(self) -> str | None:
        """Such as ``12 Main St``; the street alone where there is no number."""
        if self.street and self.house_number:
            return f"{self.house_number} {self.street}"
        return self.street

    @property
    def facing(self) -> Facing | None:
        """The side of the street that the pin is on, by the compass; None within a metre of its middle."""
        if self.snap_lon is None or self.snap_lat is None or not self.snap_m or self.snap_m < 1.0:
            return None
        east = (self.lon - self.snap_lon) * math.cos(math.radians(self.lat))
        north = self.lat - self.snap_lat
        if abs(east) > abs(north):
            return "east" if east > 0 else "west"
        return "north" if north > 0 else "south"


@dataclass(frozen=True)
class Places:
    """What the map knows of n pins, as arrays; ``places[i]`` is the `Place` of pin i.

    Where there is nothing, ordinals and house numbers are -1, distances NaN, sides 0. What takes long and is
    seldom asked for is worked out when it is.
    """

    layers: Layers
    """What the ordinals point into."""
    lon: Floats
    lat: Floats
    x: Floats
    y: Floats
    flags: NDArray[np.uint8]
    """Sum of the `BIT` of each flag."""
    segment: Ints
    other: Ints
    """A segment of the other street, where flagged ``two_streets``."""
    side: NDArray[np.int8]
    """+1 left, -1 right of the segment's digitised direction, 0 on it."""
    house_number: Ints
    snap_x: Floats
    snap_y: Floats
    """The snapped point in the city's metric CRS."""
    snap_m: Floats
    along_m: Floats
    zone: dict[str, Ints]
    """By layer name: the ordinal, in ``layers.zones[layer]``, of the first zone that holds the pin."""
    boundary_m: dict[str, Floats]
    """By layer name: metres to that zone's edge, where under 30."""
    asset: dict[str, Ints]
    """By asset kind: the ordinal, in ``layers.assets[kind]``, of the nearest within 25 m."""
    asset_m: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.lon)

    def __iter__(self) -> Iterator[Place]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> Place:
        segments, segment, side = self.layers.segments, int(self.segment[i]), int(self.side[i])
        number, other, bits = int(self.house_number[i]), int(self.other[i]), int(self.flags[i])
        snapped = segment >= 0
        left, right = (segments.left_zip[segment], segments.right_zip[segment]) if snapped else ("", "")
        snap_lon, snap_lat = self._snapped_point(i) if snapped else (None, None)
        return Place(
            lon=float(self.lon[i]),
            lat=float(self.lat[i]),
            flags=tuple(flag for flag in FLAGS if bits & BIT[flag]) if bits else (),
            segment=segment if snapped else None,
            segment_id=segments.source_id[segment] if snapped else None,
            street=(segments.name[segment] or None) if snapped else None,
            street_class=(segments.class_[segment] or None) if snapped else None,
            street_owner=(segments.owner[segment] or None) if snapped else None,
            other_street=segments.name[other] if other >= 0 else None,
            side=_SIDES.get(side),
            house_number=number if number > 0 else None,
            postcode=((left or right) if side >= 0 else (right or left)) or None,
            snap_lon=snap_lon,
            snap_lat=snap_lat,
            snap_m=float(self.snap_m[i]) if snapped else None,
            along_m=float(self.along_m[i]) if snapped else None,
            x=float(self.x[i]),
            y=float(self.y[i]),
            zones=self._zone_hits(i),
            assets=self._asset_hits(i),
            edition_ids=self.layers.edition_ids,
        )

    def _snapped_point(self, i: int) -> tuple[float, float]:
        return self.layers.metric.to_lonlat(float(self.snap_x[i]), float(self.snap_y[i]))

    def _zone_hits(self, i: int) -> dict[str, ZoneHit]:
        hits = {}
        for layer, column in self.zone.items():
            zone = column[i]
            if zone >= 0:
                table, edge = self.layers.zones[layer], float(self.boundary_m[layer][i])
                near = None if edge != edge else edge
                hits[layer] = ZoneHit(layer, table.source_id[zone], table.name[zone], near)
        return hits

    def _asset_hits(self, i: int) -> dict[str, AssetHit]:
        hits = {}
        for kind, column in self.asset.items():
            asset = column[i]
            if asset >= 0:
                table, distance = self.layers.assets[kind], float(self.asset_m[kind][i])
                hits[kind] = AssetHit(kind, table.source_id[asset], table.owner[asset], distance)
        return hits

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Whether each pin may be snapped, matched and assigned by its position."""
        placed: NDArray[np.bool_] = np.equal(self.flags & UNPLACED_BITS, 0)
        return placed

    def flagged(self, flag: Flag) -> NDArray[np.bool_]:
        """Return which pins have a flag."""
        flagged: NDArray[np.bool_] = np.not_equal(self.flags & BIT[flag], 0)
        return flagged

    @cached_property
    def hits(self) -> Hits:
        """Every zone of every layer that holds each pin; `zones_all` gives those of one layer."""
        return self.layers.zone_index.hits(np.where(self.placed, self.x, np.nan), self.y)

    def zones_all(self, layer: str) -> tuple[Offsets, Ints]:
        """Return every zone of a layer that holds each pin.

        Returns
        -------
        offsets : (n + 1,) int64 array
        zones : int32 array
            Ordinals in ``layers.zones[layer]``; those of pin i are ``zones[offsets[i]:offsets[i + 1]]``.
        """
        return self.hits.of(layer)
