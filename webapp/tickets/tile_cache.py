"""Tiles of the public tickets that this process made and may hand out again, and tickets to cut more from.

Twice a second, one call asks the database how many tickets are open in each part of the city, and where
their centre is; tiles that touch a part where that changed are dropped, here and in nginx's cache. So a
report is in every tile half a second after it was committed, and a tile of a quiet neighborhood is made once.
While nginx may have tiles of this process, for which nobody asks here then, a thread looks. Near by, a part's
tickets are read once for all the tiles in it.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import psycopg
import structlog
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from layers.tiles import MAX_ZOOM, must_exist
from webapp.db import driver
from webapp.tickets.front_cache import FrontCache, Key
from webapp.tickets.pyramid import CELL_BITS, CELLS, WORLD_BITS
from webapp.tickets.tiles import Shown, cut, encode, shown, ticket_tile

CHECK_EVERY_S = 0.5
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
_KEY_BITS = 32
"""In the number of a part, its column is before so many bits, its row in them."""

# Rows of five numbers: a part, and what adds up to its tickets, their places and ids.
_PARTS = f"""
    select string_agg(int8send(x::bigint << {_KEY_BITS} | y) || int8send(tickets) || int8send(sum_x)
                      || int8send(sum_y) || int8send(sum_id), '')
      from (select x * {CELLS} + (cell & {CELLS - 1}) as x, y * {CELLS} + (cell >> {CELL_BITS}) as y,
                   tickets::bigint as tickets, sum_x, sum_y, sum_id
              from ticket_pyramid where city_id = %(city_id)s and zoom = {_PARTS_ZOOM} and public
            union all
            select x >> {WORLD_BITS - _PARTS_BITS}, y >> {WORLD_BITS - _PARTS_BITS},
                   change, change * x::bigint, change * y::bigint, change * ticket_id
              from ticket_delta where city_id = %(city_id)s and public) as counted""".encode()  # noqa: S608

Part = tuple[int, int]
Sums = NDArray[np.int64]
"""(parts, 5): the number of each part, from the lowest, its tickets, and the sums of their places and ids."""

log = structlog.get_logger()


class PublicTile(NamedTuple):
    """A gzipped tile, and a tag that is another one whenever the tile is."""

    body: bytes
    etag: str
    until: float
    """The moment (`time.monotonic`) until which it may be handed out again."""


def _some_locks() -> list[Lock]:
    """Return locks that each stand for many tiles or parts."""
    return [Lock() for _ in range(16)]


@dataclass
class _Kept:
    """The tiles of one city in one database."""

    front: FrontCache | None = None
    lock: Lock = field(default_factory=Lock)
    checking: Lock = field(default_factory=Lock)
    tiles: OrderedDict[Key, PublicTile] = field(default_factory=OrderedDict)
    tickets: OrderedDict[Part, tuple[Shown, float]] = field(default_factory=OrderedDict)
    held: int = 0
    """How many tickets these are."""
    making: list[Lock] = field(default_factory=_some_locks)
    """Everybody asks at once for a tile that has changed; one makes it."""
    reading: list[Lock] = field(default_factory=_some_locks)
    """A part is read by one thread."""
    sums: Sums = field(default_factory=lambda: np.empty((0, 5), np.int64))
    changed: set[Part] = field(default_factory=set)
    """What the last check found changed."""
    checked_at: float = float("-inf")
    changes: int = 0
    """How often a check found something else than the one before it."""
    watched: bool = False
    """Whether a thread looks for changes, asked or not."""


# What is kept goes with its engine.
_kept: WeakKeyDictionary[Engine, dict[int, _Kept]] = WeakKeyDictionary()
_fronts: WeakKeyDictionary[Engine, FrontCache] = WeakKeyDictionary()
_kept_lock = Lock()


def keep_in_front(engine: Engine, front: FrontCache) -> None:
    """Let nginx keep the tiles of a database too, from now on."""
    _fronts[engine] = front


def public_tile(session: Session, city_id: int, z: int, x: int, y: int) -> PublicTile:
    """Return a tile of the open tickets that everybody may see, as it was at most half a second ago.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    must_exist(z, x, y)
    engine = session.get_bind().engine
    with _kept_lock:
        kept = _kept.setdefault(engine, {}).setdefault(city_id, _Kept(_fronts.get(engine)))
    _check(kept, session, city_id)
    key = (z, x, y)
    with kept.making[hash(key) % len(kept.making)]:
        found = _known(kept, key)
        if found is not None:
            return found
        changes, until = kept.changes, time.monotonic() + LONGEST_S
        if z >= _PARTS_BITS:
            tickets, until = _tickets(kept, session, city_id, _part(key))
            if tickets.all_single:
                return _keep(kept, key, encode(cut(tickets, z, x, y), z, x, y), until, changes)
        return _keep(kept, key, ticket_tile(session, city_id, z, x, y, public_only=True), until, changes)


def kept_tile(engine: Engine, city_id: int, tile: Key) -> PublicTile | None:
    """Return a tile as `public_tile` would, if that needs nothing from the database."""
    kept = _kept.get(engine, {}).get(city_id)
    if kept is None or time.monotonic() - kept.checked_at >= CHECK_EVERY_S:
        return None
    return _known(kept, tile)


def lend(engine: Engine, city_id: int, key: Key, tile: PublicTile) -> int:
    """Let nginx keep a tile, and see to it that it is deleted there when it changes.

    Returns
    -------
    int
        For how many seconds it may be kept; 0 where there is no nginx, or the tile may be an old one.
    """
    kept = _kept[engine][city_id]
    seconds = int(tile.until - time.monotonic())
    if kept.front is None or seconds <= 0:
        return 0
    with kept.lock:
        kept.front.lent[key] = tile.until
        if not kept.watched:
            kept.watched = True
            Thread(target=_watch, args=(kept, kept.front, engine, city_id), daemon=True).start()
    return seconds


def _watch(kept: _Kept, front: FrontCache, engine: Engine, city_id: int) -> None:
    """Look for changes for as long as nginx may hand out a tile of this process without asking."""
    while True:
        time.sleep(max(0.0, kept.checked_at + CHECK_EVERY_S - time.monotonic()) or CHECK_EVERY_S)
        try:
            with Session(engine) as session:
                _check(kept, session, city_id)
        except (SQLAlchemyError, psycopg.Error):
            log.warning("Nobody can say which tiles have changed", city=city_id)
        with kept.lock:
            front.forget(time.monotonic())
            if not front.lent:
                kept.watched = False
                return


def _known(kept: _Kept, key: Key) -> PublicTile | None:
    """Return a tile that is kept, or can be cut from tickets that are held."""
    z, x, y = key
    with kept.lock:
        found, changes = kept.tiles.get(key), kept.changes
        tickets, until = kept.tickets.get(_part(key), (None, 0.0))
    now = time.monotonic()
    if found is not None and now < found.until:
        return found
    if tickets is None or now >= until or not _PARTS_BITS <= z <= MAX_ZOOM or not tickets.all_single:
        return None
    return _keep(kept, key, encode(cut(tickets, z, x, y), z, x, y), until, changes)


def _keep(kept: _Kept, key: Key, body: bytes, until: float, changes: int) -> PublicTile:
    """Keep a tile that was made when there had been so many changes."""
    made = PublicTile(body, hashlib.sha256(body).hexdigest()[:16], until)
    with kept.lock:
        if changes != kept.changes:
            # Made while a change was found, it may lack it.
            return made._replace(until=0.0)
        kept.tiles[key] = made
        while len(kept.tiles) > MOST_TILES:
            kept.tiles.popitem(last=False)
    return made


def _part(key: Key) -> Part:
    """Return the part that a tile from zoom 15 on is in."""
    z, x, y = key
    return x >> max(0, z - _PARTS_BITS), y >> max(0, z - _PARTS_BITS)


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
        sums = _sums(session, city_id)
        with kept.lock:
            changed = _differing(sums, kept.sums)
            if changed:
                kept.changes += 1
                for key in _touching(changed, list(kept.tiles)):
                    del kept.tiles[key]
                for part in changed:
                    _let_go(kept, part)
            # Again, since one that was being sent a moment ago may have been stored after it was deleted.
            stale, kept.changed = changed | kept.changed, changed
            lent = _touching(stale, list(kept.front.lent)) if kept.front else []
            kept.sums, kept.checked_at = sums, now
        if kept.front:
            kept.front.delete(lent)
    finally:
        kept.checking.release()


def _sums(session: Session, city_id: int) -> Sums:
    """Ask what is in each part."""
    answer = driver(session).execute(_PARTS, {"city_id": city_id}, prepare=True, binary=True).fetchone()
    assert answer is not None  # noqa: S101
    rows = np.frombuffer(answer[0] or b"", ">i8").astype(np.int64).reshape(-1, 5)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    first = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
    if not len(first):
        return rows
    sums: Sums = np.add.reduceat(rows, first)
    sums[:, 0] = rows[first, 0]
    return sums


def _differing(some: Sums, others: Sums) -> set[Part]:
    """Return the parts that are not in both with the same sums."""
    if np.array_equal(some, others):
        return set()
    _, here, there = np.intersect1d(some[:, 0], others[:, 0], assume_unique=True, return_indices=True)
    same = (some[here] == others[there]).all(axis=1)
    parts = np.setdiff1d(np.union1d(some[:, 0], others[:, 0]), some[here[same], 0])
    return {(part >> _KEY_BITS, part & (1 << _KEY_BITS) - 1) for part in parts.tolist()}


def _touching(parts: set[Part], tiles: list[Key]) -> list[Key]:
    """Return the tiles that hold, or are in, one of the parts."""
    above = {(bits, x >> bits, y >> bits) for x, y in parts for bits in range(_PARTS_BITS + 1)}
    return [
        (z, x, y)
        for z, x, y in tiles
        if (max(0, _PARTS_BITS - z), x >> max(0, z - _PARTS_BITS), y >> max(0, z - _PARTS_BITS)) in above
    ]
