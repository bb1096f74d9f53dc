"""The timeline as Parquet files for analysts: never changed, a folder for each month of each city.

``city=SLUG/year=2026/month=05/events-FIRST.parquet`` is what DuckDB, Spark and BigQuery call hive partitions;
`FIELDS` says what is in a file. Nothing in it was written by anybody, and nothing tells who made a report.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.db import driver
from webapp.storage import Storage

AT_ONCE = 50_000
"""Entries read at once: what is in memory, and a file at most."""
PATIENCE_S = 10.0
"""For transactions that are still writing."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Field:
    """A column of the files."""

    kind: pa.DataType
    said: LiteralString
    """In SQL."""
    description: str


_TIME = pa.timestamp("us", "UTC")
FIELDS: dict[str, Field] = {
    "event_id": Field(pa.int64(), "timeline.id", "Its number; later ones are higher, in a city never twice"),
    "happened_at": Field(_TIME, "timeline.at", "When it happened"),
    "kind": Field(pa.string(), "timeline.kind", "What happened: see the list below"),
    "actor": Field(pa.string(), "timeline.actor", "resident, staff, program, system or import"),
    "ticket_id": Field(pa.int64(), "timeline.ticket_id", "The ticket it happened to"),
    "report_id": Field(pa.int64(), "timeline.report_id", "The report it is about, where it is about one"),
    "detail": Field(
        pa.string(),
        "case when timeline.kind in ('done', 'declined', 'waiting', 'scheduled')"
        " then timeline.data ->> 'detail' end",
        "How it was done, why it was declined, what it waits for, or the day it is planned for",
    ),
    "undoes": Field(
        pa.int64(),
        "case when timeline.kind = 'undone' then (timeline.data ->> 'undoes')::bigint end",
        "The event that was taken back",
    ),
    "service_code": Field(pa.string(), "service.code", "What it is about"),
    "service_group": Field(pa.string(), 'service."group"', "The group of services it belongs to"),
    "public": Field(pa.bool_(), "service.public", "Whether everybody may see tickets of its service"),
    "department": Field(pa.string(), "department.code", "Whose service it is"),
    "crew": Field(pa.string(), "crew.code", "The crew that has the ticket"),
    "district": Field(pa.string(), "ticket.district", "The council district's id"),
    "segment_id": Field(pa.string(), "ticket.segment_id", "The segment's id"),
    "asset_id": Field(pa.string(), "ticket.asset_id", "The asset's id"),
    "lon": Field(pa.float64(), "st_x(ticket.geom)", "Longitude of the ticket, EPSG:4326"),
    "lat": Field(pa.float64(), "st_y(ticket.geom)", "Latitude of the ticket, EPSG:4326"),
    "opened_at": Field(_TIME, "ticket.opened_at", "When the first of the ticket's reports was made"),
    "due_at": Field(_TIME, "ticket.due_at", "The promised date"),
    "priority": Field(pa.int16(), "ticket.priority", "0 low, 1 normal, 2 high, 3 urgent"),
}
"""All columns. What is said of the ticket is as it was when the event was written to the log."""

SCHEMA = pa.schema(
    [pa.field(name, each.kind, metadata={"description": each.description}) for name, each in FIELDS.items()]
)


@dataclass(frozen=True)
class Exported:
    """What was added to the log."""

    events: int
    files: int


def export(session: Session, city: City, storage: Storage) -> Exported:
    """Add to a log what has happened since the last time. Writes nothing to the database.

    A file is whole or not there. Where it was interrupted, the next time begins where the last whole step
    ended and writes the same files again. What a transaction that is still running wrote comes next time.
    """
    if not _alone(session, city.id):
        log.info("event log is being written already", city=city.slug)
        return Exported(0, 0)
    place = f"city={city.slug}/position.json"
    kept = storage.read(place)
    after = 0 if kept is None else int(json.loads(kept)["event_id"])
    events = files = 0
    for table in _tables(session, city.id, after, _last_settled(session, city.id, after)):
        for month, part in _months(table):
            name = f"city={city.slug}/{month}/events-{after + 1:012d}.parquet"
            storage.keep(name, _file(part))
            files += 1
        after = table["event_id"][-1].as_py()
        storage.keep(place, json.dumps({"event_id": after}).encode())
        events += table.num_rows
    return Exported(events, files)


def _alone(session: Session, city_id: int) -> bool:
    """Return whether nobody else writes the city's log; until the transaction ends nobody does."""
    taken = text("select pg_try_advisory_xact_lock(hashtextextended('event log', :city_id))")
    return bool(session.scalar(taken, {"city_id": city_id}))


def _last_settled(session: Session, city_id: int, after: int) -> int:
    """Return the latest event below which no transaction can still add one; ``after`` where that is unknown.

    Ids are given out before their transactions commit. So after the latest id was read, all transactions
    that run by then must have ended.
    """
    newest = text("select max(id) from timeline where city_id = :city_id")
    last = session.scalar(newest, {"city_id": city_id}) or after
    line = session.scalar(text("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
    oldest = text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    until = time.monotonic() + PATIENCE_S
    while session.scalar(oldest) < line:
        if time.monotonic() > until:
            log.warning("event log waits for a long transaction", city=city_id)
            return after
        time.sleep(0.1)
    return last


def _tables(session: Session, city_id: int, after: int, last: int) -> Iterator[pa.Table]:
    """Yield the events after one and up to another, in the order of their ids, some thousands at a time."""
    columns = sql.SQL(", ").join(sql.SQL(each.said) for each in FIELDS.values())
    query = sql.SQL(_EVENTS).format(columns=columns)
    while True:
        asked = {"city_id": city_id, "after": after, "last": last, "at_once": AT_ONCE}
        rows = driver(session).execute(query, asked).fetchall()
        if not rows:
            return
        columns_read = zip(*rows, strict=True)
        arrays = [pa.array(each, kind) for each, kind in zip(columns_read, SCHEMA.types, strict=True)]
        yield pa.Table.from_arrays(arrays, schema=SCHEMA)
        after = rows[-1][0]


def _months(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield the events of each month of UTC, with the month's folder."""
    months = pc.strftime(table["happened_at"], format="year=%Y/month=%m")
    for month in pc.unique(months).to_pylist():
        yield month, table.filter(pc.equal(months, month))


def _file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


_EVENTS: LiteralString = """
    select {columns}
      from timeline
      join ticket on ticket.city_id = timeline.city_id and ticket.id = timeline.ticket_id
      join service on service.city_id = ticket.city_id and service.id = ticket.service_id
      join department on department.city_id = ticket.city_id and department.id = ticket.department_id
      left join crew on crew.city_id = ticket.city_id and crew.id = ticket.crew_id
     where timeline.city_id = %(city_id)s::smallint and timeline.id > %(after)s and timeline.id <= %(last)s
     order by timeline.id
     limit %(at_once)s"""
