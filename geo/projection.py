"""Longitude and latitude to metres and back.

Everything stored is EPSG:4326 in the order lon, lat; every distance is computed in metres in a projected
coordinate system chosen per city.
"""

import math
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo import mercator
from geo.arrays import Floats, float_pairs, in_chunks

WGS84 = 4326


class Projection:
    """A two-way street between EPSG:4326 and one projected coordinate system in metres.

    Parameters
    ----------
    srid : int
        EPSG code of a projected coordinate system whose unit is the metre.

    Raises
    ------
    ValueError
        If the code is unknown, is not projected, or is not in metres (EPSG:2249 is in US survey feet).
    """

    def __init__(self, srid: int) -> None:
        crs = _metric_crs(srid)
        self.srid = srid
        self.name: str = crs.name
        self._zone = mercator.utm_zone(srid)
        self._forward = Transformer.from_crs(WGS84, crs, always_xy=True)
        self._inverse = Transformer.from_crs(crs, WGS84, always_xy=True)

    @overload
    def to_metric(self, lon: float, lat: float) -> tuple[float, float]: ...
    @overload
    def to_metric(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]: ...
    def to_metric(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats | float, Floats | float]:
        """Project degrees to metres.

        Parameters
        ----------
        lon, lat : float or (n,) arrays
            Degrees, EPSG:4326.

        Returns
        -------
        x, y : floats or (n,) float64 arrays
            Metres; NaN where the point is not finite, not on the globe, or too far from the projection's area
            to have coordinates in it.
        """
        single = np.ndim(lon) == 0
        lons, lats = float_pairs(lon, lat)
        on_globe = (np.abs(lats) <= 90.0) & (np.abs(lons) <= 360.0)
        x, y = self._run(mercator.forward, self._forward, lons, lats, on_globe)
        return (float(x[0]), float(y[0])) if single else (x, y)

    @overload
    def to_lonlat(self, x: float, y: float) -> tuple[float, float]: ...
    @overload
    def to_lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]: ...
    def to_lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats | float, Floats | float]:
        """Turn metres back into degrees; the inverse of `to_metric`, with lon in [-180, 180]."""
        single = np.ndim(x) == 0
        xs, ys = float_pairs(x, y)
        lon, lat = self._run(mercator.inverse, self._inverse, xs, ys, np.isfinite(xs) & np.isfinite(ys))
        return (float(lon[0]), float(lat[0])) if single else (lon, lat)

    def _run(
        self, kernel: mercator.Kernel, transformer: Transformer, a: Floats, b: Floats, usable: np.ndarray
    ) -> tuple[Floats, Floats]:
        out_a, out_b = np.full_like(a, np.nan), np.full_like(b, np.nan)
        if self._zone is not None:
            in_chunks(len(a), kernel, a, b, *self._zone, out_a, out_b)
        else:
            out_a[usable], out_b[usable] = transformer.transform(a[usable], b[usable])
        lost = ~(usable & np.isfinite(out_a) & np.isfinite(out_b))
        out_a[lost] = out_b[lost] = np.nan
        return out_a, out_b

    def __repr__(self) -> str:
        return f"Projection({self.srid})"


@lru_cache(maxsize=32)
def projection(srid: int) -> Projection:
    """Return the projection of an EPSG code, made once per process."""
    return Projection(srid)


def _metric_crs(srid: int) -> CRS:
    try:
        crs = CRS.from_epsg(srid)
    except CRSError as error:
        raise ValueError(f"EPSG:{srid} is not a known coordinate system") from error
    advice = "choose one in metres, such as the city's UTM zone"
    if not crs.is_projected:
        raise ValueError(f"EPSG:{srid} ({crs.name}) is not projected: {advice}")
    units = {axis.unit_name for axis in crs.axis_info if axis.unit_conversion_factor != 1.0}
    if units:
        raise ValueError(f"EPSG:{srid} ({crs.name}) is measured in {', '.join(sorted(units))}: {advice}")
    return crs


def utm_srid(lon: float, lat: float) -> int:
    """Return the EPSG code of the UTM zone of a point, Norway's and Svalbard's wider zones included.

    The meridian of 180° belongs to zone 1, whether written 180 or -180.

    Raises
    ------
    ValueError
        If the point is not on the globe or lies outside UTM's 80° S to 84° N.
    """
    if not (math.isfinite(lon) and abs(lon) <= 180.0):
        raise ValueError(f"longitude must be between -180 and 180, not {lon}")
    if not (math.isfinite(lat) and -80.0 <= lat <= 84.0):
        raise ValueError(f"latitude must be between -80 and 84 for a UTM zone, not {lat}")
    zone = int((lon + 180.0) % 360.0 // 6.0) + 1
    if 56.0 <= lat < 64.0 and 3.0 <= lon < 12.0:
        zone = 32
    elif lat >= 72.0 and 0.0 <= lon < 42.0:
        zone = next(zone for east, zone in ((9.0, 31), (21.0, 33), (33.0, 35), (42.0, 37)) if lon < east)
    return (32600 if lat >= 0.0 else 32700) + zone
