"""Questions about cities, their layers and editions."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from layers.models import Asset, City, Edition, Layer, Segment, Zone
from webapp.config import Settings

TABLES: dict[str, type[Segment] | type[Zone] | type[Asset]] = {
    "segments": Segment,
    "zones": Zone,
    "assets": Asset,
}
"""The table of each kind of layer."""


class CurrentEdition(NamedTuple):
    """The published version of a layer that is in use."""

    edition: Edition
    layer: Layer


def served_city(session: Session, settings: Settings) -> City:
    """Return the city this process serves: the one the settings name, else the first one loaded.

    Raises
    ------
    LookupError
        If there is no such city; the text says what to do.
    """
    return city_by_slug(session, settings.city)


def city_by_slug(session: Session, slug: str | None) -> City:
    """Return a city by its short name, or the first one loaded where no name is given.

    Raises
    ------
    LookupError
        If there is no such city; the text says what to do.
    """
    chosen = select(City).order_by(City.id).limit(1)
    if slug is not None:
        chosen = chosen.where(City.slug == slug)
    city = session.scalars(chosen).one_or_none()
    if city is None and slug is not None:
        known = ", ".join(session.scalars(select(City.slug).order_by(City.slug))) or "none"
        raise LookupError(f'There is no city "{slug}"; there is: {known}. Load it: pinward city load FILE')
    if city is None:
        raise LookupError("No city is loaded. Load one: pinward city load cities/demo/city.toml")
    return city


def current_editions(session: Session, city_id: int) -> list[CurrentEdition]:
    """Return the editions in use, in the order of their layers."""
    statement = (
        select(Edition, Layer)
        .join(Layer, (Layer.city_id == Edition.city_id) & (Layer.id == Edition.layer_id))
        .where(Edition.city_id == city_id, Edition.current)
        .order_by(Layer.id)
    )
    return [CurrentEdition(edition, layer) for edition, layer in session.execute(statement)]


def residents(session: Session, city_id: int, layer: str) -> dict[str, int]:
    """Return how many people live in each zone of a layer, by zone id, as far as known."""
    statement = (
        select(Zone.source_id, Zone.residents)
        .join(Edition, (Edition.city_id == Zone.city_id) & (Edition.id == Zone.edition_id))
        .join(Layer, (Layer.city_id == Edition.city_id) & (Layer.id == Edition.layer_id))
        .where(Zone.city_id == city_id, Edition.current, Layer.name == layer, Zone.residents.is_not(None))
    )
    return {zone: people for zone, people in session.execute(statement) if people is not None}


def source_ids(session: Session, slug: str) -> dict[str, set[str]]:
    """Return, by layer name, the source ids of a city's current editions; nothing where it is not loaded."""
    found: dict[str, set[str]] = {}
    city_id = session.scalars(select(City.id).where(City.slug == slug)).one_or_none()
    for edition, layer in current_editions(session, city_id) if city_id is not None else ():
        table = TABLES[layer.kind]
        ids = select(table.source_id).where(table.city_id == city_id, table.edition_id == edition.id)
        found[layer.name] = set(session.scalars(ids))
    return found


def map_version(session: Session, city_id: int) -> tuple[str, tuple[int, ...]]:
    """Return what changes whenever a city's map does: the city file's SHA-256 and the editions in use."""
    editions = (
        select(func.array_agg(Edition.id))
        .where(Edition.city_id == city_id, Edition.current)
        .correlate(None)
        .scalar_subquery()
    )
    found = session.execute(select(City.file_sha256, editions).where(City.id == city_id)).one()
    return found[0], tuple(sorted(found[1] or ()))
