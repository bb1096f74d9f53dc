"""Zones as people draw them: out of an edition, in and out of GeoJSON, and published as the next edition.

Publishing never changes an edition; going back takes an earlier one into use again. An edition that was drawn
keeps the fingerprint of the file that its layer comes from, so that loading that file again, unchanged,
leaves the drawing in use.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.orm import Session

from geo.projection import Projection
from layers.models import Edition, Layer, Zone
from layers.publish import copy_rows
from layers.sources import Objects
from layers.tables import Zones
from layers.values import natural

# A tenth of a millimetre: what is drawn is kept as drawn, and shared corners stay equal to the last digit.
DIGITS = 9


@dataclass(frozen=True)
class Area:
    """One zone of a layer."""

    id: str
    name: str
    class_: str
    shape: shapely.MultiPolygon
    """EPSG:4326."""

    def as_dict(self) -> dict[str, Any]:
        """Return the area as JSON keeps it."""
        rings = shapely.geometry.mapping(self.shape)["coordinates"]
        return {"id": self.id, "name": self.name, "class": self.class_, "coordinates": rings}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Area:
        """Return what `as_dict` was made of."""
        shape = shapely.geometry.shape({"type": "MultiPolygon", "coordinates": kept["coordinates"]})
        polygons = shapely.get_parts(shape).tolist()
        return cls(kept["id"], kept["name"], kept["class"], shapely.MultiPolygon(polygons))


def rounded(shape: BaseGeometry) -> shapely.MultiPolygon:
    """Return a polygon as areas have it: a MultiPolygon, its coordinates rounded."""
    parts = shapely.get_parts(shape)
    polygons = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
    multi: shapely.MultiPolygon = shapely.transform(
        shapely.MultiPolygon(polygons), lambda xy: np.round(xy, DIGITS)
    )
    return multi


def to_metric(shapes: Sequence[BaseGeometry], metric: Projection) -> list[BaseGeometry]:
    """Return shapes of EPSG:4326 in a city's metric CRS."""
    turned = shapely.transform(
        np.array(shapes, dtype=object), lambda xy: np.column_stack(metric.to_metric(xy[:, 0], xy[:, 1]))
    )
    return list(turned)


def to_lonlat(shapes: Sequence[BaseGeometry], metric: Projection) -> list[shapely.MultiPolygon]:
    """Return polygons of a city's metric CRS in EPSG:4326, rounded."""
    turned = shapely.transform(
        np.array(shapes, dtype=object), lambda xy: np.column_stack(metric.to_lonlat(xy[:, 0], xy[:, 1]))
    )
    return [rounded(shape) for shape in turned]


def areas_of(session: Session, city_id: int, edition_id: int) -> list[Area]:
    """Return the zones of an edition in their order."""
    rows = session.execute(
        select(Zone.source_id, Zone.name, Zone.class_, func.ST_AsBinary(Zone.geom, type_=LargeBinary))
        .where(Zone.city_id == city_id, Zone.edition_id == edition_id)
        .order_by(Zone.id)
    )
    return [
        Area(source_id, name, class_, rounded(shapely.from_wkb(wkb))) for source_id, name, class_, wkb in rows
    ]


def zones_of(areas: Sequence[Area], metric: Projection) -> Zones:
    """Return areas as an atlas has zones."""
    ordered = in_order(areas)
    shapes = to_metric([area.shape for area in ordered], metric)
    ids = _objects([area.id for area in ordered])
    names = _objects([area.name for area in ordered])
    return Zones(ids, names, _objects([area.class_ for area in ordered]), _objects(shapes))


def in_order(areas: Sequence[Area]) -> list[Area]:
    """Return areas in the order of their ids, in which a point on a border goes to the first."""
    return sorted(areas, key=lambda area: natural(area.id))


def publish_areas(session: Session, layer: Layer, areas: Sequence[Area]) -> Edition:
    """Publish areas as the next edition of a layer. The caller commits: until then nobody sees it."""
    before = current_edition(session, layer)
    ordered = in_order(areas)
    edition = Edition(
        city_id=layer.city_id,
        layer_id=layer.id,
        current=False,
        source_sha256=before.source_sha256,
        feature_count=len(ordered),
        findings=[],
    )
    session.add(edition)
    session.flush()
    columns = {
        "source_id": [area.id for area in ordered],
        "name": [area.name for area in ordered],
        "class": [area.class_ for area in ordered],
    }
    shapes = _objects([area.shape for area in ordered])
    copy_rows(session, layer.city_id, edition.id, "zones", columns, shapes)
    use_edition(session, layer, edition.id)
    return edition


def use_edition(session: Session, layer: Layer, edition_id: int) -> None:
    """Take an edition of a layer into use, instead of the one that is. The caller commits.

    Raises
    ------
    LookupError
        If the layer has no such edition.
    """
    mine = (Edition.city_id == layer.city_id, Edition.layer_id == layer.id)
    session.execute(update(Edition).where(*mine, Edition.current).values(current=False))
    taken = session.execute(
        update(Edition).where(*mine, Edition.id == edition_id).values(current=True).returning(Edition.id)
    )
    if taken.one_or_none() is None:
        raise LookupError(f'Layer "{layer.name}" has no edition {edition_id}.')


def current_edition(session: Session, layer: Layer) -> Edition:
    """Return the edition of a layer that is in use."""
    return session.scalars(
        select(Edition).where(Edition.city_id == layer.city_id, Edition.layer_id == layer.id, Edition.current)
    ).one()


def as_geojson(areas: Sequence[Area]) -> str:
    """Return areas as a GeoJSON FeatureCollection (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "id": area.id,
            "properties": {"id": area.id, "name": area.name, "class": area.class_},
            "geometry": shapely.geometry.mapping(area.shape),
        }
        for area in areas
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _objects(values: Sequence[Any]) -> Objects:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
