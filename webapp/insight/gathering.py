"""Gathers the facts of tickets from the tables of work, in one statement, as a table and as columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from psycopg import sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import Layer
from webapp.db import driver
from webapp.insight.facts import Facts, Labels
from webapp.insight.repeats import repeats

_TIME = pa.timestamp("us", "UTC")
_TEXT = pa.dictionary(pa.int32(), pa.string())
ZONE = "zone_"
COLUMNS: dict[str, pa.DataType] = {
    "id": pa.int64(),
    "service": pa.int16(),
    "department": pa.int16(),
    "crew": pa.int16(),
    "opened": _TIME,
    "closed": _TIME,
    "due": _TIME,
    "waiting": _TIME,
    "responded": _TIME,
    "paused": pa.int64(),
    "completed": pa.bool_(),
    "declined": pa.bool_(),
    "fixed": pa.bool_(),
    "reports": pa.int32(),
    "reopened": pa.int16(),
    "visits": pa.int16(),
    "lon": pa.float32(),
    "lat": pa.float32(),
    "district": _TEXT,
    "segment": _TEXT,
    "asset": _TEXT,
    "channel": _TEXT,
    "language": _TEXT,
}
"""What is gathered of each ticket, besides its zones and what follows from other tickets."""


def gather(session: Session, city_id: int, ids: Sequence[int] | None = None) -> pa.Table:
    """Return a row for each ticket of a city, or for some, by rising id; a merged ticket has none.

    It has the columns of `COLUMNS` and ``zone_NAME`` for each layer of zones.
    """
    layers = zone_layers(session, city_id)
    some = sql.SQL("" if ids is None else "and {} = any(%(ids)s::bigint[])")
    statement = sql.SQL(_GATHER).format(
        tickets=some.format(sql.Identifier("id")),
        of_tickets=some.format(sql.Identifier("ticket_id")),
        zones=sql.SQL("").join(sql.SQL(", zones ->> {}").format(sql.Literal(name)) for name in layers),
    )
    content = io.BytesIO()
    with driver(session).cursor() as cursor:
        asked = {"city_id": city_id, "ids": None if ids is None else list(ids)}
        with cursor.copy(statement, asked) as rows:
            for block in rows:
                content.write(block)
    content.seek(0)
    types = COLUMNS | {ZONE + name: _TEXT for name in layers}
    if not content.getbuffer().nbytes:
        return pa.schema(types).empty_table()  # The reader takes a file without a row for a mistake.
    return pyarrow.csv.read_csv(
        content,
        read_options=pyarrow.csv.ReadOptions(column_names=list(types)),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False,
            true_values=["t"], false_values=["f"], null_values=[""],
        ),
    )  # fmt: skip


def zone_layers(session: Session, city_id: int) -> list[str]:
    """Return the names of the layers of zones that tickets are located in."""
    of_zones = select(Layer.name).where(Layer.city_id == city_id, Layer.kind == "zones").order_by(Layer.name)
    return list(session.scalars(of_zones))


def with_repeats(table: pa.Table) -> pa.Table:
    """Return a table of `gather` with the column ``repeat``, which is told from all tickets together."""
    table = table.unify_dictionaries()
    asset, segment = (_column(table[name]).codes for name in ("asset", "segment"))
    closed, fixed = _column(table["closed"]), _column(table["fixed"])
    fixed_at = np.where(fixed, closed, np.datetime64("NaT", "us"))
    found = repeats(_column(table["service"]), asset, segment, _column(table["opened"]), fixed_at)
    return table.append_column("repeat", pa.array(found))


def facts_of(table: pa.Table) -> Facts:
    """Return the facts in a table that has its repeats."""
    table = table.unify_dictionaries()
    columns = {name: _column(table[name]) for name in [*COLUMNS, "repeat"]}
    columns["paused"] = columns["paused"].view("timedelta64[us]")
    zones = {
        name.removeprefix(ZONE): _column(table[name]) for name in table.column_names if name.startswith(ZONE)
    }
    return Facts(**columns, zones=zones)


def read(session: Session, city_id: int) -> Facts:
    """Return the facts of all tickets of a city as they are now: some 15 s for a million."""
    return facts_of(with_repeats(gather(session, city_id)))


def _column(column: pa.ChunkedArray) -> Any:
    """Return a column as numpy has it; times without their zone, since all are in UTC."""
    if pa.types.is_dictionary(column.type):
        whole = column.combine_chunks()
        if isinstance(whole, pa.ChunkedArray):
            whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
        codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False)
        return Labels(codes, whole.dictionary.to_numpy(zero_copy_only=False))
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us")).to_numpy()
    return column.to_numpy()


_GATHER = """
copy (
    with chosen as (
        select * from ticket where city_id = %(city_id)s::smallint and status <> 'merged' {tickets}
    ), entry as (
        select timeline.id, ticket_id, at, kind, actor
          from timeline
         where city_id = %(city_id)s::smallint {of_tickets}
           and kind in ('assigned', 'scheduled', 'in_progress', 'waiting', 'referred', 'reopened', 'done',
                        'confirmed', 'declined', 'noted')
           and timeline.id not in (
               select (data ->> 'undoes')::bigint from timeline
                where city_id = %(city_id)s::smallint {of_tickets} and kind = 'undone'
                   and data ->> 'undoes' is not null)
    ), happened as (
        select ticket_id,
               min(at) filter (where actor in ('staff', 'program', 'import')
                                 and kind not in ('assigned', 'reopened', 'confirmed')) as responded,
               count(*) filter (where kind = 'reopened') as reopened,
               count(*) filter (where kind = 'done') as visits,
               bool_or(kind = 'waiting') as waited
          from entry group by ticket_id
    ), pause as (
        select ticket_id, sum(ended - at) filter (where kind = 'waiting') as paused
          from (select ticket_id, kind, at, lead(at) over (partition by ticket_id order by at, id) as ended
                  from entry
                 where kind <> 'noted'
                   and ticket_id in (select ticket_id from happened where waited)) as moves
         group by ticket_id
    ), first as (
        select distinct on (ticket_id) ticket_id, channel, language
          from report where city_id = %(city_id)s::smallint {of_tickets}
         order by ticket_id, id
    )
    select chosen.id, service_id, department_id, coalesce(crew_id, 0), opened_at, closed_at, due_at,
           waiting_since, least(responded, closed_at),
           coalesce(extract(epoch from paused) * 1000000, 0)::bigint,
           status in ('done', 'confirmed'), status = 'declined',
           status in ('done', 'confirmed') and coalesce(outcome, 'fixed') in ('fixed', 'made_safe'),
           report_count, coalesce(reopened, 0), coalesce(visits, 0),
           coalesce(st_x(geom), 'NaN'), coalesce(st_y(geom), 'NaN'),
           district, segment_id, asset_id, channel, language {zones}
      from chosen
      left join happened on happened.ticket_id = chosen.id
      left join pause on pause.ticket_id = chosen.id
      left join first on first.ticket_id = chosen.id
     order by chosen.id
) to stdout (format csv)"""
