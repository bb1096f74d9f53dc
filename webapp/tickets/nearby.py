"""Finds the tickets that new reports may repeat, for the matching to judge. Never writes or commits.

These are plain psycopg cursors: of one report's candidates, so that the question travels in one pipeline with
others; of a whole city's, so that the answer streams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import Connection, Cursor
from psycopg.rows import args_row

from geo.pair_features import MOST_CANDIDATES
from webapp.tickets.queries import Box

LATELY = timedelta(days=60)
"""A ticket that was closed longer ago than this is no longer looked for; no look-back may be longer."""

_FETCHED = MOST_CANDIDATES + MOST_CANDIDATES // 4
"""By degrees, a few of the nearest may change places with those after them."""


@dataclass(slots=True)
class Candidate:
    """A ticket that a new report may repeat, in the place of the report that opened it.

    Times are seconds since 1970 UTC, coordinates EPSG:4326 degrees.
    """

    id: int
    service_id: int
    opened: float
    latest: float
    closed: float | None
    """None while it is open."""
    lon: float
    lat: float
    segment_id: str | None
    side: str | None
    along_m: float | None
    address: str | None
    asset_id: str | None
    report_count: int
    status: str
    match_keys: list[int] | None
    """Of its address and the words of the report that opened it; None: to be worked out of the texts."""
    description: str | None
    """Of the report that opened it, where there are no keys."""


@dataclass(slots=True)
class Opened(Candidate):
    """A candidate with the report that opened it."""

    opened_by: int


def nearby_open(
    connection: Connection[Any],
    city_id: int,
    box: Box,
    service_ids: Sequence[int],
    closed_since: datetime,
    opened_until: datetime,
) -> Cursor[Candidate]:
    """Find the tickets of some services in a box that are open or were closed lately, lowest id first.

    The answer need not have arrived when this returns: in a pipeline it comes with the others. It holds the
    `MOST_CANDIDATES` nearest to the middle of the box that `geo.pair_features.is_candidate` admits, which
    decides on metres; some more are fetched, so that degrees rank well enough.

    Parameters
    ----------
    box
        Must hold everything within reach.
    closed_since, opened_until
        A ticket closed before the one or opened after the other is no candidate.
    """
    west, south, east, north = box
    cursor = connection.cursor(binary=True, row_factory=args_row(Candidate))
    return cursor.execute(
        _NEARBY,
        {
            "city_id": city_id,
            "west": west,
            "south": south,
            "east": east,
            "north": north,
            "service_ids": list(service_ids),
            "closed_since": closed_since,
            "opened_until": opened_until,
            "most": _FETCHED,
        },
    )


def tickets_between(
    connection: Connection[Any], city_id: int, closed_since: datetime, opened_until: datetime
) -> Iterator[Opened]:
    """Yield the tickets of a city that were open at some time of a span, lowest id first, as a stream."""
    with connection.cursor("tickets_between", binary=True, row_factory=args_row(Opened)) as cursor:
        cursor.itersize = 10_000
        span = {"closed_since": closed_since, "opened_until": opened_until}
        yield from cursor.execute(_BETWEEN, {"city_id": city_id} | span)


_COLUMNS: LiteralString = """
           city_id, id, service_id, status, opened_at, latest_at, closed_at, geom, segment_id, side, along_m,
           address, asset_id, report_count, match_keys"""
# In the order of the fields of `Candidate`: by their names, making each would take as long as to find it.
_CANDIDATE: LiteralString = """
    select ticket.id, ticket.service_id,
           extract(epoch from ticket.opened_at)::float8, extract(epoch from ticket.latest_at)::float8,
           extract(epoch from ticket.closed_at)::float8, st_x(ticket.geom), st_y(ticket.geom),
           ticket.segment_id, ticket.side, ticket.along_m, ticket.address, ticket.asset_id,
           ticket.report_count, ticket.status, ticket.match_keys,
           case when ticket.match_keys is null then (
               select description from report
                where report.city_id = ticket.city_id and report.ticket_id = ticket.id
                order by id limit 1) end"""
_SPAN: LiteralString = """
           ticket.city_id = %(city_id)s::smallint and ticket.geom is not null
       and (ticket.open or ticket.closed_at > %(closed_since)s) and ticket.opened_at <= %(opened_until)s"""
# As `ix_ticket_nearby` has them: a range of each strip that the box touches.
_IN_BOX: LiteralString = """
           mercator_x(st_x(ticket.geom)) >> 12 = any(array(select generate_series(
               mercator_x(%(west)s) >> 12, mercator_x(%(east)s) >> 12)))
       and mercator_y(st_y(ticket.geom)) between mercator_y(%(north)s) and mercator_y(%(south)s)
       and mercator_x(st_x(ticket.geom)) between mercator_x(%(west)s) and mercator_x(%(east)s)"""
_NEARBY: LiteralString = f"""
      with ticket as materialized (
           select {_COLUMNS} from ticket
            where {_SPAN}
       and ticket.matchable and ticket.service_id = any(%(service_ids)s::smallint[])
       and {_IN_BOX}
            order by ((st_x(ticket.geom) - (%(west)s + %(east)s) / 2)
                      * cosd((%(south)s + %(north)s) / 2)) ^ 2
                     + (st_y(ticket.geom) - (%(south)s + %(north)s) / 2) ^ 2, ticket.id desc
            limit %(most)s)
    {_CANDIDATE}
      from ticket order by ticket.id"""  # noqa: S608  (only parts of statements)
_BETWEEN: LiteralString = f"""{_CANDIDATE},
           (select min(id) from report
             where report.city_id = ticket.city_id and report.ticket_id = ticket.id)
      from ticket
     where {_SPAN}
     order by ticket.id"""  # noqa: S608
