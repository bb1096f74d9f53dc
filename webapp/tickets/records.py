"""Writes a report with its ticket and timeline: one statement, one round trip.

A row goes to the database as one JSON object, so that the statement has the same few parameters every time
and is planned once. The caller commits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection, Cursor
from psycopg.rows import class_row

from webapp.tickets.tracking import new_numbers

Row = Mapping[str, Any]
"""Column name to value; a time is a `datetime`, a point ``SRID=4326;POINT(lon lat)``."""

_SPARE_NUMBERS = 2
"""Tracking numbers offered to a new report: it gets the first that no other has."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report as it was written, and whose its ticket is."""

    report_id: int
    ticket_id: int
    tracking_number: str
    service_id: int
    address: str | None
    due_at: datetime | None
    decision: str
    score: float | None
    reasons: list[dict[str, Any]]
    department_id: int
    crew_id: int | None
    assigned_why: str


def open_ticket(
    connection: Connection[Any],
    ticket: Row,
    report: Row,
    entries: Sequence[Row],
    *,
    repeats: int | None = None,
) -> Written:
    """Write a report and the new ticket that it opens.

    Parameters
    ----------
    ticket, report
        All of the columns that the statements below name.
    entries
        Timeline entries: ``kind``, ``actor``, ``at``, ``note`` and ``data`` of each, in order.
    repeats
        The ticket that the report may repeat, for staff to compare.
    """
    parameters = {"ticket": _json(ticket), "report": _json(report), "entries": _json(entries)}
    return _write(connection, _OPEN, parameters | {"repeats": repeats})


def join_ticket(
    connection: Connection[Any],
    ticket_id: int,
    report: Row,
    entries: Sequence[Row],
    *,
    priority: tuple[int, str] = (0, ""),
) -> Written:
    """Write a report that joins a ticket; a ticket that was closed is open again.

    The ticket keeps the earliest date that it promised to anybody, unless that promise was over with its
    closing. Its version stays as it is while it is open: a crew that is about to move it is not disturbed.

    Parameters
    ----------
    priority
        How urgent it is with this report, and why; a ticket that is more urgent stays so, and one of which
        staff said how urgent it is.
    """
    parameters = {"ticket_id": ticket_id, "report": _json(report), "entries": _json(entries)}
    urgency = {"priority": priority[0], "priority_why": priority[1]}
    return _write(connection, _JOIN, parameters | urgency | {"repeats": ticket_id})


def answered(connection: Connection[Any], city_id: int, idempotency_key: str) -> Cursor[Written]:
    """Find what was written for an idempotency key. In a pipeline the answer comes with the others."""
    cursor = connection.cursor(row_factory=class_row(Written))
    return cursor.execute(_ANSWERED, {"city_id": city_id, "idempotency_key": idempotency_key})


def _write(connection: Connection[Any], statement: LiteralString, parameters: dict[str, Any]) -> Written:
    parameters["numbers"] = new_numbers(_SPARE_NUMBERS).tolist()
    with connection.cursor(row_factory=class_row(Written)) as cursor:
        written = cursor.execute(statement, parameters).fetchone()
    if written is None:
        raise LookupError(f"There is no ticket {parameters.get('ticket_id')} to join.")
    return written


def _json(value: Any) -> str:
    return json.dumps(value, default=datetime.isoformat, ensure_ascii=False, allow_nan=False)


_PLACE: LiteralString = "geom, address, street, house_number, segment_id, side, along_m, asset_id, zones"
_TICKET: LiteralString = f"""
    city_id, service_id, status, opened_at, latest_at, due_at, matchable, {_PLACE}, district,
    department_id, crew_id, owner, service_area, assigned_why, priority, priority_why, hidden,
    match_keys"""
_REPORT: LiteralString = f"""
    city_id, service_id, channel, language, description, answers, media_urls, contact_id, idempotency_key,
    external_id, requested_at, received_at, due_at, {_PLACE}, postcode, snap_m, place_flags, edition_ids,
    duplicate_score, duplicate_decision, duplicate_reasons, suggestions, hidden"""

_WRITTEN: LiteralString = """
    report.id as report_id, ticket_id, tracking_number, report.service_id, report.address, report.due_at,
    duplicate_decision as decision, duplicate_score as score, duplicate_reasons as reasons,
    work.department_id, work.crew_id, work.assigned_why"""
_ANSWERED: LiteralString = f"""
    select {_WRITTEN}
      from report join ticket as work on work.city_id = report.city_id and work.id = report.ticket_id
     where report.city_id = %(city_id)s::smallint and idempotency_key = %(idempotency_key)s::text
    """  # noqa: S608  (only names of columns)

# What follows the ticket, new or joined, that the first part of a statement calls `work`.
_WRITE_REPORT: LiteralString = f"""
    new_report as (
        insert into report (ticket_id, tracking_number, duplicate_of, {_REPORT})
        select work.id,
               (select number from unnest(%(numbers)s::text[]) as number
                 where not exists (select from report as other
                                    where other.city_id = work.city_id and other.tracking_number = number)
                 limit 1),
               (select min(first.id)
                  from ticket as repeated
                  join report as first on first.city_id = repeated.city_id
                                      and first.ticket_id = coalesce(repeated.merged_into, repeated.id)
                 where repeated.city_id = work.city_id and repeated.id = %(repeats)s::bigint),
               {_REPORT}
          from work
          join jsonb_populate_record(null::report, %(report)s::jsonb) as given using (city_id)
     returning *
    ), happened as (
        insert into timeline (city_id, ticket_id, report_id, at, kind, actor, note, data)
        select new_report.city_id, new_report.ticket_id, new_report.id,
               entry.at, entry.kind, entry.actor, entry.note, entry.data
          from new_report,
               jsonb_populate_recordset(null::timeline, %(entries)s::jsonb) with ordinality as entry
         order by entry.ordinality
    )
    select {_WRITTEN} from new_report as report join work on work.id = report.ticket_id"""  # noqa: S608

_OPEN: LiteralString = f"""
    with work as (
        insert into ticket ({_TICKET})
        select {_TICKET} from jsonb_populate_record(null::ticket, %(ticket)s::jsonb)
     returning city_id, id, department_id, crew_id, assigned_why
    ), {_WRITE_REPORT}"""  # noqa: S608

_JOIN: LiteralString = f"""
    with given as (
        select city_id, requested_at, due_at, hidden
          from jsonb_populate_record(null::report, %(report)s::jsonb)
    ), seen as (
        select city_id, id, open, closed_at from ticket
         where city_id = (select city_id from given)
           and id = (select coalesce(merged_into, id) from ticket
                      where city_id = (select city_id from given) and id = %(ticket_id)s::bigint)
           for update
    ), work as (
        update ticket
           set report_count = report_count + 1,
               opened_at = least(ticket.opened_at, given.requested_at),
               latest_at = greatest(ticket.latest_at, given.requested_at),
               due_at = case when seen.open then least(ticket.due_at, given.due_at) else given.due_at end,
               status = case when seen.open then ticket.status else 'reopened' end,
               outcome = case when seen.open then ticket.outcome end,
               closed_at = null,
               priority = case when ticket.priority_by_hand then ticket.priority
                               else greatest(ticket.priority, %(priority)s::smallint) end,
               priority_why = case when %(priority)s::smallint > ticket.priority and not priority_by_hand
                                   then %(priority_why)s::text else ticket.priority_why end,
               hidden = ticket.hidden and given.hidden,
               version = ticket.version + (not seen.open)::int
          from seen join given using (city_id)
         where ticket.city_id = seen.city_id and ticket.id = seen.id
     returning ticket.city_id, ticket.id, ticket.department_id, ticket.crew_id, ticket.assigned_why,
               seen.open as was_open, seen.closed_at as was_closed_at, given.requested_at as reopened_at
    ), opened_again as (
        update report set closed_at = null, updated_at = now()
          from work
         where report.city_id = work.city_id and report.ticket_id = work.id
           and report.closed_at = work.was_closed_at
    ), reopened as (
        insert into timeline (city_id, ticket_id, at, kind, actor, note)
        select city_id, id, reopened_at, 'reopened', 'system', 'Reported again'
          from work where not was_open
    ), {_WRITE_REPORT}"""  # noqa: S608
