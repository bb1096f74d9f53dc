"""A place: what the map knows of a pin. One dataclass for one pin, one struct of arrays for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Flag = Literal[
    "not_a_point",  # NaN, infinite, or not a longitude and latitude at all
    "swapped",  # outside the city as given, inside it with longitude and latitude exchanged
    "fallback_point",  # a coordinate that another system writes when it could not find an address
    "outside",  # outside the city's boundary
    "far_from_street",  # no segment within the city's snap radius
    "two_streets",  # another street is about as near (within 2 m) as the one chosen
    "near_boundary",  # within 30 m of the edge of its council district
]
UNPLACED: frozenset[str] = frozenset({"not_a_point", "swapped", "fallback_point", "outside"})
"""Flags of pins that are never snapped to a street, matched by place or given to a crew by polygon."""


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
