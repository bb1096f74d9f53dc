"""The areas that people want to hear of: their part of a street, a circle, a drawn polygon, a district.

Each is a polygon that is kept as it was chosen. A new edition of the map changes none of them: of a district
whose borders moved, `district_now` says so, and who has the alert decides.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from layers.areas import to_lonlat, to_metric
from layers.atlas import Atlas
from layers.queries import current_editions
from webapp.languages import Sentence

STREET_REACH_M = 500.0
"""So far along it, from the address, is it somebody's street."""
STREET_WIDTH_M = 30.0
"""To each side of the middle of the street."""
REACHES_M = (100, 250, 500, 1000, 2000)
"""Radii to choose from."""
MOST_VERTICES = 200
MOST_KM2 = 100.0
_MOVED_M2 = 1000.0
"""Borders that moved by less are the same: coordinates are rounded."""

Kind = Literal["street", "area", "district"]
Standing = Literal["same", "moved", "gone"]


class AreaRefusedError(ValueError):
    """An area that cannot be taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class AlertArea:
    """An area as it is chosen. The shape is in EPSG:4326, lon lat."""

    kind: Kind
    name: str
    shape: shapely.MultiPolygon
    zone_id: str | None = None
    edition_id: int | None = None


def street(atlas: Atlas, lon: float, lat: float) -> AlertArea:
    """Return the street at a point (EPSG:4326 degrees), `STREET_REACH_M` to both sides.

    Raises
    ------
    AreaRefusedError
        There is no street.
    """
    place = atlas.locate_one(lon, lat)
    if not place.placed or not place.street:
        raise AreaRefusedError(Sentence("No street of the city is there. Type an address."))
    segments = atlas.segments
    point = shapely.Point(place.x, place.y)
    lines = segments.lines
    near = [
        shapely.LineString(lines.coords[lines.offsets[each] : lines.offsets[each + 1]])
        for each in np.flatnonzero(segments.name == place.street)
    ]
    own = [line for line in near if line.distance(point) <= STREET_REACH_M]
    reach = point.buffer(STREET_REACH_M + STREET_WIDTH_M)
    shape = shapely.union_all([line.buffer(STREET_WIDTH_M) for line in own]).intersection(reach)
    return AlertArea("street", place.street, _stored(atlas, shape))


def circle(atlas: Atlas, lon: float, lat: float, metres: float, name: str) -> AlertArea:
    """Return what is within so many metres of a point (EPSG:4326 degrees).

    Raises
    ------
    AreaRefusedError
        It is no radius that is offered, or the point is outside the city.
    """
    place = atlas.locate_one(lon, lat)
    if metres not in REACHES_M:
        raise AreaRefusedError(Sentence("Choose one of the distances."))
    if not place.placed:
        raise AreaRefusedError(Sentence("That is outside the city. Type an address of the city."))
    shape = shapely.Point(place.x, place.y).buffer(metres)
    return AlertArea("area", name or place.address or "", _stored(atlas, shape))


def drawn(atlas: Atlas, text: str) -> AlertArea:
    """Return the polygon whose corners somebody set on a map.

    Parameters
    ----------
    text
        JSON: ``[[lon, lat], …]`` in EPSG:4326 degrees, without the first corner again at the end.

    Raises
    ------
    AreaRefusedError
        It is no polygon, crosses itself, is too large or outside the city.
    """
    try:
        corners = np.array(json.loads(text), dtype=np.float64)
    except (ValueError, TypeError):
        corners = np.empty((0, 2))
    if corners.ndim != 2 or corners.shape[1:] != (2,) or not 3 <= len(corners) <= MOST_VERTICES:
        raise AreaRefusedError(
            Sentence("Set at least three corners on the map, and at most %(most)d.", most=MOST_VERTICES)
        )
    x, y = atlas.metric.to_metric(corners[:, 0], corners[:, 1])
    if not np.isfinite((x, y)).all():
        raise AreaRefusedError(Sentence("That is outside the city. Draw the area again."))
    shape = shapely.Polygon(np.column_stack([x, y]))
    if not shape.is_valid or shape.area == 0:
        raise AreaRefusedError(Sentence("The lines of the area cross each other. Draw it again."))
    if shape.area > MOST_KM2 * 1e6:
        raise AreaRefusedError(
            Sentence("The area is larger than %(most)d km². Draw a smaller one.", most=int(MOST_KM2))
        )
    middle = shape.representative_point()
    place = atlas.locate_one(*atlas.metric.to_lonlat(middle.x, middle.y))
    if not place.zones and not place.street:
        raise AreaRefusedError(Sentence("That is outside the city. Draw the area again."))
    return AlertArea("area", place.street or "", _stored(atlas, shape))


def district(session: Session, atlas: Atlas, zone_id: str) -> AlertArea:
    """Return a council district as it is now.

    Raises
    ------
    AreaRefusedError
        There is none of that id.
    """
    found = _zone(atlas, zone_id)
    if found is None:
        raise AreaRefusedError(Sentence("Choose one of the districts."))
    name, shape = found
    edition = next(
        each.edition.id
        for each in current_editions(session, atlas.city.id)
        if each.layer.name == atlas.city.district_layer
    )
    return AlertArea("district", name, _stored(atlas, shape), zone_id, edition)


def district_now(atlas: Atlas, zone_id: str, chosen: shapely.MultiPolygon) -> Standing:
    """Say whether a district still is what it was when it was chosen (EPSG:4326), has moved or is gone."""
    found = _zone(atlas, zone_id)
    if found is None:
        return "gone"
    difference = to_metric([chosen], atlas.metric)[0].symmetric_difference(found[1])
    return "same" if difference.area < _MOVED_M2 else "moved"


def districts(atlas: Atlas) -> list[tuple[str, str]]:
    """Return ids and names of the council districts."""
    zones = atlas.zones.get(atlas.city.district_layer or "")
    return [] if zones is None else list(zip(zones.source_id.tolist(), zones.name.tolist(), strict=True))


def _zone(atlas: Atlas, zone_id: str) -> tuple[str, BaseGeometry] | None:
    zones = atlas.zones.get(atlas.city.district_layer or "")
    if zones is None or zone_id not in zones.source_id:
        return None
    number = zones.source_id.tolist().index(zone_id)
    return str(zones.name[number]), zones.polygons[number]


def _stored(atlas: Atlas, shape: BaseGeometry) -> shapely.MultiPolygon:
    return to_lonlat([shape], atlas.metric)[0]
