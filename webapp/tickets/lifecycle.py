"""A ticket's life: its states, the moves between them, who may make each, and the making of one.

Everything about states is in the tables at the top. A move changes the ticket, its reports and the timeline
in one statement, and only if the ticket is still what the mover saw: of two people moving it, one wins and
the other is told what changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.people.access import Role
from webapp.people.models import Staff
from webapp.tickets.models import CLOSED_STATUSES, OPEN_STATUSES

Party = Literal["resident", "system"]
"""Movers who do not sign in: the one who reported, and Pinward itself."""

OUTCOMES: dict[str, tuple[str, ...]] = {
    "done": ("fixed", "made_safe", "answered", "nothing_found", "not_ours"),
    "declined": ("not_ours", "private_property", "nothing_wrong", "too_little_known", "misuse"),
}
"""How a ticket can end. Reaching one of these states takes one of its outcomes."""

_OPEN = frozenset(OPEN_STATUSES)
_CREW: frozenset[str] = frozenset({"crew", "supervisor", "agent", "administrator"})
_DESK: frozenset[str] = frozenset({"supervisor", "agent", "administrator"})
_NO_CREW = -1


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table of moves."""

    sources: frozenset[str]
    to: str
    who: frozenset[Role | Party] | frozenset[str]
    note: bool = False
    """Whether it takes words that everybody may read, such as what the ticket waits for."""


MOVES: tuple[Move, ...] = (
    Move(_OPEN - {"assigned"}, "assigned", _DESK | {"system"}),
    Move(frozenset({"scheduled", "in_progress", "waiting"}), "assigned", _CREW),
    Move(_OPEN, "scheduled", _CREW),
    Move(_OPEN - {"in_progress"}, "in_progress", _CREW),
    Move(_OPEN - {"waiting"}, "waiting", _CREW, note=True),
    Move(_OPEN, "referred", _DESK | {"system"}, note=True),
    Move(_OPEN, "done", _CREW),
    Move(_OPEN, "declined", _DESK, note=True),
    Move(frozenset({"done"}), "confirmed", _DESK | {"resident", "system"}),
    Move(frozenset({"done"}), "reopened", _CREW | {"resident"}, note=True),
    Move(frozenset({"confirmed", "declined"}), "reopened", _DESK, note=True),
)
"""Every move there is. A ticket that is scheduled or referred may be so again: to another day or party."""


class MoveRefused(ValueError):  # noqa: N818  (a refusal is an answer)
    """A move was not made; the message says why and what to do, in words for the mover."""


class NoSuchTicket(MoveRefused):
    """The city has no ticket of that number."""


class NotAllowed(MoveRefused):
    """The table has no such move, or not for this mover."""


class Incomplete(MoveRefused):
    """Something the move takes is missing; ``field`` is ``note`` or ``outcome``."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


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


def words(status: str) -> str:
    """Return a status as words: ``in progress``."""
    return status.replace("_", " ")


def moves_from(status: str, who: Role | Party | str) -> list[Move]:
    """Return the moves that ``who`` may make with a ticket in ``status``, in the table's order."""
    return [move for move in MOVES if status in move.sources and who in move.who]


def move(
    session: Session,
    city_id: int,
    ticket_id: int,
    to: str,
    *,
    by: Staff | Party,
    version: int,
    note: str = "",
    outcome: str | None = None,
) -> Moved:
    """Move a ticket to another state, with one timeline entry. The caller commits.

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
    outcome
        One of ``OUTCOMES[to]``, for the states that have them.

    Raises
    ------
    Incomplete, NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    note = note.replace("\x00", "").strip()
    who = by.role if isinstance(by, Staff) else by
    rows = [row for row in MOVES if row.to == to and who in row.who]
    if not rows:
        raise NotAllowed(_not_allowed(to, who))
    if rows[0].note and not note:
        raise Incomplete(
            "note", f"Say why in the note before moving a ticket to {words(to)}: people will read it."
        )
    _check_outcome(to, outcome)
    crew_id = by.crew_id or _NO_CREW if isinstance(by, Staff) and by.role == "crew" else None
    values = {
        "city_id": city_id,
        "ticket_id": ticket_id,
        "version": version,
        "sources": sorted(frozenset().union(*(row.sources for row in rows))),
        "crew_id": crew_id,
        "to": to,
        "opens": to in OPEN_STATUSES,
        "outcome": outcome,
        "actor": "staff" if isinstance(by, Staff) else by,
        "staff_id": by.id if isinstance(by, Staff) else None,
        "note": note,
    }
    moved = session.execute(_MOVE, values).one_or_none()
    if moved is None:
        raise _why_not(session, city_id, ticket_id, to, version, who, crew_id)
    return Moved(to, moved.version, moved.at)


_MOVE = text(
    """
    with seen as (
        select id, status, closed_at
          from ticket
         where city_id = :city_id and id = :ticket_id and version = :version
           and status = any(cast(:sources as text[]))
           and (cast(:crew_id as smallint) is null or crew_id = cast(:crew_id as smallint))
           for update
    ), moved as (
        update ticket
           set status = :to,
               outcome = case when :to = 'confirmed' then ticket.outcome else cast(:outcome as text) end,
               closed_at = case when :opens then null else coalesce(ticket.closed_at, now()) end,
               matchable = ticket.matchable or :opens,
               version = ticket.version + 1
          from seen
         where ticket.city_id = :city_id and ticket.id = seen.id
     returning ticket.id, ticket.closed_at, ticket.version,
               seen.status as was, seen.closed_at as was_closed_at
    ), reports as (
        update report
           set updated_at = now(),
               closed_at = case when not :opens then coalesce(report.closed_at, moved.closed_at)
                                when report.closed_at = moved.was_closed_at then null
                                else report.closed_at end
          from moved
         where report.city_id = :city_id and report.ticket_id = moved.id
    ), entry as (
        insert into timeline (city_id, ticket_id, kind, actor, staff_id, note, data)
        select :city_id, id, :to, :actor, cast(:staff_id as bigint), :note,
               jsonb_strip_nulls(jsonb_build_object('from', was, 'outcome', cast(:outcome as text)))
          from moved
    )
    select version, now() as at from moved
    """
)


def _check_outcome(to: str, outcome: str | None) -> None:
    allowed = OUTCOMES.get(to)
    if allowed is None:
        if outcome is not None:
            raise Incomplete("outcome", f"A ticket moved to {words(to)} has no outcome: leave it out.")
    elif outcome not in allowed:
        raise Incomplete(
            "outcome", f"Say how it ended; the outcome is one of {', '.join(map(words, allowed))}."
        )


def _not_allowed(to: str, who: str) -> str:
    if to not in OPEN_STATUSES + CLOSED_STATUSES:
        return f"There is no state {to!r}; the states are {', '.join(OPEN_STATUSES + CLOSED_STATUSES)}."
    article = "an" if who[0] in "ao" else "a"
    if who in get_args(Party):
        return f"Only staff may move a ticket to {words(to)}."
    return f"Somebody signed in as {article} {who} may not move a ticket to {words(to)}: ask a supervisor."


def _why_not(
    session: Session, city_id: int, ticket_id: int, to: str, version: int, who: str, crew_id: int | None
) -> MoveRefused:
    """Look at the ticket as it is now and say why the move found nothing to change."""
    ticket = session.execute(_NOW, {"city_id": city_id, "ticket_id": ticket_id}).one_or_none()
    if ticket is None:
        return NoSuchTicket(f"There is no ticket {ticket_id}.")
    if crew_id is not None and ticket.crew_id != crew_id:
        return NotAllowed("This ticket is another crew's now: ask a supervisor to give it to yours.")
    if ticket.version != version:
        return Overtaken(
            status=ticket.status, version=ticket.version, by=ticket.by, at=ticket.at, note=ticket.note
        )
    return NotAllowed(
        f"A ticket that is {words(ticket.status)} cannot be moved to {words(to)} by this {who}."
    )


_NOW = text(
    """
    select ticket.status, ticket.version, ticket.crew_id,
           coalesce(staff.name, case last.actor when 'resident' then 'The reporter' else 'Pinward' end) as by,
           coalesce(last.at, ticket.opened_at) as at, coalesce(last.note, '') as note
      from ticket
      left join lateral (
           select at, actor, staff_id, note from timeline
            where timeline.city_id = ticket.city_id and timeline.ticket_id = ticket.id
            order by at desc, id desc limit 1) as last on true
      left join staff on staff.city_id = ticket.city_id and staff.id = last.staff_id
     where ticket.city_id = :city_id and ticket.id = :ticket_id
    """
)
