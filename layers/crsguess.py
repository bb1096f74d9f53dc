"""Whether coordinates can be in the CRS that a file names and, if not, in which one they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import ProjError

Pairs = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

LONLAT = CRS.from_user_input("OGC:CRS84")
_SAMPLE = 200
_MOST = 0.9
# Areas of use are drawn generously, but cities at their edge are mapped in them too.
_MARGIN_DEGREES = 1.0
# Of several CRSs with nearly the same numbers, people mean one of these.
_COMMON = ("WGS 84 /", "NAD83 /", "ETRS89 /")


def to_lonlat(pairs: Pairs, crs: CRS) -> Pairs:
    """Return (n, 2) coordinates of a CRS, easting first, as longitudes and latitudes; else infinite."""
    if crs.equals(LONLAT, ignore_axis_order=True):
        return pairs
    return np.column_stack(Transformer.from_crs(crs, LONLAT, always_xy=True).transform(*pairs.T))


def share_within(lonlat: Pairs, box: Box) -> float:
    """Return the share of points that lie in a box."""
    lon, lat = lonlat.T
    west, south, east, north = box
    return float(np.mean((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)))


def possible(pairs: Pairs, crs: CRS) -> bool:
    """Return whether most coordinates lie where the CRS is meant to be used."""
    area = crs.area_of_use
    west, south, east, north = area.bounds if area else (-180.0, -90.0, 180.0, 90.0)
    if west > east:
        west, east = -180.0, 180.0
    grown = (west - _MARGIN_DEGREES, south - _MARGIN_DEGREES, east + _MARGIN_DEGREES, north + _MARGIN_DEGREES)
    return share_within(to_lonlat(pairs, crs), grown) >= _MOST


def guess(pairs: Pairs, crs: CRS, box: Box, likely: Iterable[CRS] = ()) -> str | None:
    """Return, as advice, how coordinates are to be read so that they lie in a box; None where nothing fits.

    Parameters
    ----------
    pairs : (n, 2) float array
        As they stand in the file.
    crs : CRS
        The one that does not fit.
    box : Box
        Where they should be.
    likely : iterable of CRS
        Tried before the CRSs that are in use there.
    """
    step = max(len(pairs) // _SAMPLE, 1)
    sample = pairs[::step]
    if share_within(to_lonlat(sample[:, ::-1], crs), box) >= _MOST:
        return "Its x and y are swapped: write the file again with the easting or longitude first."
    for candidate in _candidates(box, likely):
        if share_within(_roughly_lonlat(sample, candidate), box) >= _MOST:
            return f'The numbers fit {candidate.name}: set crs = "{candidate.to_string()}".'
    return None


def _candidates(box: Box, likely: Iterable[CRS]) -> Iterator[CRS]:
    yield from likely
    for code in (4326, 3857):
        yield CRS.from_epsg(code)
    used = query_crs_info("EPSG", PJType.PROJECTED_CRS, AreaOfInterest(*box), contains=True)
    for info in sorted(used, key=lambda info: (not info.name.startswith(_COMMON), int(info.code))):
        yield CRS.from_epsg(int(info.code))


def _roughly_lonlat(pairs: Pairs, crs: CRS) -> Pairs:
    """Return coordinates in the CRS's own datum: off by 100 m at most, and found a thousand times faster."""
    if crs.is_geographic:
        return pairs
    try:
        return np.column_stack(Proj(crs)(pairs[:, 0], pairs[:, 1], inverse=True))
    except ProjError:
        return np.full_like(pairs, np.inf)
