"""Watches promises: notes which tickets are at risk or overdue, and who is told of it.

A step is taken once for each promise of a ticket, however often this runs and however long it did not: what
is due by now and not yet recorded is taken now. The record and the timeline entry are one transaction.

What was late before it came to us, such as the backlog that an import brings, is nobody's news: those steps
are recorded without a word on any timeline, and summed up in one entry of the audit trail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.deadlines import part_way_many
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.watching import Escalation, escalations
from webapp.people import audit
from webapp.people.models import Staff

AT_RISK_SHARE = 0.8
"""Of the promised time."""
STEPS = ("at_risk", "overdue")
"""Taken of every ticket, whether anybody is told or not."""
_AT_ONCE = 10_000
"""Tickets: the steps of an import's whole backlog would be more than the database takes as one JSON."""


def run(session: Session, city: City, *, now: datetime | None = None) -> int:
    """Take every step that is due and was not taken; return of how many it was told. The caller commits.

    A ticket that waits is left alone: the clock of its promise stands still.
    """
    now = now or datetime.now(UTC)
    known = catalog(session, city)
    told, people = escalations(city, known.calendar), _staff_by_email(session, city.id)
    news = late = 0
    for tickets in _watched(session, known, told):
        due = [
            step | {"ticket_id": ticket.id, "due_at": ticket.due_at.isoformat()}
            for ticket, at_risk in zip(tickets, _at_risk(known, tickets), strict=True)
            for step in _steps(ticket, at_risk, known, told, people, now)
        ]
        if due:
            values = {"city_id": city.id, "steps": json.dumps(due, default=datetime.isoformat), "now": now}
            taken: Any = session.execute(_TAKE, values).one()
            news, late = news + taken.told, late + taken.quiet
    if late:
        what = f"{late} tickets that were late when they came"
        audit.record(session, city.id, "late_on_arrival", what, by=None)
    return int(news)


def _watched(session: Session, known: Catalog, told: Sequence[Escalation]) -> Iterator[Sequence[Row[Any]]]:
    """Yield the tickets of which not every step was taken, so many at once."""
    steps = {
        department.id: [*STEPS, *(each.name for each in told if each.department in (None, department.code))]
        for department in known.departments.values()
    }
    values = {"city_id": known.city_id, "steps": json.dumps(steps)}
    options = {"stream_results": True, "max_row_buffer": _AT_ONCE}
    yield from session.execute(_WATCHED, values, execution_options=options).partitions(_AT_ONCE)


def _at_risk(known: Catalog, tickets: Sequence[Row[Any]]) -> list[datetime]:
    """Return when each ticket's promise was, or will be, at risk."""
    begin, end = (
        np.array([getattr(row, name).replace(tzinfo=None) for row in tickets], dtype="datetime64[us]")
        for name in ("opened_at", "due_at")
    )
    business = np.array([known.services[row.service_id].target_clock == "business" for row in tickets])
    moments = part_way_many(np.minimum(begin, end), end, AT_RISK_SHARE, business, known.calendar)
    return [moment.replace(tzinfo=UTC) for moment in moments.astype("datetime64[s]").tolist()]


def _steps(
    ticket: Row[Any],
    at_risk: datetime,
    known: Catalog,
    told: Sequence[Escalation],
    people: dict[str, int],
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """Yield the steps of one ticket that are due and not taken."""
    moments = {"at_risk": at_risk, "overdue": ticket.due_at}
    department = known.departments[ticket.department_id].code
    for step in STEPS:
        if moments[step] <= now and step not in ticket.taken:
            yield {"step": step, "kind": step, "to": [], "moment": moments[step]}
    for each in told:
        since = moments[each.when.replace(" ", "_")]
        if each.department not in (None, department) or each.name in ticket.taken or since > now:
            continue
        moment = each.due(since, known.calendar)
        if moment <= now:
            to = [people[address.lower()] for address in each.to if address.lower() in people]
            yield {"step": each.name, "kind": "escalated", "to": to, "moment": moment}


def _staff_by_email(session: Session, city_id: int) -> dict[str, int]:
    rows = session.execute(
        select(func.lower(Staff.email), Staff.id).where(Staff.city_id == city_id, Staff.disabled_at.is_(None))
    )
    return {email: staff_id for email, staff_id in rows}  # noqa: C416  (rows are not pairs)


_WATCHED = text(
    """
    with department as materialized (
        select cast(key as smallint) as id, array(select jsonb_array_elements_text(value)) as steps
          from jsonb_each(cast(:steps as jsonb))
    )
    select ticket.id, opened_at, due_at, service_id, department_id, taken
      from ticket
      join department on department.id = department_id
     cross join lateral (
           select array(select step from escalation
                         where escalation.city_id = ticket.city_id and escalation.ticket_id = ticket.id
                           and escalation.due_at = ticket.due_at) as taken) as already
     where city_id = :city_id and open and due_at is not null and waiting_since is null
       and not taken @> steps
    """
)

_TAKE = text(
    """
    with step as (
        select * from rows from (jsonb_to_recordset(cast(:steps as jsonb))
            as (ticket_id bigint, due_at timestamptz, step text, kind text, "to" jsonb, moment timestamptz)
        ) with ordinality
    ), taken as (
        insert into escalation (city_id, ticket_id, step, due_at, at)
        select :city_id, ticket_id, step, due_at, :now from step
            on conflict do nothing
     returning ticket_id, step, due_at
    ), came as (
        select ticket_id, (select min(received_at) from report
                            where report.city_id = :city_id and report.ticket_id = late.ticket_id) as at
          from (select distinct ticket_id from taken) as late
    ), news as (
        insert into timeline (city_id, ticket_id, at, kind, actor, data)
        select cast(:city_id as smallint), ticket_id, cast(:now as timestamptz), kind, 'system',
               jsonb_build_object('step', step, 'due_at', due_at, 'to', "to")
          from taken join step using (ticket_id, step, due_at) left join came using (ticket_id)
         where moment >= came.at is not false
         order by ordinality
     returning id
    )
    select (select count(*) from news) as told,
           (select count(distinct ticket_id)
              from taken join step using (ticket_id, step, due_at) join came using (ticket_id)
             where moment < came.at) as quiet
    """
)
