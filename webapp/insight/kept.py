"""The facts of a city's tickets in this process's memory: read once, and again only what changed.

At a million tickets they take some 100 MB. A read asks one statement; what it finds unchanged stays.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

import pyarrow as pa
from sqlalchemy import Engine, case, null, select
from sqlalchemy.orm import Session

from webapp.insight.facts import Facts
from webapp.insight.gathering import facts_of
from webapp.insight.keeping import unpacked
from webapp.insight.models import FactChunk, FactState


@dataclass(frozen=True, slots=True)
class Kept:
    """Facts, and how old they are."""

    facts: Facts
    refreshed_at: datetime
    """What was committed by then is in them."""


@dataclass
class _Slot:
    """What this process has of one city in one database."""

    lock: Lock = field(default_factory=Lock)
    files: dict[uuid.UUID, bytes] = field(default_factory=dict)
    """Chunks as they are stored, by version: packed they take little, and unpacking is fast."""
    facts: Facts | None = None


_slots: WeakKeyDictionary[Engine, dict[int, _Slot]] = WeakKeyDictionary()
_slots_lock = Lock()


def kept(session: Session, city_id: int) -> Kept | None:
    """Return the facts of a city as of the last refresh; None where there was none, or there is no ticket."""
    with _slots_lock:
        slot = _slots.setdefault(session.get_bind().engine, {}).setdefault(city_id, _Slot())
    with slot.lock:
        return _read(session, city_id, slot)


def _read(session: Session, city_id: int, slot: _Slot) -> Kept | None:
    unchanged = FactChunk.version.in_(list(slot.files))
    rows = session.execute(
        select(
            FactState.refreshed_at,
            FactChunk.version,
            case((unchanged, null()), else_=FactChunk.content).label("content"),
        )
        .join(FactChunk, FactChunk.city_id == FactState.city_id)
        .where(FactState.city_id == city_id)
        .order_by(FactChunk.chunk)
    ).all()
    if not rows:
        return None
    found = {row.version: row.content or slot.files[row.version] for row in rows}
    if slot.facts is None or found.keys() != slot.files.keys():
        slot.facts = facts_of(pa.concat_tables([unpacked(content) for content in found.values()]))
        slot.files = found
    return Kept(slot.facts, rows[0].refreshed_at)
