"""The pyramid: how many tickets are open in each cell of the tiles of each zoom.

Triggers append a row to `ticket_delta` for each open ticket that comes or goes away, whatever the way it is
written; `fold` counts these into `ticket_pyramid` every few seconds. Who reads both at once, in one
statement, reads what was committed last: nothing waits to be folded. A cell is counted for everybody and for
staff apart, and knows the sum of its tickets' places and ids: of all together, their centre; of a single
ticket, where and which it is.
"""

from __future__ import annotations

from sqlalchemy import CursorResult, delete, func, select, text
from sqlalchemy.orm import Session

from webapp.tickets.models import TicketPyramid

DEEPEST = 16
"""The last zoom that is counted. Farther in, its cells are wide enough to be told apart."""
CELL_BITS = 5
CELLS = 1 << CELL_BITS
"""A tile has so many cells in a row: of 8 pixels each where a tile is drawn with 256."""
WORLD_BITS = 30
"""Places are counted in 2^30 parts of the Web Mercator world: 4 cm at the equator."""

_FOLDING = 0x464F4C44
"""First half of the advisory lock of whoever changes a city's pyramid; the city is the second."""
_AT_ONCE = 50_000

# What is in the cells of all zooms, from rows of x, y, public, change and ticket_id.
_BY_CELL = f"""
    select city_id, zoom::smallint as zoom,
           x >> {WORLD_BITS} - zoom as x, y >> {WORLD_BITS} - zoom as y,
           ((x >> {WORLD_BITS - CELL_BITS} - zoom & {CELLS - 1})
            + (y >> {WORLD_BITS - CELL_BITS} - zoom & {CELLS - 1}) * {CELLS})::smallint as cell,
           public,
           sum(change)::integer as tickets,
           sum(change * x::bigint)::bigint as sum_x,
           sum(change * y::bigint)::bigint as sum_y,
           sum(change * ticket_id)::bigint as sum_id
      from {{rows}} as rows, generate_series(0, {DEEPEST}) as zoom
     group by 1, 2, 3, 4, 5, 6"""  # noqa: S608

# All who write cells do so in the same order, so that none waits for another that waits for it.
_ADD = """
    insert into ticket_pyramid as known (city_id, zoom, x, y, cell, public, tickets, sum_x, sum_y, sum_id)
    select city_id, zoom, x, y, cell, public, tickets, sum_x, sum_y, sum_id from more
     where (tickets, sum_x, sum_y, sum_id) <> (0, 0, 0, 0)
     order by city_id, zoom, x, y, cell, public
        on conflict (city_id, zoom, x, y, cell, public) do update
       set tickets = known.tickets + excluded.tickets, sum_x = known.sum_x + excluded.sum_x,
           sum_y = known.sum_y + excluded.sum_y, sum_id = known.sum_id + excluded.sum_id"""

_FOLD = text(
    f"""
    with gone as (
        delete from ticket_delta
         where (city_id, x, y, id) in (select city_id, x, y, id from ticket_delta
                                        where city_id = :city_id limit :at_once)
     returning *
    ), more as ({_BY_CELL.format(rows="gone")}
    ), added as ({_ADD})
    select count(*) from gone"""  # noqa: S608
)

_OPEN = """(
    select ticket.city_id, mercator_x(st_x(geom)) as x, mercator_y(st_y(geom)) as y,
           service.public and not ticket.hidden as public, 1 as change, ticket.id as ticket_id
      from ticket
      join service on service.city_id = ticket.city_id and service.id = ticket.service_id
     where ticket.city_id = :city_id and open and geom is not null)"""

# What there should be, less what there is. One statement sees tickets, changes and cells at one moment.
_MISSING = f"""
    with truth as ({_BY_CELL.format(rows=_OPEN)}
    ), late as ({_BY_CELL.format(rows="(select * from ticket_delta where city_id = :city_id)")}
    ), more as (
        select city_id, zoom, x, y, cell, public, sum(tickets)::integer as tickets,
               sum(sum_x)::bigint as sum_x, sum(sum_y)::bigint as sum_y, sum(sum_id)::bigint as sum_id
          from (select * from truth
                union all
                select city_id, zoom, x, y, cell, public, -tickets, -sum_x, -sum_y, -sum_id from late
                union all
                select city_id, zoom, x, y, cell, public, -tickets, -sum_x, -sum_y, -sum_id
                  from ticket_pyramid where city_id = :city_id) as both_sides
         group by city_id, zoom, x, y, cell, public
    )"""  # noqa: S608
_COUNT_MISSING = text(
    f"{_MISSING} select count(*) from more"  # noqa: S608
    " where (tickets, sum_x, sum_y, sum_id) <> (0, 0, 0, 0)"
)
_ADD_MISSING = text(f"{_MISSING} {_ADD}")


def fold(session: Session, city_id: int) -> int:
    """Count changes into the pyramid, so many at once; return how many. The caller commits, and asks again.

    Nothing is done where somebody else is folding.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_FOLDING, city_id))):
        return 0
    return int(session.execute(_FOLD, {"city_id": city_id, "at_once": _AT_ONCE}).scalar_one())


def wrong_cells(session: Session, city_id: int) -> int:
    """Return how many cells of the pyramid differ from the tickets. None does, unless triggers were off."""
    return int(session.execute(_COUNT_MISSING, {"city_id": city_id}).scalar_one())


def repair(session: Session, city_id: int) -> int:
    """Count all open tickets of a city anew; return how many cells were wrong. The caller commits.

    Tickets may be written meanwhile.
    """
    session.execute(select(func.pg_advisory_xact_lock(_FOLDING, city_id)))
    added = session.execute(_ADD_MISSING, {"city_id": city_id})
    assert isinstance(added, CursorResult)  # noqa: S101
    return added.rowcount


def drop_empty_cells(session: Session) -> None:
    """Forget cells where no ticket is open any more. The caller commits."""
    session.execute(text("lock table ticket_pyramid in share row exclusive mode"))
    session.execute(delete(TicketPyramid).where(TicketPyramid.tickets == 0))
