"""Lines and polygons as whole numbers: each vertex as the step from the one before, a metre at the finest."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.projection import Projection

PER_DEGREE = 100_000
"""Steps of a degree: the scripts that draw these know it."""

Line = list[int]
Polygons = list[list[Line]]
"""Polygons, each of rings: the outer one and its holes."""


def line(degrees: NDArray[np.float64]) -> Line:
    """Return the vertices of a line, (n, 2) longitudes and latitudes, as longitude and latitude in turns."""
    steps = np.rint(degrees * PER_DEGREE).astype(np.int64)
    packed: Line = np.diff(steps, axis=0, prepend=0).ravel().tolist()
    return packed


def lines(shapes: NDArray[np.object_], metric: Projection) -> list[Line]:
    """Return LineStrings of a metric CRS."""
    return [line(shapely.get_coordinates(shape)) for shape in to_lonlat(shapes, metric)]


def polygons(shape: shapely.Geometry, metric: Projection) -> Polygons:
    """Return a (multi)polygon of a metric CRS."""
    (turned,) = to_lonlat(np.array([shape], dtype=object), metric)
    return [
        [line(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(turned).tolist()
        if not part.is_empty
    ]


def to_lonlat(shapes: NDArray[np.object_], metric: Projection) -> NDArray[np.object_]:
    """Return shapes of a metric CRS in degrees (EPSG:4326)."""
    turned: NDArray[np.object_] = shapely.transform(
        shapes, lambda xy: np.column_stack(metric.to_lonlat(xy[:, 0], xy[:, 1]))
    )
    return turned
