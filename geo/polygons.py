"""What may be wrong with a layer of polygons: broken rings, overlaps, gaps between neighbours, slivers.

All coordinates are metres, all areas square metres. Each finding has a point that lies in it, to show it on
a map.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.arrays import Floats

# Smaller differences between two digitisations of one border are not worth a person's time.
_MIN_AREA_M2 = 1.0
# Narrower on average than this, and nobody can stand in it.
SLIVER_M = 1.0
# Neighbours whose borders run at most this far apart were meant to touch.
_GAP_M = 5.0
# Coordinates of one border, computed twice, agree to less than this.
_TOUCH_M = 0.001


@dataclass(frozen=True)
class InvalidPolygon:
    """A polygon that breaks the rules of simple features, why, as GEOS says it, and where."""

    polygon: int
    reason: str
    x: float
    y: float


@dataclass(frozen=True)
class Overlap:
    """Ground that two polygons share."""

    first: int
    second: int
    area_m2: float
    width_m: float
    x: float
    y: float


@dataclass(frozen=True)
class Gap:
    """Ground between neighbours that belongs to none of them."""

    neighbours: tuple[int, ...]
    area_m2: float
    width_m: float
    x: float
    y: float
    shape: shapely.Geometry


@dataclass(frozen=True)
class Sliver:
    """A part of a polygon so thin that it is likely a slip."""

    polygon: int
    area_m2: float
    width_m: float
    x: float
    y: float


def invalid_polygons(polygons: Sequence[shapely.Geometry]) -> list[InvalidPolygon]:
    """Return the polygons whose rings cross themselves or each other, or are otherwise not valid."""
    shapes = np.asarray(polygons, dtype=object)
    wrong = np.flatnonzero(~shapely.is_valid(shapes))
    return [InvalidPolygon(int(i), *_reason(shapely.is_valid_reason(shapes[i]))) for i in wrong]


def overlaps(polygons: Sequence[shapely.Geometry], *, min_area_m2: float = _MIN_AREA_M2) -> list[Overlap]:
    """Return the pairs of polygons that overlap by more than `min_area_m2`, the largest overlap first."""
    shapes = _repaired(polygons)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(shapes[first], shapes[second])
    large = np.flatnonzero(shapely.area(shared) > min_area_m2)
    return [
        Overlap(int(first[k]), int(second[k]), *_measures(shared[k]))
        for k in large[np.argsort(-shapely.area(shared[large]), kind="stable")]
    ]


def gaps(
    polygons: Sequence[shapely.Geometry], *, width_m: float = _GAP_M, min_area_m2: float = _MIN_AREA_M2
) -> list[Gap]:
    """Return the ground that two or more neighbours leave out between them, the largest first.

    That is every hole in the union of all, and every crack in it, up to `width_m` wide, that opens to the
    outside. Holes and bays of a single polygon are not gaps.
    """
    shapes = _repaired(polygons)
    union = shapely.union_all(shapes)
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union))))
    # Grown and shrunk again with sharp corners, cracks close and everything else comes back as it was.
    closed = filled.buffer(width_m / 2.0, join_style="mitre").buffer(-width_m / 2.0, join_style="mitre")
    left_out = shapely.get_parts(shapely.difference(closed, union))
    left_out = left_out[shapely.area(left_out) > min_area_m2]
    touching = shapely.STRtree(shapes).query(left_out, predicate="dwithin", distance=_TOUCH_M)
    found = []
    for k in np.argsort(-shapely.area(left_out), kind="stable"):
        neighbours = tuple(np.sort(touching[1][touching[0] == k]).tolist())
        if len(neighbours) > 1:
            found.append(Gap(neighbours, *_measures(left_out[k]), left_out[k]))
    return found


def slivers(polygons: Sequence[shapely.Geometry], *, width_m: float = SLIVER_M) -> list[Sliver]:
    """Return the parts of polygons whose mean width is below `width_m`."""
    parts, polygon = shapely.get_parts(_repaired(polygons), return_index=True)
    thin = np.flatnonzero(_widths(parts) < width_m)
    return [Sliver(int(polygon[k]), *_measures(parts[k])) for k in thin]


def mean_width(shape: shapely.Geometry) -> float:
    """Return the mean width of a shape in metres: that of a thin rectangle with its area and its border."""
    return float(_widths(np.array([shape]))[0])


def _reason(text: str) -> tuple[str, float, float]:
    """Take GEOS's "Self-intersection[12.5 7]" apart."""
    found = re.fullmatch(r"(.*)\[(\S+) (\S+)\]", text)
    return (found[1], float(found[2]), float(found[3])) if found else (text, math.nan, math.nan)


def _repaired(polygons: Sequence[shapely.Geometry]) -> NDArray[Any]:
    """Return the polygons with crossing rings resolved, so that areas can be computed at all."""
    shapes = np.array(polygons, dtype=object)
    wrong = ~shapely.is_valid(shapes)
    shapes[wrong] = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
    return shapes


def _widths(shapes: NDArray[Any]) -> Floats:
    """Return the mean widths in metres: those of thin rectangles with the same area and length of border."""
    return 2.0 * shapely.area(shapes) / np.maximum(shapely.length(shapes), _TOUCH_M)


def _measures(shape: shapely.Geometry) -> tuple[float, float, float, float]:
    """Return the area, the mean width, and x and y of a point inside."""
    x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
    return float(shapely.area(shape)), mean_width(shape), float(x), float(y)
