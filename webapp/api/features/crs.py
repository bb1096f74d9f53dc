"""The coordinate reference systems in which features are given: OGC API – Features, Part 2 (OGC 18-058r1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

WGS84 = 4326
WEB_MERCATOR = 3857
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
_EDGE_PARTS = 32
"""A straight edge in one system is a curve in another: each is cut into so many parts."""

_FARTHEST_M = 1e8
"""Twice around the Earth and more."""


class BoxError(ValueError):
    """A box that is none; the text says why."""


@dataclass(frozen=True)
class Crs:
    """A system, and how its numbers are written.

    Parameters
    ----------
    uri
        Its name in parameters and headers.
    srid
        Its EPSG code.
    north_first
        Whether its authority has the northing or latitude before the easting or longitude.
    digits
        Decimals: of degrees 7, of metres 3.
    """

    uri: str
    srid: int
    north_first: bool
    digits: int

    def from_lonlat(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return shapes, EPSG:4326 in the order lon, lat, in this system; None for what it cannot hold."""

        def numbers(coords: NDArray[np.float64]) -> NDArray[np.float64]:
            if self.srid != WGS84:
                coords = np.column_stack(_transformer(self.srid).transform(coords[:, 0], coords[:, 1]))
            rounded = np.round(coords[:, ::-1] if self.north_first else coords, self.digits)
            # Adding zero turns -0.0 into 0.0.
            return np.asarray(rounded + 0.0)

        if self.srid == WGS84:
            return np.asarray(shapely.transform(shapes, numbers))
        found = [_finite(shapely.transform(shape, numbers)) for shape in shapes]
        return np.array(found, dtype=object)

    def to_lonlat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape of this system, axes in its own order, as EPSG:4326, lon lat.

        Where this system has no such place, coordinates are not finite.
        """

        def degrees(coords: NDArray[np.float64]) -> NDArray[np.float64]:
            numbers = coords[:, ::-1] if self.north_first else coords
            if self.srid == WGS84:
                return numbers
            return np.column_stack(
                _transformer(self.srid).transform(numbers[:, 0], numbers[:, 1], direction="INVERSE")
            )

        return shapely.transform(shape, degrees)

    def region(self, box: tuple[float, ...]) -> shapely.Geometry:
        """Return what a box covers, EPSG:4326 in the order lon, lat.

        Parameters
        ----------
        box
            Four numbers, least corner and greatest corner in this system's own order of axes, or six with
            heights, which are passed over. In degrees the first longitude may be the greater one: the box
            then spans the meridian of 180°.

        Raises
        ------
        BoxError
            If there is no such box.
        """
        half = len(box) // 2
        west, south, east, north = (*box[:2], *box[half : half + 2])
        if self.north_first:
            west, south, east, north = south, west, north, east
        if south > north:
            raise BoxError("The second corner lies south of the first")
        if self.srid == WGS84:
            return _degrees(west, south, east, north)
        if west > east:
            raise BoxError("The second corner lies west of the first")
        if max(map(abs, (west, south, east, north))) > _FARTHEST_M:
            raise BoxError("It lies beyond what this coordinate system covers")
        edges = shapely.segmentize(_rectangle(west, south, east, north), _part(west, south, east, north))
        found = shapely.transform(
            edges,
            lambda coords: np.column_stack(
                _transformer(self.srid).transform(coords[:, 0], coords[:, 1], direction="INVERSE")
            ),
        )
        if not np.isfinite(shapely.get_coordinates(found)).all():
            raise BoxError("It lies beyond what this coordinate system covers")
        return found


@lru_cache(maxsize=64)
def offered(metric_srid: int) -> dict[str, Crs]:
    """Return the systems by URI, CRS84 first: that, WGS 84, Web Mercator, and the city's metric one."""
    systems = [Crs(CRS84, WGS84, north_first=False, digits=7)]
    for srid in dict.fromkeys((WGS84, WEB_MERCATOR, metric_srid)):
        axes = CRS.from_epsg(srid).axis_info
        systems.append(
            Crs(
                _EPSG.format(srid),
                srid,
                north_first=axes[0].direction in ("north", "south"),
                digits=7 if srid == WGS84 else 3,
            )
        )
    return {system.uri: system for system in systems}


@lru_cache(maxsize=64)
def _transformer(srid: int) -> Transformer:
    return Transformer.from_crs(WGS84, srid, always_xy=True)


def _finite(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    # Far from its area a projection has no coordinates; a pin may be anywhere on the globe.
    return shape if shape is not None and np.isfinite(shapely.get_coordinates(shape)).all() else None


def _degrees(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise BoxError("A longitude is not between -180 and 180")
    if not (-90 <= south <= 90 and -90 <= north <= 90):
        raise BoxError("A latitude is not between -90 and 90")
    if west <= east:
        return _rectangle(west, south, east, north)
    return shapely.union(_rectangle(west, south, 180.0, north), _rectangle(-180.0, south, east, north))


def _rectangle(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    """Return a rectangle; a line or a point where it has no width or height."""
    return shapely.envelope(shapely.MultiPoint([(west, south), (east, north)]))


def _part(west: float, south: float, east: float, north: float) -> float:
    return max(east - west, north - south, 1e-3) / _EDGE_PARTS
