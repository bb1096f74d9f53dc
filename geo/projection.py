"""Longitude and latitude to metres and back.

Everything stored is EPSG:4326 in the order lon, lat; every distance is computed in metres in a projected
coordinate system chosen per city.
"""

import math
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError

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
        self._crs = crs
        self.name: str = crs.name
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
        return _transformed(self._forward, lon, lat)

    @overload
    def to_lonlat(self, x: float, y: float) -> tuple[float, float]: ...
    @overload
    def to_lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]: ...
    def to_lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats | float, Floats | float]:
        """Turn metres back into degrees; the inverse of `to_metric`, with lon in [-180, 180]."""
        lon, lat = _transformed(self._inverse, x, y)
        # On the meridian of 180°, rounding may end a hair beyond it.
        if isinstance(lon, float):
            return max(min(lon, 180.0), -180.0), lat
        return np.clip(lon, -180.0, 180.0, out=lon), lat

    def stretch(self, lon: float, lat: float) -> float:
        """Return how many times as long as it is a short way comes out here, in the direction worst for that.

        1.0 is true to scale; a thousandth more or less is usual. Infinite where the CRS does not reach.
        """
        factors = Proj(self._crs).get_factors(lon, lat)
        worst = max((factors.tissot_semimajor, factors.tissot_semiminor), key=lambda scale: abs(scale - 1.0))
        return float(worst)

    def __repr__(self) -> str:
        return f"Projection({self.srid})"


@lru_cache(maxsize=32)
def projection(srid: int) -> Projection:
    """Return the projection of an EPSG code, made once per process."""
    return Projection(srid)


def _transformed(
    transformer: Transformer, a: ArrayLike, b: ArrayLike
) -> tuple[Floats | float, Floats | float]:
    if isinstance(a, float) or np.ndim(a) == 0:
        return _one_transformed(transformer, a, b)
    ones, others = float_pairs(a, b)
    if len(ones) == 1:
        # pyproj takes a number in a third of the time that it takes an array.
        one, other = _one_transformed(transformer, ones.item(), others.item())
        return np.array([one]), np.array([other])
    ones, others = ones.copy(), others.copy()

    def chunk(start: int, stop: int) -> None:
        transformer.transform(ones[start:stop], others[start:stop], inplace=True)

    in_chunks(len(ones), chunk)
    # pyproj gives infinity for what it cannot project.
    lost = ~(np.isfinite(ones) & np.isfinite(others))
    ones[lost] = others[lost] = np.nan
    return ones, others


def _one_transformed(transformer: Transformer, a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    one, other = transformer.transform(a, b)
    return (one, other) if math.isfinite(one) and math.isfinite(other) else (math.nan, math.nan)


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
