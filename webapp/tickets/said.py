"""What people said of reports and tickets, one problem or two, beside all reports as they came.

It is what a city's matching learns from. Never writes or commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import class_row
from sqlalchemy.orm import Session

from webapp.db import driver
from webapp.tickets.models import CLOSED_STATUSES, OPEN_STATUSES
from webapp.tickets.nearby import Candidate
from webapp.tickets.queries import decisions_on_pairs

KINDS = ("staff", "reporter", "left")
"""Who said it; ``left``: the matching, and staff who worked on the ticket afterwards left it so."""


@dataclass(slots=True, kw_only=True)
class Arrival(Candidate):
    """A report, as the ticket that it would have opened when it came."""

    channel: str
    ticket: int
    """The ticket that it opened or joined then."""
    placed: bool
    chosen: bool
    """The reporter said that it repeats this ticket."""
    left: bool
    """It joined the ticket by itself, and staff who worked on the ticket afterwards left it so."""
    different: list[int]
    """Tickets that the reporter said it does not repeat."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's word on a report and a ticket."""

    report: int
    ticket: int
    same: bool
    kind: str
    """One of ``KINDS``."""


def arrivals(session: Session, city_id: int, since: datetime) -> list[Arrival]:
    """Return the reports made since then, in the order of their times."""
    connection: Connection[object] = driver(session)
    with connection.cursor(row_factory=class_row(Arrival)) as cursor:
        moves = list(OPEN_STATUSES + CLOSED_STATUSES)
        return cursor.execute(_ARRIVALS, {"city_id": city_id, "since": since, "moves": moves}).fetchall()


def answers(session: Session, city_id: int, reports: list[Arrival]) -> list[Answer]:
    """Return what was said of reports: by staff where they said anything of a pair, else by the reporter.

    This is where the desk's merging, splitting and keeping apart come in, through `decisions_on_pairs`.
    """
    found = {}
    for each in reports:
        if each.left:
            found[each.id, each.ticket] = Answer(each.id, each.ticket, True, "left")
        if each.chosen:
            found[each.id, each.ticket] = Answer(each.id, each.ticket, True, "reporter")
        for ticket in each.different:
            found[each.id, ticket] = Answer(each.id, ticket, False, "reporter")
    for said in decisions_on_pairs(session, city_id):
        found[said.report, said.ticket] = Answer(said.report, said.ticket, said.same, "staff")
    return list(found.values())


# What the import of another system's reports decided was never seen by anybody: it is no answer.
_ARRIVALS: LiteralString = """
    with came as (
        select distinct on (report_id) report_id, ticket_id, data
          from timeline
         where city_id = %(city_id)s::smallint and report_id is not null and kind in ('received', 'joined')
         order by report_id, id)
    select report.id, report.service_id, extract(epoch from report.requested_at)::float8 as opened,
           extract(epoch from report.requested_at)::float8 as latest,
           extract(epoch from report.closed_at)::float8 as closed,
           st_x(report.geom) as lon, st_y(report.geom) as lat, report.segment_id, report.side, report.along_m,
           report.address, report.asset_id, 1 as report_count, 'new' as status, null as match_keys,
           report.description, report.channel, came.ticket_id as ticket,
           report.duplicate_score is not null as placed,
           report.duplicate_decision = 'joined'
               and report.duplicate_reasons @> '[{"code": "reporter_says"}]' as chosen,
           report.duplicate_decision = 'joined' and report.channel <> 'import' and exists (
               select from timeline as later
                where later.city_id = report.city_id and later.ticket_id = came.ticket_id
                  and later.actor = 'staff' and later.kind = any(%(moves)s)
                  and later.at > report.received_at) as left,
           array(select jsonb_array_elements_text(came.data -> 'different_from')::bigint) as different
      from report join came on came.report_id = report.id
     where report.city_id = %(city_id)s::smallint and report.requested_at >= %(since)s
       and report.geom is not null
     order by report.requested_at, report.id"""
