"""Tiles of the public tickets that this process made and may hand out again, and tickets to cut more from.

Once a second, one call asks the database how many tickets are open in each part of the city, and where their
centre is; tiles that touch a part where that changed are dropped. So a report is in every tile a second after
it was committed, and a tile of a quiet neighborhood is made once. Near by, a part's tickets are read once
for all the tiles in it.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from layers.tiles import must_exist
from webapp.tickets.pyramid import CELL_BITS, CELLS, WORLD_BITS
from webapp.tickets.tiles import Shown, cut, encode, shown, ticket_tile

CHECK_EVERY_S = 1.0
LONGEST_S = 15.0
"""The status of a ticket may change without any change of counts: no tile is kept longer."""
MOST_TILES = 4096
MOST_IN_PART = 10_000
"""Where more are open, the tiles of a part are read one by one."""
MOST_HELD = 2_000_000
"""So many tickets, of 23 bytes, are held to cut tiles from."""
_PARTS_ZOOM = 10
_PARTS_BITS = _PARTS_ZOOM + CELL_BITS
"""A part is a cell of zoom 10, which is a tile of zoom 15: about a kilometre."""

_PARTS = text(
    f"""
    select x, y, sum(tickets)::bigint, sum(sum_x)::bigint, sum(sum_y)::bigint, sum(sum_id)::bigint
      from (select x * {CELLS} + (cell & {CELLS - 1}) as x, y * {CELLS} + (cell >> {CELL_BITS}) as y,
                   tickets, sum_x, sum_y, sum_id
              from ticket_pyramid where city_id = :city_id and zoom = {_PARTS_ZOOM} and public
            union all
            select x >> {WORLD_BITS - _PARTS_BITS}, y >> {WORLD_BITS - _PARTS_BITS},
                   change, change * x::bigint, change * y::bigint, change * ticket_id
              from ticket_delta where city_id = :city_id and public) as counted
     group by x, y"""  # noqa: S608
)

Key = tuple[int, int, int]
"""Zoom, x and y of a tile."""
Part = tuple[int, int]
Sums = tuple[int, ...]


class PublicTile(NamedTuple):
    """A gzipped tile, and a tag that is another one whenever the tile is."""

    body: bytes
    etag: str


@dataclass
class _Kept:
    """The tiles of one city in one database."""

    lock: Lock = field(default_factory=Lock)
    checking: Lock = field(default_factory=Lock)
    tiles: OrderedDict[Key, tuple[PublicTile, float]] = field(default_factory=OrderedDict)
    """With the moment until which each may be handed out."""
    tickets: OrderedDict[Part, tuple[Shown, float]] = field(default_factory=OrderedDict)
    held: int = 0
    """How many tickets these are."""
    reading: list[Lock] = field(default_factory=lambda: [Lock() for _ in range(16)])
    """A part is read by one thread; each of these locks stands for many parts."""
    parts: dict[Part, Sums] = field(default_factory=dict)
    checked_at: float = float("-inf")
    changes: int = 0
    """How often a check found something else than the one before it."""


# What is kept goes with its engine.
_kept: WeakKeyDictionary[Engine, dict[int, _Kept]] = WeakKeyDictionary()
_kept_lock = Lock()


def public_tile(session: Session, city_id: int, z: int, x: int, y: int) -> PublicTile:
    """Return a tile of the open tickets that everybody may see, as it was at most a second ago.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    with _kept_lock:
        kept = _kept.setdefault(session.get_bind().engine, {}).setdefault(city_id, _Kept())
    _check(kept, session, city_id)
    key, now = (z, x, y), time.monotonic()
    with kept.lock:
        found, until = kept.tiles.get(key, (None, now))
        changes = kept.changes
    if found is not None and now < until:
        return found
    body, until = _make(kept, session, city_id, z, x, y)
    made = PublicTile(body, hashlib.sha256(body).hexdigest()[:16])
    with kept.lock:
        # Made while a change was found, it may lack it.
        if changes == kept.changes:
            kept.tiles[key] = made, until
            while len(kept.tiles) > MOST_TILES:
                kept.tiles.popitem(last=False)
    return made


def kept_tile(engine: Engine, city_id: int, tile: Key) -> PublicTile | None:
    """Return a tile as `public_tile` would, if that needs nothing from the database."""
    kept = _kept.get(engine, {}).get(city_id)
    now = time.monotonic()
    if kept is None or now - kept.checked_at >= CHECK_EVERY_S:
        return None
    with kept.lock:
        found, until = kept.tiles.get(tile, (None, now))
    return found if now < until else None


def _make(kept: _Kept, session: Session, city_id: int, z: int, x: int, y: int) -> tuple[bytes, float]:
    """Return a tile and until when it may be handed out; near by, cut from the tickets of its part."""
    until = time.monotonic() + LONGEST_S
    if z >= _PARTS_BITS:
        must_exist(z, x, y)
        tickets, until = _tickets(kept, session, city_id, (x >> z - _PARTS_BITS, y >> z - _PARTS_BITS))
        if tickets.all_single:
            return encode(cut(tickets, z, x, y), z, x, y), until
    return ticket_tile(session, city_id, z, x, y, public_only=True), until


def _tickets(kept: _Kept, session: Session, city_id: int, part: Part) -> tuple[Shown, float]:
    """Return what is in a part, and until when that may be used; reading it only if it is not held."""
    with kept.reading[hash(part) % len(kept.reading)]:
        with kept.lock:
            found, until = kept.tickets.get(part, (None, 0.0))
            changes = kept.changes
        if found is not None and time.monotonic() < until:
            return found, until
        until = time.monotonic() + LONGEST_S
        read = shown(session, city_id, _PARTS_BITS, *part, public_only=True, most=MOST_IN_PART)
        with kept.lock:
            if changes == kept.changes:
                _let_go(kept, part)
                kept.tickets[part] = read, until
                kept.held += len(read.ids)
                while kept.held > MOST_HELD:
                    _let_go(kept, next(iter(kept.tickets)))
        return read, until


def _let_go(kept: _Kept, part: Part) -> None:
    """Hold the tickets of a part no longer. The caller has the lock."""
    if part in kept.tickets:
        kept.held -= len(kept.tickets.pop(part)[0].ids)


def _check(kept: _Kept, session: Session, city_id: int) -> None:
    """Drop the tiles that are no longer right. One thread looks; the others go on with what is there."""
    waited = time.monotonic() - kept.checked_at
    # Nobody has looked for long: then everybody waits for the first who does.
    if waited < CHECK_EVERY_S or not kept.checking.acquire(blocking=waited > 2 * CHECK_EVERY_S):
        return
    try:
        now = time.monotonic()
        if now - kept.checked_at < CHECK_EVERY_S:
            return
        rows = session.execute(_PARTS, {"city_id": city_id})
        parts = {(x, y): tuple(sums) for x, y, *sums in rows}
        with kept.lock:
            changed = {part for part, _ in parts.items() ^ kept.parts.items()}
            if changed:
                kept.changes += 1
                for key in _touching(changed, list(kept.tiles)):
                    del kept.tiles[key]
                for part in changed:
                    _let_go(kept, part)
            kept.parts, kept.checked_at = parts, now
    finally:
        kept.checking.release()


def _touching(parts: set[Part], tiles: list[Key]) -> list[Key]:
    """Return the tiles that hold, or are in, one of the parts."""
    above = {(bits, x >> bits, y >> bits) for x, y in parts for bits in range(_PARTS_BITS + 1)}
    return [
        (z, x, y)
        for z, x, y in tiles
        if (max(0, _PARTS_BITS - z), x >> max(0, z - _PARTS_BITS), y >> max(0, z - _PARTS_BITS)) in above
    ]
