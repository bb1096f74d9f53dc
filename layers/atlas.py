"""The atlas: one snapshot of all current editions of a city, in memory, that turns pins into places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, float_pairs
from geo.projection import Projection
from geo.segments import NearestSegments
from layers.houses import house_number
from layers.places import (
    ASSET_REACH_M,
    BIT,
    FLAGS,
    NEAR_BOUNDARY_M,
    TWO_STREETS_M,
    UNPLACED_BITS,
    AssetHit,
    Place,
    Places,
    ZoneHit,
)
from layers.tables import Assets, Segments, Zones
from layers.zonelayers import LayeredZones

FALLBACK_REACH_M = 1.0
"""A pin this near to a fall-back coordinate is that coordinate, written by a system that knew no better."""
_SIDES: dict[int, Literal["left", "right"]] = {1: "left", -1: "right"}
_SAME_SPOT = 8


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
        self.zone_index = LayeredZones({layer: table.polygons for layer, table in zones.items()})
        self.asset_index = {kind: table.index for kind, table in assets.items()}
        self._lengths = segments.lines.lengths
        self._street = segments.street
        self._unnamed = segments.name == ""
        self._fallback = np.array([metric.to_metric(*point) for point in city.fallback_points]).reshape(-1, 2)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> Places:
        """Return what the map knows of pins. Nothing is asked of the database.

        Parameters
        ----------
        lon, lat : (n,) float arrays
            Degrees, EPSG:4326. Whatever is no place in the city is flagged and not snapped.
        """
        lon, lat = float_pairs(lon, lat)
        x, y = self.metric.to_metric(lon, lat)
        # No pin is at a longitude of 289.
        x[np.abs(lon) > 180.0] = np.nan
        px, py, hits = x, y, self.zone_index.hits(x, y)
        lowest = hits.lowest()
        zone = lowest.by_layer(lowest.zone, -1)
        flags = self._judged(lon, lat, x, y, self._inside(x, zone))
        unplaced = (flags & UNPLACED_BITS) != 0
        if unplaced.any():
            px, py = np.where(unplaced, np.nan, (x, y))
            hits = hits.without(unplaced)
            lowest = hits.lowest()
            zone = lowest.by_layer(lowest.zone, -1)
        found = self.segment_index.nearest(px, py, max_m=self.city.snap_radius_m)
        flags[(found.segment < 0) & ~unplaced] |= BIT["far_from_street"]
        other = self._other_street(px, py, found)
        flags[other >= 0] |= BIT["two_streets"]
        segments, length = self.segments, self._lengths[found.segment]
        snap_lon, snap_lat = self.metric.to_lonlat(found.x, found.y)
        edge_m = self.zone_index.edge_distance(px, py, lowest, NEAR_BOUNDARY_M)
        boundary_m = lowest.by_layer(edge_m, np.nan)
        if self.city.district_layer in boundary_m:
            flags[~np.isnan(boundary_m[self.city.district_layer])] |= BIT["near_boundary"]
        assets = {
            kind: index.nearest(px, py, max_m=ASSET_REACH_M) for kind, index in self.asset_index.items()
        }
        return Places(
            atlas=self,
            lon=lon,
            lat=lat,
            x=x,
            y=y,
            flags=flags,
            segment=found.segment,
            other=other,
            side=found.side,
            house_number=house_number(found.fraction, found.side, length, segments.ranges[:, found.segment]),
            snap_lon=snap_lon,
            snap_lat=snap_lat,
            snap_m=found.distance_m,
            along_m=found.fraction * length,
            hits=hits,
            zone=zone,
            boundary_m=boundary_m,
            asset={kind: nearest for kind, (nearest, _) in assets.items()},
            asset_m={kind: distance for kind, (_, distance) in assets.items()},
        )

    def locate_one(self, lon: float, lat: float) -> Place:
        """Return what the map knows of one pin; `locate` says how."""
        return self.locate([lon], [lat])[0]

    def _inside(self, x: Floats, zone: dict[str, Ints]) -> NDArray[np.bool_]:
        """Return which pins are in the city: in its boundary or, as that may leave out ponds, a district."""
        names = (self.city.boundary_layer, self.city.district_layer)
        layers = [zone[name] >= 0 for name in names if name in zone]
        return np.logical_or.reduce(layers) if layers else np.isfinite(x)

    def _judged(
        self, lon: Floats, lat: Floats, x: Floats, y: Floats, inside: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        """Return the flags of pins that are no place in the city; x and y are metres."""
        flags = np.zeros(len(lon), np.uint8)
        strays = np.flatnonzero(~inside)
        if len(strays):
            turned_x, turned_y = self.metric.to_metric(lat[strays], lon[strays])
            hits = self.zone_index.hits(turned_x, turned_y).lowest()
            turned = self._inside(turned_x, hits.by_layer(hits.zone, -1))
            flags[strays] = BIT["outside"]
            flags[strays[np.isnan(x[strays]) | np.isnan(y[strays])]] = BIT["not_a_point"]
            flags[strays[turned]] = BIT["swapped"]
        for fx, fy in self._fallback:
            flags[np.hypot(x - fx, y - fy) <= FALLBACK_REACH_M] = BIT["fallback_point"]
        return flags

    def _other_street(self, x: Floats, y: Floats, found: NearestSegments) -> Ints:
        """Return a segment of another street about as near as the nearest one, or -1."""
        rival = np.full(len(x), -1, np.int32)
        farthest = found.distance_m + TWO_STREETS_M
        close = np.flatnonzero(found.other_distance_m <= farthest)
        if len(close):
            # The next segment is often the same street's next block; the other street comes after it.
            near, way = self.segment_index.within(
                x[close], y[close], float(farthest[close].max()), k=_SAME_SPOT
            )
            differs = self._street[near] != self._street[found.segment[close], None]
            differs &= (near >= 0) & (way <= farthest[close, None]) & ~self._unnamed[near]
            rival[close] = np.where(
                differs.any(axis=1), near[np.arange(len(close)), differs.argmax(axis=1)], -1
            )
        return rival

    def place(self, places: Places, i: int) -> Place:
        """Return pin i of `places` by itself."""
        segments, segment, side = self.segments, int(places.segment[i]), int(places.side[i])
        snapped = segment >= 0
        number = int(places.house_number[i])
        other = int(places.other[i])
        left, right = (segments.left_zip[segment], segments.right_zip[segment]) if snapped else ("", "")
        bits = int(places.flags[i])
        return Place(
            lon=float(places.lon[i]),
            lat=float(places.lat[i]),
            flags=tuple(flag for flag in FLAGS if bits & BIT[flag]),
            segment=segment if snapped else None,
            segment_id=segments.source_id[segment] if snapped else None,
            street=(segments.name[segment] or None) if snapped else None,
            street_class=(segments.class_[segment] or None) if snapped else None,
            street_owner=(segments.owner[segment] or None) if snapped else None,
            other_street=segments.name[other] if other >= 0 else None,
            side=_SIDES.get(side),
            house_number=number if number > 0 else None,
            postcode=((left or right) if side >= 0 else (right or left)) or None,
            snap_lon=float(places.snap_lon[i]) if snapped else None,
            snap_lat=float(places.snap_lat[i]) if snapped else None,
            snap_m=float(places.snap_m[i]) if snapped else None,
            along_m=float(places.along_m[i]) if snapped else None,
            x=float(places.x[i]),
            y=float(places.y[i]),
            zones={
                layer: self._zone_hit(places, layer, i) for layer in self.zones if places.zone[layer][i] >= 0
            },
            assets={
                kind: self._asset_hit(places, kind, i) for kind in self.assets if places.asset[kind][i] >= 0
            },
            edition_ids=self.edition_ids,
        )

    def _zone_hit(self, places: Places, layer: str, i: int) -> ZoneHit:
        zones, zone = self.zones[layer], places.zone[layer][i]
        edge = float(places.boundary_m[layer][i])
        return ZoneHit(layer, zones.source_id[zone], zones.name[zone], None if edge != edge else edge)

    def _asset_hit(self, places: Places, kind: str, i: int) -> AssetHit:
        assets, asset = self.assets[kind], places.asset[kind][i]
        return AssetHit(kind, assets.source_id[asset], assets.owner[asset], float(places.asset_m[kind][i]))
