"""The atlas in use: one per city and process, swapped whole when a new edition is published."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geo.projection import projection
from layers import queries, tables
from layers.atlas import Atlas, CityFacts
from layers.models import City
from webapp.config import Settings

CHECK_EVERY_S = 1.0
"""How often a process asks the database whether there is a new edition."""

Table = TypeVar("Table")
Tables = dict[tuple[str, int, tuple[int, ...]], Any]
"""{(what, metric CRS, editions): table}."""

log = structlog.get_logger()


@dataclass
class _Slot:
    """The atlas of one city in one database."""

    lock: Lock = field(default_factory=Lock)
    atlas: Atlas | None = None
    version: object = None
    kept: Tables = field(default_factory=dict)
    checked_at: float = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether the version was compared with the database's a moment ago."""
        return time.monotonic() - self.checked_at < CHECK_EVERY_S


# An atlas goes with its engine.
_slots: WeakKeyDictionary[Engine, dict[int, _Slot]] = WeakKeyDictionary()
_slots_lock = Lock()
# A city never gets another id, and the first one loaded stays the first.
_served: WeakKeyDictionary[Engine, dict[str | None, int]] = WeakKeyDictionary()
# A row that was changed is in another place, or of another transaction.
_rows: WeakKeyDictionary[Engine, dict[int, tuple[str, City]]] = WeakKeyDictionary()
_ROWS = text(
    "select id, xmin || ' ' || ctid::text from city"
    " where slug = :slug or cast(:slug as text) is null order by id"
)


def current_atlas(session: Session, city: City) -> Atlas:
    """Return the atlas of a city, loading it where this process has none or the map has changed.

    Every `CHECK_EVERY_S` seconds one call asks the database for the map's version; the others ask nothing.
    The call that finds a new version loads it, while other threads go on with the old atlas. If that fails,
    the failure is logged and the old atlas stays.
    """
    return atlas_of(session, city.id)


def atlas_of(session: Session, city_id: int) -> Atlas:
    """Return what `current_atlas` does, by the city's id."""
    slot = _slot(session, city_id)
    if slot.atlas is not None and slot.fresh:
        return slot.atlas
    # Without an atlas everybody waits for the first one; with one, only a single thread looks for the next.
    if not slot.lock.acquire(blocking=slot.atlas is None):
        assert slot.atlas is not None  # noqa: S101
        return slot.atlas
    try:
        return _refreshed(slot, session, city_id)
    finally:
        slot.lock.release()


def served_city_id(session: Session, settings: Settings) -> int:
    """Return the id of the city that this process serves, asking the database until there is one.

    Raises
    ------
    LookupError
        If there is no such city; the text says what to do.
    """
    known = _served.setdefault(session.get_bind().engine, {})
    if settings.city not in known:
        known[settings.city] = queries.served_city(session, settings).id
    return known[settings.city]


def served_cities(session: Session, settings: Settings) -> list[City]:
    """Return every city that programs may ask about: the one the settings name, else all that are loaded.

    They are for reading, and belong to no session: a row is read whole only where it is another than the one
    that this process has.
    """
    kept = _rows.setdefault(session.get_bind().engine, {})
    rows = session.connection().execute(_ROWS, {"slug": settings.city}).all()
    for city_id, version in rows:
        if city_id not in kept or kept[city_id][0] != version:
            found = session.execute(select(*City.__table__.c).where(City.id == city_id)).one()
            kept[city_id] = version, City(**found._mapping)
    return [kept[city_id][1] for city_id, _ in rows]


def known_city_id(engine: Engine, settings: Settings) -> int | None:
    """Return what `served_city_id` found before, without asking the database."""
    return _served.get(engine, {}).get(settings.city)


def _slot(session: Session, city_id: int) -> _Slot:
    with _slots_lock:
        return _slots.setdefault(session.get_bind().engine, {}).setdefault(city_id, _Slot())


def _refreshed(slot: _Slot, session: Session, city_id: int) -> Atlas:
    atlas = slot.atlas
    if atlas is not None and slot.fresh:
        return atlas
    try:
        with session.begin_nested():
            version = queries.map_version(session, city_id)
            if atlas is None or version != slot.version:
                atlas = load_atlas(session, city_id, slot.kept)
                slot.version = version
    except Exception:
        if atlas is None:
            raise
        log.exception("The new edition cannot be loaded; the old one stays in use", city=city_id)
    slot.atlas, slot.checked_at = atlas, time.monotonic()
    return atlas


def load_atlas(session: Session, city_id: int, kept: Tables | None = None) -> Atlas:
    """Return a new atlas of the current editions of a city (75,000 segments: about a second).

    Parameters
    ----------
    kept : dict, optional
        The tables of the atlas before this one: those of unchanged editions are taken over. Then it holds the
        new atlas's.

    Raises
    ------
    LookupError
        If the city has no segments.
    """
    city = session.get_one(City, city_id, populate_existing=True)
    metric = projection(city.metric_srid)
    current = queries.current_editions(session, city_id)
    before = {} if kept is None else kept
    after: Tables = {}

    def table(read: Callable[..., Table], *editions: int) -> Table:
        key = (read.__name__, metric.srid, editions)
        after[key] = before[key] if key in before else read(session, city_id, editions, metric)
        found: Table = after[key]
        return found

    def editions(kind: str) -> list[int]:
        return [edition.id for edition, layer in current if layer.kind == kind]

    if not editions("segments"):
        raise LookupError(f"{city.name} has no streets. Load it again: pinward city load FILE")
    zones = {
        layer.name: table(tables.zones, edition.id) for edition, layer in current if layer.kind == "zones"
    }
    facts = CityFacts(
        id=city.id,
        slug=city.slug,
        name=city.name,
        snap_radius_m=city.snap_radius_m,
        boundary_layer=city.boundary_layer,
        district_layer=city.district_layer,
        fallback_points=tuple((lon, lat) for lon, lat in city.fallback_points),
    )
    segments = table(tables.segments, *editions("segments"))
    assets = table(tables.assets, *editions("assets"))
    atlas = Atlas(facts, metric, segments, zones, assets, tuple(sorted(e.id for e, _ in current)))
    before.clear()
    before.update(after)
    return atlas
