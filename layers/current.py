"""The atlas in use: one per city and process, swapped whole when a new edition is published."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.projection import projection
from layers import queries, tables
from layers.atlas import Atlas, CityFacts
from layers.models import City

CHECK_EVERY_S = 1.0
"""How often a process asks the database whether there is a new edition."""

log = structlog.get_logger()


@dataclass
class _Slot:
    """The atlas of one city in one database."""

    lock: Lock = field(default_factory=Lock)
    atlas: Atlas | None = None
    version: object = None
    checked_at: float = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether the version was compared with the database's a moment ago."""
        return time.monotonic() - self.checked_at < CHECK_EVERY_S


# An atlas goes with its engine.
_slots: WeakKeyDictionary[Engine, dict[int, _Slot]] = WeakKeyDictionary()
_slots_lock = Lock()


def current_atlas(session: Session, city: City) -> Atlas:
    """Return the atlas of a city, loading it where this process has none or the map has changed.

    Every `CHECK_EVERY_S` seconds one call asks the database for the map's version; the others ask nothing.
    The call that finds a new version loads it, while other threads go on with the old atlas. If that fails,
    the failure is logged and the old atlas stays.
    """
    slot = _slot(session, city.id)
    if slot.atlas is not None and slot.fresh:
        return slot.atlas
    # Without an atlas everybody waits for the first one; with one, only a single thread looks for the next.
    if not slot.lock.acquire(blocking=slot.atlas is None):
        assert slot.atlas is not None  # noqa: S101
        return slot.atlas
    try:
        return _refreshed(slot, session, city.id)
    finally:
        slot.lock.release()


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
                atlas = load_atlas(session, city_id)
                slot.version = version
    except Exception:
        if atlas is None:
            raise
        log.exception("The new edition cannot be loaded; the old one stays in use", city=city_id)
    slot.atlas, slot.checked_at = atlas, time.monotonic()
    return atlas


def load_atlas(session: Session, city_id: int) -> Atlas:
    """Return a new atlas of the current editions of a city (75,000 segments: about a second).

    Raises
    ------
    LookupError
        If the city has no segments.
    """
    city = session.get_one(City, city_id, populate_existing=True)
    metric = projection(city.metric_srid)
    current = queries.current_editions(session, city_id)
    ids: dict[str, list[int]] = {"segments": [], "zones": [], "assets": []}
    for edition, layer in current:
        ids[layer.kind].append(edition.id)
    if not ids["segments"]:
        raise LookupError(f"{city.name} has no streets. Load it again: pinward city load FILE")
    return Atlas(
        CityFacts(
            id=city.id,
            slug=city.slug,
            name=city.name,
            snap_radius_m=city.snap_radius_m,
            boundary_layer=city.boundary_layer,
            district_layer=city.district_layer,
            fallback_points=tuple((lon, lat) for lon, lat in city.fallback_points),
        ),
        metric,
        tables.segments(session, city_id, ids["segments"], metric),
        {
            layer.name: tables.zones(session, city_id, edition.id, metric)
            for edition, layer in current
            if layer.kind == "zones"
        },
        tables.assets(session, city_id, ids["assets"], metric),
        tuple(sorted(edition.id for edition, _ in current)),
    )
