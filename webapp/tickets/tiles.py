"""Open tickets as vector tiles: one statement reads what is shown, out of the pyramid and the tickets.

Each ticket is in exactly one tile of a zoom, so that the counts of all tiles come to the number of open
tickets.
"""

from __future__ import annotations

import gzip
import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from geo.mvt import point_layer
from layers.tiles import must_exist
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
# As the statement sends what is shown.
_SENT = np.dtype(
    [("id", ">i8"), ("tickets", ">i4"), ("service", ">i2"), ("status", ">i2"), ("x", ">i4"), ("y", ">i4")]
)

_DELTA = """
    delta as materialized (
        select x, y, change, ticket_id from ticket_delta
         where city_id = :city_id and public = any(:audiences)
           and x between :left and :right and y between :top and :bottom
    )"""
_CELLS = f"""
    cells as materialized (
        select cell, sum(tickets) as tickets, sum(x) as x, sum(y) as y, sum(ticket_id)::bigint as ticket_id
          from (select cell, tickets, sum_x::float8 as x, sum_y::float8 as y, sum_id::float8 as ticket_id
                  from ticket_pyramid
                 where city_id = :city_id and zoom = :zoom and x = :column and y = :row
                   and public = any(:audiences)
                   and (cell & {CELLS - 1}) >> :narrower = :part_x
                   and cell >> :narrower + {CELL_BITS} = :part_y
                union all
                select (x >> :cell_bits & {CELLS - 1}) + (y >> :cell_bits & {CELLS - 1}) * {CELLS},
                       change, change * x::float8, change * y::float8, change * ticket_id::float8
                  from delta) as counted
         group by cell having sum(tickets) > 0
    )"""  # noqa: S608  (only numbers of ours)
# Of a single ticket, the sums are its own place and id.
_FROM_CELLS = """
    select ticket.id, tickets::integer, ticket.service_id, ticket.status,
           floor(cells.x / tickets)::integer as x, floor(cells.y / tickets)::integer as y
      from cells
      left join ticket on ticket.city_id = :city_id
                      and ticket.id = case when tickets = 1 then cells.ticket_id end"""
_SEND = """
    select string_agg(int8send(coalesce(id, 0)) || int4send(tickets)
                      || int2send(coalesce(service_id, 0::smallint))
                      || int2send(coalesce(array_position(cast(:statuses as text[]), status), 0)::smallint)
                      || int4send(x) || int4send(y), ''),
           (select json_object_agg(id, code)::text from service where city_id = :city_id)
      from shown"""

_FAR = text(f"with {_DELTA}, {_CELLS}, shown as ({_FROM_CELLS}) {_SEND}")

# The whole tile is one cell of the tile so many zooms above: that row says whether it is crowded.
_NEAR = f"""
    with {_DELTA}, {_CELLS}, crowd as (
        select sum(tickets) > :most as crowded
          from (select tickets from ticket_pyramid
                 where city_id = :city_id and zoom = :zoom_above
                   and x = :x >> {CELL_BITS} and y = :y >> {CELL_BITS}
                   and cell = (:x & {CELLS - 1}) + (:y & {CELLS - 1}) * {CELLS}
                   and public = any(:audiences)
                union all
                select change from delta) as counted
    ), shown as (
        {_FROM_CELLS}
         where (select crowded from crowd)
        union all
        select id, 1, service_id, status, x, y
          from (select ticket.id, service_id, status, mercator_x(st_x(geom)) as x, mercator_y(st_y(geom)) as y
                  from ticket
                  join service on service.city_id = ticket.city_id and service.id = ticket.service_id
                 where ticket.city_id = :city_id and open
                   and (service.public and not ticket.hidden) = any(:audiences)
                   and mercator_x(st_x(geom)) >> {WORLD_BITS - _INDEX_ZOOM} in ({{columns}})
                   and mercator_y(st_y(geom)) >> {WORLD_BITS - _INDEX_ZOOM} in ({{rows}})
                offset 0) as placed
         where x between :left and :right and y between :top and :bottom
           and not (select crowded from crowd)
    ) {_SEND}"""  # noqa: S608


def _near(wide: int) -> TextClause:
    """Return the statement for a tile that is so many tiles of the index wide.

    They are named one by one: of an array PostgreSQL would not know that it is short, and plan the statement
    anew for each tile, which takes as long as running it.
    """
    names = [f"cast(:{{}}_{number} as integer)" for number in range(wide)]
    listed = ", ".join(names)
    return text(_NEAR.format(columns=listed.replace("{}", "column"), rows=listed.replace("{}", "row")))


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
        "statuses": list(OPEN_STATUSES),
        "most": most,
    }
    statement = _FAR if z < TICKETS_FROM else _NEAR_BY_WIDTH[_wide(z)]
    sent, codes = session.execute(statement, values).one()
    rows = np.frombuffer(sent or b"", _SENT)
    return Shown(
        ids=rows["id"].astype(np.int64),
        tickets=rows["tickets"].astype(np.int32),
        services=rows["service"].astype(np.int16),
        statuses=rows["status"].astype(np.int8),
        x=rows["x"].astype(np.int32),
        y=rows["y"].astype(np.int32),
        codes={int(service): code for service, code in json.loads(codes or "{}").items()},
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
    values = [*names, *OPEN_STATUSES, *counts.tolist()]
    extent = 1 << _EXTENT_BITS
    layer = point_layer("tickets", extent, points, shown.ids, keys=_KEYS, values=values, tags=tags)
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
