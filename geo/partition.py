"""Ground divided among neighbours: borders corner by corner the same, nothing twice, nothing left out.

All coordinates are metres. Every function takes (n,) valid polygons and returns new ones in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.polygons import SLIVER_M, gaps, mean_width

# Corners as near as this are one: far below what anybody can draw, far above what rounding does.
SAME_M = 0.01
# Neighbours whose borders run at most this far apart were meant to touch.
MENDED_M = 5.0

# Less than this is the roundness of a number, not ground.
LEAST_M2 = 1.0

Polygons = NDArray[Any]


def mended(
    polygons: Sequence[shapely.Geometry],
    *,
    first: Sequence[int] = (),
    whole: shapely.Geometry | None = None,
    width_m: float = MENDED_M,
) -> Polygons:
    """Return polygons whose borders are the same line, corner by corner, on both sides.

    Where two overlap, the ground goes to the one named first, then to the one that comes first. Gaps up to
    `width_m` wide, and slivers cut off from the rest of their polygon, go to the neighbour with the longest
    border on them; wider gaps stay.

    Parameters
    ----------
    first : sequence of int
        The polygons that win overlaps, such as those just drawn.
    whole : Polygon or MultiPolygon, optional
        What they should cover: strips along its edge count as gaps.
    width_m : float
        Metres.
    """
    shapes = np.array(polygons, dtype=object)
    chosen = list(dict.fromkeys(first))
    order = np.array([*chosen, *(i for i in range(len(shapes)) if i not in set(chosen))], dtype=np.intp)
    result = np.empty(len(shapes), dtype=object)
    result[order] = _cleaned(shapes[order])
    cracks = _without_slivers(result)
    cracks += [gap.shape for gap in gaps(result.tolist(), width_m=width_m) if gap.width_m <= width_m]
    if whole is not None:
        cracks += [shape for shape in uncovered(result.tolist(), whole) if mean_width(shape) <= width_m]
    for crack in cracks:
        borders = shapely.length(shapely.intersection(result, crack))
        if borders.any():
            heir = int(np.argmax(borders))
            result[heir] = shapely.union(result[heir], crack)
    return _cleaned(result) if cracks else result


def _without_slivers(shapes: Polygons) -> list[Any]:
    """Take thin parts out of polygons that have others, in place, and return them."""
    slivers: list[Any] = []
    for i, shape in enumerate(shapes):
        parts = shapely.get_parts(shape)
        thin = np.array([mean_width(part) < SLIVER_M for part in parts], dtype=bool)
        if thin.any() and not thin.all():
            slivers += parts[thin].tolist()
            shapes[i] = shapely.MultiPolygon(parts[~thin].tolist())
    return slivers


def uncovered(polygons: Sequence[shapely.Geometry], whole: shapely.Geometry) -> list[Any]:
    """Return the parts of `whole` that are in no polygon, the largest first."""
    parts = shapely.get_parts(shapely.difference(whole, shapely.union_all(np.array(polygons, dtype=object))))
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > LEAST_M2)]
    return list(parts[np.argsort(-shapely.area(parts), kind="stable")])


def given(
    polygons: Sequence[shapely.Geometry],
    taker: int,
    ground: shapely.Geometry,
    *,
    whole: shapely.Geometry | None = None,
) -> Polygons:
    """Return the polygons after one of them got some ground, which the others lose; mended."""
    shapes = np.array(polygons, dtype=object)
    others = np.arange(len(shapes)) != taker
    shapes[others] = _areal(shapely.difference(shapes[others], ground))
    shapes[taker] = shapely.union(shapes[taker], ground)
    return mended(shapes.tolist(), first=[taker], whole=whole)


def _cleaned(shapes: Polygons) -> Polygons:
    """Return shapes that share the corners of their borders; of overlaps the first keep the ground."""
    # Within GEOS a number may overflow on the way to a right answer.
    with np.errstate(all="ignore"):
        cleaned: Polygons = shapely.coverage_clean(  # type: ignore[attr-defined]
            shapes, gap_width=0.0, snapping_distance=SAME_M, merge_strategy="min_index"
        )
    return cleaned


def _areal(shapes: Polygons) -> Polygons:
    """Return shapes without the points and lines that cutting may leave."""
    areal = np.empty(len(shapes), dtype=object)
    for i, shape in enumerate(shapes):
        parts = shapely.get_parts(shape)
        areal[i] = shapely.MultiPolygon(parts[shapely.get_type_id(parts) == 3].tolist())
    return areal
