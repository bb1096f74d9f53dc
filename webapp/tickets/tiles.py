"""Open tickets as vector tiles: one statement makes one, out of the pyramid and of the tickets themselves.

Mapbox Vector Tile 2.1, made by PostGIS. Each ticket is in exactly one tile of a zoom, so that the counts of
all tiles come to the number of open tickets.
"""

from __future__ import annotations

import gzip
import math
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.tiles import must_exist
from webapp.tickets.pyramid import CELL_BITS, CELLS, DEEPEST, WORLD_BITS

TICKETS_FROM = 14
"""From this zoom on each ticket is drawn by itself, where there are not too many."""
MOST_TICKETS = 500
"""A tile with more of them shows the cells of the pyramid, however far in it is."""
_EXTENT = 4096
# A box in degrees finds at least what whole numbers then decide on.
_MARGIN = 1e-7

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
    select case when tickets = 1 then ticket_id end as id, tickets::integer as count,
           service.code as service, ticket.status,
           st_makepoint(floor((cells.x / tickets - :left) * :scale),
                        floor((cells.y / tickets - :top) * :scale)) as shape
      from cells
      left join ticket on ticket.city_id = :city_id
                      and ticket.id = case when tickets = 1 then cells.ticket_id end
      left join service on service.city_id = ticket.city_id and service.id = ticket.service_id"""
_ENCODE = f"""
    select st_asmvt(features, 'tickets', {_EXTENT}, 'shape', 'id') from features"""  # noqa: S608

_FAR = text(f"with {_DELTA}, {_CELLS}, features as ({_FROM_CELLS}) {_ENCODE}")

# The whole tile is one cell of the tile so many zooms above: that row says whether it is crowded.
_NEAR = text(
    f"""
    with {_DELTA}, {_CELLS}, crowd as (
        select sum(tickets) > {MOST_TICKETS} as crowded
          from (select tickets from ticket_pyramid
                 where city_id = :city_id and zoom = :zoom_above
                   and x = :x >> {CELL_BITS} and y = :y >> {CELL_BITS}
                   and cell = (:x & {CELLS - 1}) + (:y & {CELLS - 1}) * {CELLS}
                   and public = any(:audiences)
                union all
                select change from delta) as counted
    ), features as (
        {_FROM_CELLS}
         where (select crowded from crowd)
        union all
        select id, 1, service, status,
               st_makepoint(floor((x - :left) * :scale), floor((y - :top) * :scale))
          from (select ticket.id, service.code as service, ticket.status,
                       mercator_x(st_x(geom)) as x, mercator_y(st_y(geom)) as y
                  from ticket
                  join service on service.city_id = ticket.city_id and service.id = ticket.service_id
                 where ticket.city_id = :city_id and open and service.public = any(:audiences)
                   and geom && st_makeenvelope(:west, :south, :east, :north, 4326)
                offset 0) as placed
         where x between :left and :right and y between :top and :bottom
           and not (select crowded from crowd)
    ) {_ENCODE}"""  # noqa: S608
)


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
    must_exist(z, x, y)
    values = _values(z, x, y) | {"city_id": city_id, "audiences": [True] if public_only else [True, False]}
    tile = session.execute(_FAR if z < TICKETS_FROM else _NEAR, values).scalar_one()
    # Level 6 and no time stamp: the same tile is the same bytes.
    return gzip.compress(bytes(tile), 6, mtime=0)


def _values(z: int, x: int, y: int) -> dict[str, Any]:
    """Return where a tile is: in parts of the world, in degrees, and in the pyramid."""
    size = 1 << WORLD_BITS - z
    left, top = x * size, y * size
    values: dict[str, Any] = {
        "left": left,
        "right": left + size - 1,
        "top": top,
        "bottom": top + size - 1,
        "scale": _EXTENT / size,
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
            "west": _longitude(left) - _MARGIN,
            "east": _longitude(left + size) + _MARGIN,
            # What is nearer to a pole than the map goes is counted at its edge.
            "north": 90.0 if y == 0 else _latitude(top) + _MARGIN,
            "south": -90.0 if y == (1 << z) - 1 else _latitude(top + size) - _MARGIN,
        }
    return values


def _longitude(x: int) -> float:
    return x / (1 << WORLD_BITS) * 360 - 180


def _latitude(y: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / (1 << WORLD_BITS)))))
