"""Publishing: a city's row, its layers, and a new edition of each layer that changed, in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import shapely
from psycopg import sql
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from layers.check import CityMap
from layers.cityfile import CityDocument
from layers.features import Features
from layers.metric import metric_of
from layers.models import City, Edition, Layer
from layers.queries import TABLES
from layers.sources import Objects, digest
from webapp.db import driver

# Counts up when the same file would be stored in another way, so that cities are published anew.
READER = 1


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did to one layer."""

    layer: str
    edition_id: int
    feature_count: int
    is_new: bool


def publish(session: Session, city_map: CityMap) -> tuple[City, list[Published]]:
    """Store a city and its layers; a layer whose file and section did not change keeps its edition.

    The caller commits: until then nobody sees any of it. Two loads of one city wait for each other.

    Parameters
    ----------
    city_map : CityMap
        Without errors among its findings.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("pinward city load"))))
    city = _city(session, city_map)
    published = [_layer(session, city, city_map, name) for name in city_map.features]
    _retire(session, city, list(city_map.features))
    return city, published


def _city(session: Session, city_map: CityMap) -> City:
    section = city_map.document.city
    assert section is not None  # noqa: S101  (a document without errors has one)
    boundary = city_map.features[section.boundary].geometry
    west, south, east, north = shapely.total_bounds(boundary).tolist()
    values = {
        "name": section.name,
        "time_zone": section.time_zone,
        "languages": section.languages,
        "metric_srid": metric_of(section, boundary).srid,
        "snap_radius_m": section.snap_radius_m,
        "district_layer": section.districts,
        "boundary_layer": section.boundary,
        "fallback_points": [list(point) for point in section.fallback_points],
        "details": {
            "contact": section.contact,
            "owners": [owner.model_dump(exclude_defaults=True) for owner in section.owners],
            "emergency": section.emergency.model_dump(),
            "bounds": [west, south, east, north],
        },
        "file_sha256": hashlib.sha256(city_map.document.text.encode()).hexdigest(),
        "loaded_at": func.now(),
    }
    statement = insert(City).values(slug=section.slug, **values)
    statement = statement.on_conflict_do_update(index_elements=["slug"], set_=values)
    return session.scalars(statement.returning(City), execution_options={"populate_existing": True}).one()


def _layer(session: Session, city: City, city_map: CityMap, name: str) -> Published:
    features = city_map.features[name]
    layer_id = _layer_row(session, city, name, features)
    sha = _fingerprint(city_map.document, name)
    current = session.scalars(
        select(Edition).where(Edition.city_id == city.id, Edition.layer_id == layer_id, Edition.current)
    ).one_or_none()
    if current is not None and current.source_sha256 == sha:
        return Published(name, current.id, current.feature_count, is_new=False)
    if current is not None:
        current.current = False
        session.flush()
    edition = Edition(
        city_id=city.id,
        layer_id=layer_id,
        current=True,
        source_sha256=sha,
        feature_count=len(features),
        findings=[finding.as_dict() for finding in city_map.by_layer[name]],
    )
    session.add(edition)
    session.flush()
    copy_rows(session, city.id, edition.id, features.layer.kind, features.columns, features.geometry)
    return Published(name, edition.id, len(features), is_new=True)


def _layer_row(session: Session, city: City, name: str, features: Features) -> int:
    """Store a layer's row and return its id."""
    section = features.layer
    known = select(Layer.id).where(Layer.city_id == city.id, Layer.name == name)
    layer_id = session.scalars(known).one_or_none()
    if layer_id is None:
        highest = select(func.coalesce(func.max(Layer.id), 0)).where(Layer.city_id == city.id)
        layer_id = session.scalars(highest).one() + 1
    values = {
        "name": name,
        "kind": section.kind,
        "title": section.title or name.replace("_", " ").capitalize(),
        "options": section.model_dump(by_alias=True, exclude={"kind", "title"}, exclude_none=True),
    }
    statement = insert(Layer).values(city_id=city.id, id=layer_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["city_id", "id"], set_=values))
    return layer_id


def _fingerprint(document: CityDocument, name: str) -> str:
    """Return the SHA-256 of a layer's file and of the section that says how to read it."""
    section = document.layers[name]
    how = section.model_dump_json(by_alias=True, exclude={"title"})
    return hashlib.sha256(f"{READER}\n{how}\n{digest(document.resolve(section.file))}".encode()).hexdigest()


def copy_rows(
    session: Session,
    city_id: int,
    edition_id: int,
    kind: str,
    columns: dict[str, list[Any]],
    geometry: Objects,
) -> None:
    """Store an edition's features by COPY, the fastest way into PostgreSQL, in the session's transaction.

    Parameters
    ----------
    kind
        ``segments``, ``zones`` or ``assets``.
    columns
        {column of its table: n values}.
    geometry
        Shape (n,), EPSG:4326.
    """
    names = ["city_id", "edition_id", "id", *columns, "geom"]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(TABLES[kind].__tablename__), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    shapes = shapely.to_wkb(shapely.set_srid(geometry, 4326), hex=True, include_srid=True)
    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        for ordinal, row in enumerate(zip(*columns.values(), shapes, strict=True)):
            copy.write_row((city_id, edition_id, ordinal, *row))


def _retire(session: Session, city: City, names: list[str]) -> None:
    """Take the editions of layers that left the city file out of use; they stay, for old tickets."""
    gone = select(Layer.id).where(Layer.city_id == city.id, Layer.name.not_in(names))
    session.execute(
        update(Edition)
        .where(Edition.city_id == city.id, Edition.layer_id.in_(gone), Edition.current)
        .values(current=False)
    )
