"""The atlas: one snapshot of all current editions of a city, in memory, that turns pins into places."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geo.arrays import Floats, float_pairs
from geo.locator import Located, Locator, Reach, Streets
from geo.projection import Projection
from layers.places import ASSET_REACH_M, BIT, NEAR_BOUNDARY_M, TWO_STREETS_M, UNPLACED_BITS, Place, Places
from layers.tables import Assets, Layers, Segments, Zones
from layers.told import follow

FALLBACK_REACH_M = 1.0
"""A pin this near to a fall-back coordinate is that coordinate, written by a system that knew no better."""


@dataclass(frozen=True)
class CityFacts:
    """What an atlas must know of its city besides the layers."""

    id: int
    slug: str
    name: str
    snap_radius_m: float
    boundary_layer: str | None
    district_layer: str | None
    fallback_points: tuple[tuple[float, float], ...]
    """(lon, lat)."""


class Atlas:
    """One snapshot of all current editions of a city.

    Parameters
    ----------
    city : CityFacts
    metric : Projection
        The city's metric CRS, in which `segments`, `zones` and `assets` are.
    zones : dict
        By layer name.
    assets : dict
        By asset kind.
    edition_ids : tuple of int
        The editions it is made of.
    """

    def __init__(
        self,
        city: CityFacts,
        metric: Projection,
        segments: Segments,
        zones: dict[str, Zones],
        assets: dict[str, Assets],
        edition_ids: tuple[int, ...],
    ) -> None:
        self.city = city
        self.metric = metric
        self.segments = segments
        self.zones = zones
        self.assets = assets
        self.edition_ids = edition_ids
        self.segment_index = segments.index
        self.asset_index = {kind: table.index for kind, table in assets.items()}
        self.layers = Layers(metric, segments, zones, assets, edition_ids)
        zone_index = self.layers.zone_index
        self._locator = Locator(
            segments.index,
            Streets(segments.street, segments.ranges),
            zone_index.index,
            zone_index.parted(city.boundary_layer, city.district_layer),
            np.array([metric.to_metric(*point) for point in city.fallback_points]).reshape(-1, 2),
            Reach(city.snap_radius_m, NEAR_BOUNDARY_M, TWO_STREETS_M, FALLBACK_REACH_M),
        )

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the streets, in degrees (EPSG:4326)."""
        coords = self.segments.lines.coords
        (west, south), (east, north) = coords.min(axis=0), coords.max(axis=0)
        # All four corners: north on the metric grid is not quite true north.
        lon, lat = self.metric.to_lonlat([west, east, east, west], [south, south, north, north])
        edges = (lon.min(), lat.min(), lon.max(), lat.max())
        return tuple(round(float(edge), 6) for edge in edges)  # type: ignore[return-value]

    def with_zones(self, layer: str, zones: Zones) -> Atlas:
        """Return an atlas that is like this one but for the zones of a layer: to try them out unpublished."""
        replaced = {**self.zones, layer: zones}
        return Atlas(self.city, self.metric, self.segments, replaced, self.assets, self.edition_ids)

    def locate(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        addresses: Sequence[str | None] | None = None,
        classes: Sequence[Collection[str]] | None = None,
    ) -> Places:
        """Return what the map knows of pins. Nothing is asked of the database.

        Parameters
        ----------
        lon, lat : (n,) float arrays
            Degrees, EPSG:4326. Whatever is no place in the city is flagged and not snapped.
        addresses : sequence of n str, optional
            What people wrote beside the pins. Where two streets are about as near, as on a ramp or at a
            corner, the one that is named there is chosen.
        classes : sequence of n collections of str, optional
            The classes of streets that each report can be about. Of streets about as near, of which none was
            named, the nearest of these is chosen.
        """
        lon, lat = float_pairs(lon, lat)
        x, y = self.metric.to_metric(lon, lat)
        # No pin is at a longitude of 289.
        x[np.abs(lon) > 180.0] = np.nan
        pins = self._locator.visit(x, y)
        found = self._locator.locate(pins)
        if found.unplaced:
            lost = (found.flags & UNPLACED_BITS) != 0
            self._find_swapped(lon, lat, found)
            pins = pins._replace(x=np.where(lost[pins.order], np.nan, pins.x))
        if addresses is not None or classes is not None:
            follow(addresses, classes, x, y, found, self.segments)
        assets = {kind: index.nearest_on(pins, ASSET_REACH_M) for kind, index in self.asset_index.items()}
        layers = self.layers.zone_index.layers
        return Places(
            layers=self.layers,
            lon=lon,
            lat=lat,
            x=x,
            y=y,
            flags=found.flags,
            segment=found.segment,
            other=found.other,
            side=found.side,
            house_number=found.house_number,
            snap_x=found.snap_x,
            snap_y=found.snap_y,
            snap_m=found.snap_m,
            along_m=found.along_m,
            zone=dict(zip(layers, found.zone, strict=True)),
            boundary_m=dict(zip(layers, found.border_m, strict=True)),
            asset={kind: nearest for kind, (nearest, _) in assets.items()},
            asset_m={kind: distance for kind, (_, distance) in assets.items()},
        )

    def locate_one(self, lon: float, lat: float) -> Place:
        """Return what the map knows of one pin; `locate` says how."""
        return self.locate(lon, lat)[0]

    def _find_swapped(self, lon: Floats, lat: Floats, found: Located) -> None:
        """Flag the pins outside the city that are inside with longitude and latitude exchanged."""
        strays = np.flatnonzero(found.flags & (BIT["outside"] | BIT["not_a_point"]))
        turned = self.metric.to_metric(lat[strays], lon[strays])
        flags = self._locator.locate(self._locator.visit(*turned)).flags
        found.flags[strays[(flags & UNPLACED_BITS) == 0]] = BIT["swapped"]
