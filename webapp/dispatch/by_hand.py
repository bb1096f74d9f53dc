"""A priority that somebody on the staff sets by hand, with the reason. The caller commits.

From then on rules, further reports and merges leave it alone. It is an entry of the timeline like a move, and
undone like one: see `webapp.tickets.moving.undo`.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.deadlines import LEVELS
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.tickets.lifecycle import COMPARERS, Incomplete, NotAllowed
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.moving import BEFORE, locked

SETTERS = COMPARERS
LONGEST_WHY = 200


def set_priority(
    session: Session, city: City, ticket_id: int, level: str, why: str, *, by: Staff, version: int
) -> None:
    """Make an open ticket more or less urgent. What was promised to its reporters stays promised.

    Parameters
    ----------
    level
        One of `webapp.catalog.deadlines.LEVELS`.
    why
        The reason, in words for everybody.
    version
        The ticket's version that ``by`` saw.

    Raises
    ------
    Incomplete
        No such level (``field`` is ``priority``), or no reason (``why``).
    NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    why = why.replace("\x00", "").strip()[:LONGEST_WHY]
    if by.role not in SETTERS:
        raise NotAllowed(Sentence("How urgent a ticket is, is for the desk to say: ask a supervisor."))
    if level not in LEVELS:
        raise Incomplete("priority", f"Say how urgent it is: one of {', '.join(LEVELS)}.")
    if not why:
        raise Incomplete("why", Sentence("Say why, so that the next one who looks understands."))
    seen = locked(session, city.id, ticket_id, by, version)
    if seen.status not in OPEN_STATUSES:
        raise NotAllowed(Sentence("Only what is still to be done can be urgent: this ticket is closed."))
    values = {
        "city_id": city.id,
        "ticket_id": ticket_id,
        "level": LEVELS.index(level),
        "name": level,
        "why": why,
        "staff_id": by.id,
    }
    session.execute(_SET, values)


_SET = text(
    f"""
    with seen as (
        select id, {BEFORE} as before from ticket where city_id = :city_id and id = :ticket_id
    ), changed as (
        update ticket
           set priority = :level, priority_why = :why, priority_by_hand = true, version = ticket.version + 1
          from seen
         where ticket.city_id = :city_id and ticket.id = seen.id
     returning ticket.id, seen.before
    )
    insert into timeline (city_id, ticket_id, kind, actor, staff_id, data, before)
    select :city_id, id, 'prioritized', 'staff', :staff_id,
           jsonb_build_object('priority', cast(:name as text), 'why', cast(:why as text)), before
      from changed
    """  # noqa: S608  (only names of columns)
)
