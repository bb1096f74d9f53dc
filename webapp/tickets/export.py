"""All reports of a city with what was decided about them, a row each, as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

import pyarrow as pa
from psycopg import Connection, sql

_AT_ONCE = 10_000
_TIME = pa.timestamp("us", "UTC")
_COLUMNS: dict[str, pa.DataType] = {
    "tracking_number": pa.string(),
    "external_id": pa.string(),
    "service_code": pa.string(),
    "requested_at": _TIME,
    "closed_at": _TIME,
    "ticket_id": pa.int64(),
    "ticket_status": pa.string(),
    "department": pa.string(),
    "crew": pa.string(),
    "due_at": _TIME,
    "street": pa.string(),
    "house_number": pa.int32(),
    "side": pa.string(),
    "segment_id": pa.string(),
    "snap_m": pa.float32(),
    "place_flags": pa.list_(pa.string()),
    "duplicate_of": pa.string(),
    "duplicate_score": pa.float32(),
    "duplicate_decision": pa.string(),
    "suggestions": pa.list_(pa.string()),
    "service_area": pa.string(),
}


def export_schema(zone_layers: Sequence[str]) -> pa.Schema:
    """Return the columns of an export: ``zone_LAYER`` holds the id of the zone of each layer."""
    return pa.schema(_COLUMNS | {f"zone_{layer}": pa.string() for layer in zone_layers})


def export(connection: Connection[Any], city_id: int, zone_layers: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield all reports of a city in the order in which they came, some thousands at a time.

    A report is named by its external id, or by its tracking number where it has none. Nothing is told of who
    made it.
    """
    zones = sql.SQL("").join(sql.SQL(", report.zones ->> {}").format(layer) for layer in zone_layers)
    schema = export_schema(zone_layers)
    with connection.cursor("export") as cursor:
        cursor.execute(sql.SQL(_EXPORT).format(zones=zones), {"city_id": city_id})
        while rows := cursor.fetchmany(_AT_ONCE):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)],
                schema=schema,
            )


_EXPORT: LiteralString = """
    select report.tracking_number, report.external_id, service.code, report.requested_at, report.closed_at,
           ticket.id, ticket.status, department.name, crew.name, report.due_at, report.street,
           report.house_number, case report.side when 'l' then 'left' when 'r' then 'right' end,
           report.segment_id, report.snap_m, report.place_flags,
           coalesce(original.external_id, original.tracking_number), report.duplicate_score,
           report.duplicate_decision, suggested.names, ticket.service_area {zones}
      from report
      join ticket on ticket.city_id = report.city_id and ticket.id = report.ticket_id
      join service on service.city_id = report.city_id and service.id = report.service_id
      join department on department.city_id = ticket.city_id and department.id = ticket.department_id
      left join crew on crew.city_id = ticket.city_id and crew.id = ticket.crew_id
      left join report as original on original.city_id = report.city_id and original.id = report.duplicate_of
     cross join lateral (
           select coalesce(array_agg(first.name order by place), '{{}}') as names
             from unnest(report.suggestions) with ordinality as suggestion(ticket_id, place)
            cross join lateral (
                  select coalesce(other.external_id, other.tracking_number) as name
                    from report as other
                   where other.city_id = report.city_id and other.ticket_id = suggestion.ticket_id
                   order by other.id limit 1) as first) as suggested
     where report.city_id = %(city_id)s::smallint
     order by report.id"""
