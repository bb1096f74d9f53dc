"""Merges tickets that turn out to be one problem, splits what is not, and remembers both for the matching.

A merge carries the reports with all that hangs on them, and the earliest promise. What both tickets were
before stands in their timelines, so that a split restores exactly that. The caller commits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.tickets.hiding import settle
from webapp.tickets.lifecycle import COMPARERS, NoSuchTicket, NotAllowed
from webapp.tickets.moving import BEFORE, locked


def merge(
    session: Session, city: City, ticket_id: int, *, into: int, by: Staff, version: int, into_version: int
) -> None:
    """Give all reports of a ticket to another, which is the same problem.

    The other keeps its crew and state; one that is closed is open again where the first was. It promises the
    earliest date that either did.

    Parameters
    ----------
    ticket_id, version
        The ticket that ends, and its version that was seen.
    into, into_version
        The ticket that goes on.

    Raises
    ------
    NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    _may_compare(by)
    if ticket_id == into:
        raise NotAllowed(Sentence("A ticket cannot be merged with itself."))
    versions = {ticket_id: version, into: into_version}
    seen = {number: locked(session, city.id, number, by, versions[number]) for number in sorted(versions)}
    if any(row.status == "merged" for row in seen.values()):
        raise NotAllowed(Sentence("One of them was merged already: look at the ticket that has its reports."))
    session.execute(_MERGE, {"city_id": city.id, "gone": ticket_id, "kept": into, "staff_id": by.id})
    settle(session, city.id, [into])


def split(session: Session, city: City, ticket_id: int, *, by: Staff, version: int) -> None:
    """Take a merged ticket out again: both are what they were, as if there had been no merge.

    What happened to the other ticket in between stays with it.

    Parameters
    ----------
    ticket_id
        The ticket that was merged into another.
    version
        Of the ticket that has its reports now.

    Raises
    ------
    NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    _may_compare(by)
    values = {"city_id": city.id, "gone": ticket_id, "staff_id": by.id}
    kept = session.scalar(_MERGED_INTO, values)
    if kept is None:
        raise NoSuchTicket(f"Ticket {ticket_id} is not merged into another.")
    locked(session, city.id, kept, by, version)
    session.execute(_SPLIT, values | {"kept": kept})
    settle(session, city.id, (ticket_id, kept))


def split_report(session: Session, city: City, report_id: int, *, by: Staff, version: int) -> int:
    """Give one of a ticket's reports a ticket of its own, with the same crew; return the new ticket's id.

    Parameters
    ----------
    version
        Of the ticket that it belongs to.

    Raises
    ------
    NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    _may_compare(by)
    values = {"city_id": city.id, "report_id": report_id, "staff_id": by.id}
    ticket_id = session.scalar(_TICKET_OF, values)
    if ticket_id is None:
        raise NoSuchTicket(f"There is no report {report_id}.")
    locked(session, city.id, ticket_id, by, version)
    made: Row[Any] | None = session.execute(_SPLIT_REPORT, values | {"ticket_id": ticket_id}).one_or_none()
    if made is None:
        raise NotAllowed(Sentence("It is the ticket's only report, so there is nothing to take apart."))
    settle(session, city.id, (ticket_id, made.id))
    return int(made.id)


def keep_apart(session: Session, city: City, report_id: int, ticket_id: int, *, by: Staff) -> None:
    """Record that a report that was flagged does not repeat a ticket.

    Raises
    ------
    NotAllowed, NoSuchTicket
        Nothing was written.
    """
    _may_compare(by)
    values = {"city_id": city.id, "report_id": report_id, "ticket_id": ticket_id, "staff_id": by.id}
    if session.execute(_KEEP_APART, values).one_or_none() is None:
        raise NoSuchTicket(f"There is no report {report_id} beside a ticket {ticket_id}.")


def _may_compare(by: Staff) -> None:
    if by.role not in COMPARERS:
        raise NotAllowed(
            Sentence("Whether two tickets are one problem is for the desk to say: ask a supervisor.")
        )


_MERGED_INTO = text("select merged_into from ticket where city_id = :city_id and id = :gone")
_TICKET_OF = text("select ticket_id from report where city_id = :city_id and id = :report_id")

_MERGE = text(
    f"""
    with was as (
        select ticket.*, {BEFORE} as before,
               (select min(id) from report where city_id = :city_id and ticket_id = ticket.id) as opened_by,
               array(select id from report where city_id = :city_id and ticket_id = ticket.id) as reports
          from ticket where city_id = :city_id and id in (:gone, :kept)
    ), gone as (select * from was where id = :gone), kept as (select * from was where id = :kept),
    ended as (
        update ticket
           set status = 'merged', merged_into = :kept, closed_at = coalesce(closed_at, now()), outcome = null,
               waiting_on = null, waiting_since = null, owner = null, scheduled_for = null, matchable = false,
               report_count = 0, version = version + 1
         where city_id = :city_id and id = :gone
    ), goes_on as (
        update ticket
           set report_count = kept.report_count + gone.report_count,
               opened_at = least(kept.opened_at, gone.opened_at),
               latest_at = greatest(kept.latest_at, gone.latest_at),
               due_at = case when kept.open and gone.open then least(kept.due_at, gone.due_at)
                             when gone.open then gone.due_at else kept.due_at end,
               status = case when kept.open or not gone.open then kept.status else 'reopened' end,
               outcome = case when kept.open or not gone.open then kept.outcome end,
               closed_at = case when kept.open or not gone.open then kept.closed_at end,
               priority = case when kept.priority_by_hand then kept.priority
                               else greatest(kept.priority, gone.priority) end,
               priority_why = case when gone.priority > kept.priority and not kept.priority_by_hand
                                   then gone.priority_why else kept.priority_why end,
               priority_by_hand = kept.priority_by_hand
                                  or gone.priority_by_hand and gone.priority > kept.priority,
               matchable = kept.matchable or gone.matchable,
               version = kept.version + 1
          from kept, gone
         where ticket.city_id = :city_id and ticket.id = :kept
     returning ticket.open, ticket.due_at, ticket.version, gone.open and not kept.open as reopened
    ), carried as (
        update report
           set ticket_id = :kept, updated_at = now(),
               closed_at = case when not goes_on.open then report.closed_at
                                when report.closed_at in (kept.closed_at, gone.closed_at) then null
                                else report.closed_at end
          from goes_on, kept, gone
         where report.city_id = :city_id
           and (report.ticket_id = :gone or goes_on.reopened and report.ticket_id = :kept)
    )
    insert into timeline (city_id, ticket_id, report_id, kind, actor, staff_id, data, before)
    select cast(:city_id as smallint), cast(:gone as bigint), cast(null as bigint), 'merged', 'staff',
           cast(:staff_id as bigint), jsonb_build_object('into', cast(:kept as bigint)), before
      from gone
     union all
    select :city_id, :kept, null, 'merged', 'staff', :staff_id,
           jsonb_build_object('merged', gone.id, 'report', gone.opened_by, 'ticket', kept.id,
                              'version', goes_on.version, 'due_at', goes_on.due_at), kept.before
      from kept, gone, goes_on
     union all
    select :city_id, :kept, null, 'reopened', 'system', null, '{{}}', null from goes_on where reopened
     union all
    select :city_id, :kept, report, 'joined', 'staff', :staff_id,
           jsonb_build_object('ticket', gone.id), null
      from gone cross join unnest(gone.reports) as report
    """  # noqa: S608  (only names of columns)
)

# The ticket that went on is what it was, too, where nothing but reports came since; else its state stays,
# and its promise is the earliest to those who are left.
_SPLIT = text(
    """
    with gone as (
        select before -> 'reports' as reports, was.*
          from timeline cross join lateral jsonb_populate_record(null::ticket, before -> 'ticket') as was
         where timeline.city_id = :city_id and ticket_id = :gone and kind = 'merged'
         order by timeline.id desc limit 1
    ), kept as (
        select data, before -> 'reports' as reports, was.*
          from timeline cross join lateral jsonb_populate_record(null::ticket, before -> 'ticket') as was
         where timeline.city_id = :city_id and ticket_id = :kept and kind = 'merged'
           and cast(data ->> 'merged' as bigint) = :gone
         order by timeline.id desc limit 1
    ), now_kept as (
        select version = cast((select data ->> 'version' from kept) as int) as untouched,
               due_at is not distinct from cast((select data ->> 'due_at' from kept) as timestamptz) as as_due
          from ticket where city_id = :city_id and id = :kept
    ), back as (
        select id, due_at, closed_at, true as leaves
          from jsonb_to_recordset((select reports from gone))
               as _ (id bigint, due_at timestamptz, closed_at timestamptz)
         union all
        select id, due_at, closed_at, false
          from jsonb_to_recordset((select reports from kept))
               as _ (id bigint, due_at timestamptz, closed_at timestamptz)
    ), since as (
        select min(due_at) as due_at, max(requested_at) as latest_at, count(*) as count
          from report where city_id = :city_id and ticket_id = :kept and id not in (select id from back)
    ), staying as (
        select min(due_at) filter (where closed_at is null) as due_at
          from report
         where city_id = :city_id and ticket_id = :kept and id not in (select id from back where leaves)
    ), restored as (
        update ticket
           set status = gone.status, outcome = gone.outcome, waiting_on = gone.waiting_on,
               waiting_since = gone.waiting_since, owner = gone.owner, scheduled_for = gone.scheduled_for,
               due_at = gone.due_at, closed_at = gone.closed_at, matchable = gone.matchable,
               report_count = gone.report_count, merged_into = null, version = ticket.version + 1
          from gone where ticket.city_id = :city_id and ticket.id = :gone
    ), goes_on as (
        update ticket
           set status = case when untouched then kept.status else ticket.status end,
               outcome = case when untouched then kept.outcome else ticket.outcome end,
               closed_at = case when untouched then kept.closed_at else ticket.closed_at end,
               matchable = case when untouched then kept.matchable else ticket.matchable end,
               due_at = case when as_due then least(kept.due_at, since.due_at)
                             else coalesce(staying.due_at, ticket.due_at) end,
               priority = case when untouched then coalesce(kept.priority, ticket.priority)
                               else ticket.priority end,
               priority_why = case when untouched then coalesce(kept.priority_why, ticket.priority_why)
                                   else ticket.priority_why end,
               priority_by_hand = case when untouched
                                       then coalesce(kept.priority_by_hand, ticket.priority_by_hand)
                                       else ticket.priority_by_hand end,
               opened_at = kept.opened_at,
               latest_at = greatest(kept.latest_at, since.latest_at),
               report_count = kept.report_count + since.count,
               version = ticket.version + 1
          from kept, now_kept, since, staying
         where ticket.city_id = :city_id and ticket.id = :kept
    ), reports as (
        update report
           set ticket_id = case when leaves then :gone else report.ticket_id end,
               due_at = case when leaves or as_due then back.due_at else report.due_at end,
               closed_at = case when leaves or untouched then back.closed_at else report.closed_at end,
               updated_at = now()
          from back, now_kept
         where report.city_id = :city_id and report.id = back.id
    )
    insert into timeline (city_id, ticket_id, kind, actor, staff_id, data)
    select :city_id, :kept, 'split', 'staff', cast(:staff_id as bigint), data - 'version' - 'due_at' from kept
     union all
    select :city_id, :gone, 'split', 'staff', :staff_id,
           jsonb_build_object('from', cast(:kept as bigint)) from kept
    """
)

_PLACE = "geom, address, street, house_number, segment_id, side, along_m, asset_id, zones"

_SPLIT_REPORT = text(
    f"""
    with mine as (
        select * from report where city_id = :city_id and id = :report_id
    ), others as (
        select min(due_at) filter (where closed_at is null) as due_at, min(requested_at) as opened_at,
               max(requested_at) as latest_at, count(*) as count
          from report where city_id = :city_id and ticket_id = :ticket_id and id <> :report_id
    ), old as (
        select ticket.*, {BEFORE} as before from ticket where city_id = :city_id and id = :ticket_id
    ), made as (
        insert into ticket (city_id, service_id, status, opened_at, latest_at, due_at, matchable,
                            {_PLACE}, district, department_id, crew_id, owner, service_area, assigned_why)
        select mine.city_id, mine.service_id,
               case when old.owner is not null then 'referred' when old.crew_id is null then 'new'
                    else 'assigned' end,
               mine.requested_at, mine.requested_at, mine.due_at, old.geom is not null,
               case when old.geom is not null then mine.geom end, mine.address, mine.street,
               mine.house_number, mine.segment_id, mine.side, mine.along_m, mine.asset_id, mine.zones,
               old.district, old.department_id, old.crew_id, old.owner, old.service_area, old.assigned_why
          from mine, old, others where others.count > 0
     returning id
    ), left_behind as (
        update ticket
           set report_count = others.count, opened_at = others.opened_at, latest_at = others.latest_at,
               match_keys = null,
               due_at = case when ticket.due_at = mine.due_at then coalesce(others.due_at, ticket.due_at)
                             else ticket.due_at end,
               version = ticket.version + 1
          from others, mine, made where ticket.city_id = :city_id and ticket.id = :ticket_id
    ), taken as (
        update report set ticket_id = made.id, closed_at = null, updated_at = now()
          from made where report.city_id = :city_id and report.id = :report_id
    ), told as (
        insert into timeline (city_id, ticket_id, report_id, kind, actor, staff_id, data, before)
        select cast(:city_id as smallint), cast(:ticket_id as bigint), cast(null as bigint), 'split', 'staff',
               cast(:staff_id as bigint),
               jsonb_build_object('report', cast(:report_id as bigint),
                                  'ticket', cast(:ticket_id as bigint), 'made', made.id), old.before
          from made, old
         union all
        select :city_id, made.id, cast(:report_id as bigint), 'split', 'staff', :staff_id,
               jsonb_build_object('from', :ticket_id), null from made
    )
    select id from made
    """  # noqa: S608  (only names of columns)
)

_KEEP_APART = text(
    """
    insert into timeline (city_id, ticket_id, kind, actor, staff_id, data)
    select report.city_id, report.ticket_id, 'different', 'staff', :staff_id,
           jsonb_build_object('report', report.id, 'ticket', other.id)
      from report join ticket as other on other.city_id = report.city_id and other.id = :ticket_id
     where report.city_id = :city_id and report.id = :report_id and report.ticket_id <> other.id
 returning id
    """
)
