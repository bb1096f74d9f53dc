"""Open tickets as vector tiles: one statement reads what is shown, out of the pyramid and the tickets.

Each ticket is in exactly one tile of a zoom, so that the counts of all tiles come to the number of open
tickets.
"""

from __future__ import annotations

import gzip
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.mvt import point_layer
from layers.tiles import must_exist
from webapp.db import driver
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.pyramid import CELL_BITS, CELLS, DEEPEST, WORLD_BITS

TICKETS_FROM = 14
"""From this zoom on each ticket is drawn by itself, where there are not too many."""
MOST_TICKETS = 500
"""A tile with more of them shows the cells of the pyramid, however far in it is."""
_EXTENT_BITS = 12
_KEYS = ("service", "status", "count")
# Fast, and of a few kilobytes the best level makes hardly less.
_GZIP_LEVEL = 4
# Open tickets are found in an index by their tile of this zoom.
_INDEX_ZOOM = 16
# As the statement sends rows of the pyramid, tickets of which their cell knows the place, and others.
_CELL = np.dtype([("cell", ">i2"), ("tickets", ">i4"), ("x", ">i8"), ("y", ">i8"), ("id", ">i8")])
_TICKET = np.dtype([("id", ">i8"), ("service", ">i2"), ("status", ">i2")])
_PLACED = np.dtype([*_TICKET.descr, ("x", ">i4"), ("y", ">i4")])

_DELTA = """
    delta as materialized (
        select x, y, change, ticket_id from ticket_delta
         where city_id = %(city_id)s and public = any(%(audiences)s)
           and x between %(left)s and %(right)s and y between %(top)s and %(bottom)s
    )"""
# They are added up here, not by PostgreSQL, which would take as long for it as for all the rest.
_FOUND = f"""
    found as materialized (
        select cell::integer as cell, tickets, sum_x as x, sum_y as y, sum_id as ticket_id, false as late
          from ticket_pyramid
         where city_id = %(city_id)s and zoom = %(zoom)s and x = %(column)s and y = %(row)s
           and public = any(%(audiences)s)
           and (cell & {CELLS - 1}) >> %(narrower)s = %(part_x)s
           and cell >> %(narrower)s + {CELL_BITS} = %(part_y)s
           and (select crowded from crowd)
        union all
        select (x >> %(cell_bits)s & {CELLS - 1}) + (y >> %(cell_bits)s & {CELLS - 1}) * {CELLS},
               change, change * x::bigint, change * y::bigint, change * ticket_id, true
          from delta where (select crowded from crowd)
    )"""  # noqa: S608  (only numbers of ours)
_SEND_TICKET = f"""
    int8send(id) || int2send(service_id)
    || int2send(coalesce(array_position(array{list(OPEN_STATUSES)}, status), 0)::smallint)"""
# The id of a single ticket is the sum of the ids: of a row, or of all rows where some are not folded yet.
_SEND = f"""
    select (select string_agg(int2send(cell::smallint) || int4send(tickets)
                              || int8send(x) || int8send(y) || int8send(ticket_id), '') from found),
           (select string_agg({_SEND_TICKET}, '')
              from ticket
             where city_id = %(city_id)s
               and id = any(array(select ticket_id from found where tickets = 1
                                  union all
                                  select sum(ticket_id)::bigint from found
                                   where cell in (select cell from found where late)
                                   group by cell having sum(tickets) = 1))),
           {{tickets}},
           (select json_object_agg(id, code) from service where city_id = %(city_id)s)"""  # noqa: S608

_FAR = (
    f"with {_DELTA}, crowd as (select true as crowded), {_FOUND} {_SEND.format(tickets='null::bytea')}"
).encode()

# The whole tile is one cell of the tile so many zooms above: that row says whether it is crowded.
_CROWD = f"""
    crowd as materialized (
        select sum(tickets) > %(most)s as crowded
          from (select tickets from ticket_pyramid
                 where city_id = %(city_id)s and zoom = %(zoom_above)s
                   and x = %(x)s >> {CELL_BITS} and y = %(y)s >> {CELL_BITS}
                   and cell = (%(x)s & {CELLS - 1}) + (%(y)s & {CELLS - 1}) * {CELLS}
                   and public = any(%(audiences)s)
                union all
                select change from delta) as counted
    )"""  # noqa: S608
_TICKETS = f"""
    (select string_agg({_SEND_TICKET} || int4send(x) || int4send(y), '')
       from (select ticket.id, service_id, status, mercator_x(st_x(geom)) as x, mercator_y(st_y(geom)) as y
               from ticket
               join service on service.city_id = ticket.city_id and service.id = ticket.service_id
              where ticket.city_id = %(city_id)s and open
                and (service.public and not ticket.hidden) = any(%(audiences)s)
                and mercator_x(st_x(geom)) >> {WORLD_BITS - _INDEX_ZOOM} in ({{columns}})
                and mercator_y(st_y(geom)) >> {WORLD_BITS - _INDEX_ZOOM} in ({{rows}})
             offset 0) as placed
      where x between %(left)s and %(right)s and y between %(top)s and %(bottom)s
        and not (select crowded from crowd))"""  # noqa: S608
_NEAR = f"with {_DELTA}, {_CROWD}, {_FOUND} {_SEND.format(tickets=_TICKETS)}"


def _near(wide: int) -> bytes:
    """Return the statement for a tile that is so many tiles of the index wide.

    They are named one by one: of an array PostgreSQL would not know that it is short, and plan the statement
    anew for each tile, which takes as long as running it.
    """
    names = [f"cast(%({{}}_{number})s as integer)" for number in range(wide)]
    listed = ", ".join(names)
    return _NEAR.format(columns=listed.replace("{}", "column"), rows=listed.replace("{}", "row")).encode()


_NEAR_BY_WIDTH = {wide: _near(wide) for wide in (1, 2, 4)}


class Shown(NamedTuple):
    """Points of a map: each a ticket, or a cell with several, which has no id, service or status (0)."""

    ids: NDArray[np.int64]
    tickets: NDArray[np.int32]
    """How many tickets it stands for."""
    services: NDArray[np.int16]
    statuses: NDArray[np.int8]
    """The place among `OPEN_STATUSES`, from 1."""
    x: NDArray[np.int32]
    """In 2^30 parts of the Web Mercator world from its upper left corner, as `y`."""
    y: NDArray[np.int32]
    codes: dict[int, str]
    """{service: its code}."""

    @property
    def all_single(self) -> bool:
        """Whether each is a ticket by itself."""
        return bool((self.tickets == 1).all())

    def of(self, which: NDArray[Any]) -> Shown:
        """Return some of them, by a mask or by their numbers."""
        return Shown._make([*(column[which] for column in self[:6]), self.codes])


def ticket_tile(session: Session, city_id: int, z: int, x: int, y: int, *, public_only: bool) -> bytes:
    """Return a gzipped tile of the open tickets: all, or only those of services that everybody may see.

    Its layer ``tickets`` has ``service``, ``status`` and ``count``, and the ticket's id as the feature's id.
    Below zoom 14, and where there are very many, the tickets of one cell are one feature in their middle; of
    more than one ticket it has a ``count`` and nothing else.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    return encode(shown(session, city_id, z, x, y, public_only=public_only), z, x, y)


def shown(
    session: Session, city_id: int, z: int, x: int, y: int, *, public_only: bool, most: int = MOST_TICKETS
) -> Shown:
    """Return what a tile shows. From zoom 14 on, each ticket by itself where there are at most so many.

    Raises
    ------
    ValueError
        If there is no such tile.
    """
    must_exist(z, x, y)
    values = _values(z, x, y) | {
        "city_id": city_id,
        "audiences": [True] if public_only else [True, False],
        "most": most,
    }
    statement = _FAR if z < TICKETS_FROM else _NEAR_BY_WIDTH[_wide(z)]
    # The driver itself: numbers as they are, and planned for the next tile as well.
    sent = driver(session).execute(statement, values, prepare=True, binary=True).fetchone()
    assert sent is not None  # noqa: S101
    cells, singles, placed, codes = sent
    names = {int(service): code for service, code in (codes or {}).items()}
    if cells:
        return _added_up(np.frombuffer(cells, _CELL), np.frombuffer(singles or b"", _TICKET), names)
    rows = np.frombuffer(placed or b"", _PLACED)
    return Shown(
        ids=rows["id"].astype(np.int64),
        tickets=np.ones(len(rows), np.int32),
        services=rows["service"].astype(np.int16),
        statuses=rows["status"].astype(np.int8),
        x=rows["x"].astype(np.int32),
        y=rows["y"].astype(np.int32),
        codes=names,
    )


def _added_up(rows: NDArray[Any], singles: NDArray[Any], codes: dict[int, str]) -> Shown:
    """Return what cells show, each the sum of its rows: of a single ticket, that is its own place and id."""
    sums = {name: np.bincount(rows["cell"], rows[name]) for name in ("tickets", "x", "y", "id")}
    there = np.flatnonzero(sums["tickets"] > 0)
    tickets, x, y, ids = (sums[name][there] for name in ("tickets", "x", "y", "id"))
    ids = np.where(tickets == 1, ids, 0).astype(np.int64)
    services, statuses = np.zeros(len(ids), np.int16), np.zeros(len(ids), np.int8)
    _, cell, ticket = np.intersect1d(ids, singles["id"], return_indices=True)
    services[cell], statuses[cell] = singles["service"][ticket], singles["status"][ticket]
    return Shown(
        ids,
        tickets.astype(np.int32),
        services,
        statuses,
        (x // tickets).astype(np.int32),
        (y // tickets).astype(np.int32),
        codes,
    )


def cut(tickets: Shown, z: int, x: int, y: int) -> Shown:
    """Return what a tile shows, from single tickets of a larger square: themselves, or cells if too many."""
    bits = WORLD_BITS - z
    inside = tickets.of(np.flatnonzero((tickets.x >> bits == x) & (tickets.y >> bits == y)))
    if len(inside.ids) <= MOST_TICKETS:
        return inside
    bits = WORLD_BITS - CELL_BITS - min(z, DEEPEST)
    cell = (inside.x >> bits & CELLS - 1) + (inside.y >> bits & CELLS - 1) * CELLS
    _, first, member, count = np.unique(cell, return_index=True, return_inverse=True, return_counts=True)
    single = count == 1
    one = inside.of(first)
    return Shown(
        one.ids * single,
        count.astype(np.int32),
        one.services * single,
        one.statuses * single,
        (np.bincount(member, inside.x) / count).astype(np.int32),
        (np.bincount(member, inside.y) / count).astype(np.int32),
        tickets.codes,
    )


def encode(shown: Shown, z: int, x: int, y: int) -> bytes:
    """Return a gzipped tile of what is in it."""
    bits = WORLD_BITS - z
    corner = np.array([x << bits, y << bits])
    points = np.stack([shown.x, shown.y], axis=1) - corner << _EXTENT_BITS >> bits
    services, service = _table(shown.services)
    counts, count = _table(shown.tickets)
    names = [shown.codes.get(number, "") for number in services.tolist()]
    tags = np.empty((len(shown.ids), len(_KEYS)), np.int32)
    tags[:, 0] = np.where(shown.services, service, -1)
    tags[:, 1] = np.where(shown.statuses, shown.statuses + (len(names) - 1), -1)
    tags[:, 2] = count + (len(names) + len(OPEN_STATUSES))
    layer = point_layer(
        "tickets",
        1 << _EXTENT_BITS,
        points,
        shown.ids,
        keys=_KEYS,
        values=[*names, *OPEN_STATUSES],
        numbers=counts,
        tags=tags,
    )
    # No time stamp: the same tile is the same bytes.
    return gzip.compress(layer, _GZIP_LEVEL, mtime=0)


def _table(numbers: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers that there are, from 0 on, and the place of each given one among these."""
    there = np.bincount(numbers) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]


def _values(z: int, x: int, y: int) -> dict[str, Any]:
    """Return where a tile is: in the world, in the pyramid, and in the index."""
    size = 1 << WORLD_BITS - z
    left, top = x * size, y * size
    values: dict[str, Any] = {
        "left": left,
        "right": left + size - 1,
        "top": top,
        "bottom": top + size - 1,
    }
    # Below the deepest zoom a tile is a part of one there: the cells whose first bits are its own.
    below = max(0, z - DEEPEST)
    values |= {
        "zoom": z - below,
        "column": x >> below,
        "row": y >> below,
        "narrower": CELL_BITS - below,
        "part_x": x & (1 << below) - 1,
        "part_y": y & (1 << below) - 1,
        "cell_bits": WORLD_BITS - CELL_BITS - (z - below),
    }
    if z >= TICKETS_FROM:
        values |= {
            "x": x,
            "y": y,
            "zoom_above": z - CELL_BITS,
            **_indexed("column", z, x),
            **_indexed("row", z, y),
        }
    return values


def _wide(z: int) -> int:
    """Return in how many columns of the index a tile is."""
    return 1 << max(0, _INDEX_ZOOM - z)


def _indexed(name: str, z: int, place: int) -> dict[str, int]:
    """Return the columns (or rows) of the index that a tile is in or holds, each by a name of its own."""
    first = place * _wide(z) >> max(0, z - _INDEX_ZOOM)
    return {f"{name}_{number}": first + number for number in range(_wide(z))}
