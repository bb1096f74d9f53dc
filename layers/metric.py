"""In which coordinate system a city is measured."""

from __future__ import annotations

import numpy as np
import shapely

from geo.projection import Projection, projection, utm_srid
from layers.sections import CitySection
from layers.sources import Objects


def metric_of(section: CitySection, boundary: Objects) -> Projection:
    """Return the CRS that the city file names, or else that of the UTM zone of the city's middle.

    Parameters
    ----------
    boundary
        The city's polygons, EPSG:4326.
    """
    return projection(section.metric_srid or utm_srid(*middle_of(boundary)))


def middle_of(shapes: Objects) -> tuple[float, float]:
    """Return the longitude and latitude of the middle of shapes, which may lie on both sides of 180°.

    They are taken to lie within the narrower of the two boxes, that across the meridian of 0° and that
    across the one of 180°: no city goes half around the globe.
    """
    lon, lat = shapely.get_coordinates(shapes).T
    across_zero, across_180 = lon, lon % 360.0
    narrower = min(across_zero, across_180, key=np.ptp)
    middle = (narrower.min() + narrower.max()) / 2
    return float((middle + 180.0) % 360.0 - 180.0), float((lat.min() + lat.max()) / 2)
