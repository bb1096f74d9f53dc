"""Moves tickets from state to state, and undoes a move. The caller commits.

A move changes the ticket, its reports and the timeline together, and only if the ticket is still what the
mover saw: of two people moving it, one wins and the other is told what changed. What was before stands in the
timeline entry, so that the move can be undone; undoing is an entry of its own, and erases none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.deadlines import resumed
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import CrewEntry
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.tickets.lifecycle import (
    UNDO_WITHIN,
    MoveRefused,
    NoSuchTicket,
    NotAllowed,
    Party,
    check_request,
    check_source,
    words,
)
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.queries import TimelineRow, timeline

LONGEST_DETAIL = 200
_ENDS_UNDOING = frozenset({"undone", "reopened", "merged", "split"})
"""Besides moves: after these entries, no move before them is undone. Reopening by staff is itself a move."""


class Overtaken(MoveRefused):
    """Somebody else moved the ticket first. What they did is in the attributes; nothing was written."""

    def __init__(self, *, status: str, version: int, by: str, at: datetime, note: str) -> None:
        super().__init__(
            f"{by} moved this ticket to {words(status)} at {at:%Y-%m-%d %H:%M} UTC, before you. "
            "Your words are kept here: look at the ticket as it is now, then decide again."
        )
        self.status = status
        self.version = version
        self.by = by
        self.at = at
        self.note = note


@dataclass(frozen=True, slots=True)
class Moved:
    """A ticket after a move."""

    status: str
    version: int
    at: datetime
    repeated: bool = False
    """Whether it had been made already, when it was sent before with the same key."""


def move(
    session: Session,
    city: City,
    ticket_id: int,
    to: str,
    *,
    by: Staff | Party,
    version: int,
    note: str = "",
    detail: str | None = None,
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Moved:
    """Move a ticket to another state, with one timeline entry.

    A ticket that no longer waits is due later by the time for which it waited; so is what each of its
    reporters was promised.

    Parameters
    ----------
    to
        The state to move to.
    by
        The person signed in, or ``"resident"`` or ``"system"``. Somebody of role crew moves only the tickets
        of their own crew.
    version
        The ticket's version that the mover saw.
    note
        Words for everybody to read.
    detail
        What the state takes, such as the outcome: see `webapp.tickets.lifecycle.STATES`.
    data
        What else the entry keeps.
    key
        By which `made_before` knows the move.

    Raises
    ------
    Incomplete, NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    note = plain(note)
    detail = detail.replace("\x00", "").strip()[:LONGEST_DETAIL] if detail else detail
    check_request(to, _role(by), note, detail)
    seen = locked(session, city.id, ticket_id, by, version)
    check_source(seen.status, to, _role(by))
    return write_move(session, city, ticket_id, seen, to, by=by, note=note, detail=detail, data=data, key=key)


def write_move(
    session: Session,
    city: City,
    ticket_id: int,
    seen: Row[Any],
    to: str,
    *,
    by: Staff | Party,
    note: str,
    detail: str | None,
    data: Mapping[str, Any] | None,
    key: str | None,
    crew: CrewEntry | None = None,
    crew_why: str | None = None,
) -> Moved:
    """Write a move of a ticket that was found `locked` and the move right.

    With ``crew`` the ticket is that one's from now on, for the reason ``crew_why``.
    """
    values = {
        "city_id": city.id,
        "ticket_id": ticket_id,
        "to": to,
        "opens": to in OPEN_STATUSES,
        "detail": detail,
        "promises": json.dumps(_resumed_promises(session, city, seen), default=datetime.isoformat),
        "actor": "staff" if isinstance(by, Staff) else by,
        "staff_id": by.id if isinstance(by, Staff) else None,
        "note": note,
        "data": json.dumps(data or {}),
        "key": key,
        "crew_id": crew.id if crew else None,
        "department_id": crew.department_id if crew else None,
        "why": crew_why,
    }
    moved = session.execute(_MOVE, values).one()
    return Moved(to, moved.version, moved.at)


def plain(note: str) -> str:
    """Return words as they are kept."""
    return note.replace("\x00", "").strip()


def undo(session: Session, city: City, ticket_id: int, *, by: Staff, version: int) -> Moved:
    """Take back the latest move of a ticket, with one timeline entry.

    One's own move may be undone, and that of one's crew by a supervisor, an agent or an administrator, for
    `webapp.tickets.lifecycle.UNDO_WITHIN`.

    Raises
    ------
    NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    last = latest_move(timeline(session, city.id, ticket_id))
    # Who gave a ticket away may take it back, though it is another crew's now.
    own = last is not None and last.staff_id == by.id
    locked(session, city.id, ticket_id, "system" if own else by, version)
    if last is None or not may_undo(last, by, datetime.now(UTC)):
        minutes = int(UNDO_WITHIN.total_seconds() // 60)
        raise NotAllowed(
            Sentence(
                "Only the latest move can be undone, by who made it or a supervisor, "
                "within %(minutes)d minutes: make the move that you want instead.",
                minutes=minutes,
            )
        )
    values = {"city_id": city.id, "ticket_id": ticket_id, "entry": last.id, "staff_id": by.id}
    undone = session.execute(_UNDO, values).one()
    return Moved(undone.status, undone.version, undone.at)


def latest_move(entries: Sequence[TimelineRow]) -> TimelineRow | None:
    """Return the latest entry of a timeline, oldest first, that changed the ticket's state."""
    return next((row for row in reversed(entries) if row.restores or row.kind in _ENDS_UNDOING), None)


def may_undo(last: TimelineRow, by: Staff, now: datetime) -> bool:
    """Say whether somebody may take back a ticket's latest move."""
    if not last.restores or last.kind in _ENDS_UNDOING - {"reopened"} or last.at < now - UNDO_WITHIN:
        return False
    return last.staff_id == by.id or by.role in ("supervisor", "agent", "administrator")


def locked(session: Session, city_id: int, ticket_id: int, by: Staff | Party, version: int) -> Row[Any]:
    """Lock a ticket that is still what ``by`` saw, and return what a change of it needs to know.

    Raises
    ------
    NoSuchTicket, NotAllowed, Overtaken
        It is not there, another crew's, or was changed since.
    """
    seen = session.execute(_SEEN, {"city_id": city_id, "ticket_id": ticket_id}).one_or_none()
    if seen is None:
        raise NoSuchTicket(Sentence("There is no ticket %(number)d.", number=ticket_id))
    if _role(by) == "crew" and (seen.crew_id is None or seen.crew_id != by.crew_id):  # type: ignore[union-attr]
        raise NotAllowed(Sentence("This ticket is another crew's now: ask a supervisor to give it to yours."))
    if seen.version != version:
        last = session.execute(_WHO_WAS_FIRST, {"city_id": city_id, "ticket_id": ticket_id}).one()
        raise Overtaken(
            status=seen.status, version=seen.version, by=last.by, at=last.at, note=last.note or ""
        )
    return seen


def _role(by: Staff | Party) -> str:
    return by.role if isinstance(by, Staff) else by


def _resumed_promises(session: Session, city: City, seen: Row[Any]) -> list[dict[str, datetime]]:
    """Return each date promised, as it was and as it is, of a ticket that no longer waits."""
    if seen.waiting_since is None:
        return []
    calendar, now = catalog(session, city).calendar, seen.now
    return [
        {"was": due, "is": resumed(due, seen.waiting_since, now, seen.clock, calendar)}
        for due in seen.promises
    ]


_SEEN = text(
    """
    select ticket.status, ticket.version, ticket.crew_id, ticket.waiting_since, service.target_clock as clock,
           now() as now,
           array(select due_at from report
                  where report.city_id = ticket.city_id and report.ticket_id = ticket.id
                    and due_at is not null
                  union select ticket.due_at where ticket.due_at is not null) as promises
      from ticket join service on service.city_id = ticket.city_id and service.id = ticket.service_id
     where ticket.city_id = :city_id and ticket.id = :ticket_id
       for update of ticket
    """
)

BEFORE = """
    jsonb_build_object(
        'ticket', jsonb_build_object(
            'status', ticket.status, 'outcome', ticket.outcome, 'waiting_on', ticket.waiting_on,
            'waiting_since', ticket.waiting_since, 'owner', ticket.owner,
            'scheduled_for', ticket.scheduled_for, 'due_at', ticket.due_at, 'closed_at', ticket.closed_at,
            'matchable', ticket.matchable, 'priority', ticket.priority,
            'priority_why', ticket.priority_why, 'priority_by_hand', ticket.priority_by_hand,
            'opened_at', ticket.opened_at, 'latest_at', ticket.latest_at,
            'report_count', ticket.report_count, 'crew_id', ticket.crew_id,
            'department_id', ticket.department_id, 'service_area', ticket.service_area,
            'assigned_why', ticket.assigned_why),
        'reports', (
            select jsonb_agg(jsonb_build_object('id', id, 'due_at', due_at, 'closed_at', closed_at))
              from report where report.city_id = ticket.city_id and report.ticket_id = ticket.id))"""
"""SQL: what a row ``ticket`` and its reports are, for the column ``timeline.before``."""

_MOVE = text(
    f"""
    with promises as (
        select was, "is"
          from jsonb_to_recordset(cast(:promises as jsonb)) as _ (was timestamptz, "is" timestamptz)
    ), seen as (
        select id, status, closed_at, {BEFORE} as before
          from ticket where city_id = :city_id and id = :ticket_id
    ), moved as (
        update ticket
           set status = :to,
               outcome = case when :to in ('done', 'declined') then cast(:detail as text)
                              when :to = 'confirmed' then ticket.outcome end,
               waiting_on = case :to when 'waiting' then cast(:detail as text) end,
               waiting_since = case :to when 'waiting' then now() end,
               owner = case :to when 'referred' then cast(:detail as text) end,
               scheduled_for = case :to when 'scheduled' then cast(cast(:detail as text) as date) end,
               due_at = coalesce((select "is" from promises where was = ticket.due_at), ticket.due_at),
               closed_at = case when :opens then null else coalesce(ticket.closed_at, now()) end,
               matchable = ticket.matchable or :opens,
               crew_id = coalesce(cast(:crew_id as smallint), ticket.crew_id),
               department_id = coalesce(cast(:department_id as smallint), ticket.department_id),
               service_area = case when cast(:crew_id as smallint) is null then ticket.service_area end,
               assigned_why = coalesce(cast(:why as text), ticket.assigned_why),
               version = ticket.version + 1
          from seen
         where ticket.city_id = :city_id and ticket.id = seen.id
     returning ticket.id, ticket.closed_at, ticket.version,
               seen.status as was, seen.closed_at as was_closed_at, seen.before
    ), reports as (
        update report
           set updated_at = now(),
               due_at = coalesce((select "is" from promises where was = report.due_at), report.due_at),
               closed_at = case when not :opens then coalesce(report.closed_at, moved.closed_at)
                                when report.closed_at = moved.was_closed_at then null
                                else report.closed_at end
          from moved
         where report.city_id = :city_id and report.ticket_id = moved.id
    ), entry as (
        insert into timeline (city_id, ticket_id, kind, actor, staff_id, note, data, before, idempotency_key)
        select :city_id, id, :to, :actor, cast(:staff_id as bigint), :note,
               jsonb_strip_nulls(cast(:data as jsonb) || jsonb_build_object(
                   'from', was, 'detail', cast(:detail as text),
                   'version', case when cast(:key as text) is not null then version end)),
               before, cast(:key as text)
          from moved
    )
    select version, now() as at from moved
    """  # noqa: S608  (only names of columns)
)

# A report that came since keeps its own promise, and the ticket the earliest. What came before hand-overs
# were known says nothing of the crew.
_UNDO = text(
    """
    with entry as (
        select timeline.kind, timeline.before -> 'reports' as reports, was.*,
               jsonb_exists(timeline.before -> 'ticket', 'crew_id') as had_crew
          from timeline
         cross join lateral jsonb_populate_record(null::ticket, timeline.before -> 'ticket') as was
         where timeline.city_id = :city_id and timeline.id = :entry
    ), was as (
        select id, due_at, closed_at from jsonb_to_recordset((select reports from entry))
            as _ (id bigint, due_at timestamptz, closed_at timestamptz)
    ), undone as (
        update ticket
           set status = entry.status, outcome = entry.outcome, waiting_on = entry.waiting_on,
               waiting_since = entry.waiting_since, owner = entry.owner, scheduled_for = entry.scheduled_for,
               priority = case when entry.kind = 'prioritized' then entry.priority else ticket.priority end,
               priority_why = case when entry.kind = 'prioritized' then entry.priority_why
                                   else ticket.priority_why end,
               priority_by_hand = case when entry.kind = 'prioritized' then entry.priority_by_hand
                                       else ticket.priority_by_hand end,
               due_at = least(entry.due_at, (
                   select min(report.due_at) from report
                    where report.city_id = :city_id and report.ticket_id = :ticket_id
                      and report.id not in (select id from was))),
               closed_at = entry.closed_at, matchable = entry.matchable, version = ticket.version + 1,
               crew_id = case when had_crew then entry.crew_id else ticket.crew_id end,
               department_id = coalesce(entry.department_id, ticket.department_id),
               service_area = case when had_crew then entry.service_area else ticket.service_area end,
               assigned_why = coalesce(entry.assigned_why, ticket.assigned_why)
          from entry
         where ticket.city_id = :city_id and ticket.id = :ticket_id
     returning ticket.status, ticket.version, entry.kind
    ), reports as (
        update report set due_at = was.due_at, closed_at = was.closed_at, updated_at = now()
          from was where report.city_id = :city_id and report.id = was.id
    ), told as (
        insert into timeline (city_id, ticket_id, kind, actor, staff_id, data)
        select :city_id, :ticket_id, 'undone', 'staff', :staff_id,
               jsonb_build_object('undoes', cast(:entry as bigint), 'from', kind, 'to', status)
          from undone
    )
    select status, version, now() as at from undone
    """
)

_WHO_WAS_FIRST = text(
    """
    select coalesce(staff.name, case last.actor when 'resident' then 'The reporter'
                                                when 'program' then 'Another system'
                                                else 'Pinward' end) as by,
           coalesce(last.at, ticket.opened_at) as at, last.note
      from ticket
      left join lateral (
           select at, actor, staff_id, note from timeline
            where timeline.city_id = ticket.city_id and timeline.ticket_id = ticket.id
            order by at desc, id desc limit 1) as last on true
      left join staff on staff.city_id = ticket.city_id and staff.id = last.staff_id
     where ticket.city_id = :city_id and ticket.id = :ticket_id
    """
)
