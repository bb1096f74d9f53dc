"""Gives open tickets to other crews. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import CrewEntry
from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.tickets.lifecycle import HANDERS, Incomplete, NotAllowed, words
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.moving import Moved, locked, plain, write_move


def hand_over(
    session: Session,
    city: City,
    ticket_id: int,
    crew_id: int,
    *,
    by: Staff,
    version: int,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Moved:
    """Give an open ticket to another crew, where it is work to be begun, with one timeline entry.

    Somebody of role crew hands over tickets of their own crew only. Like a move, it can be undone.

    Raises
    ------
    Incomplete, NotAllowed, NoSuchTicket, Overtaken
        Nothing was written.
    """
    note, known = plain(note), catalog(session, city)
    crew = known.crews.get(crew_id)
    if by.role not in HANDERS:
        raise NotAllowed(f"Somebody signed in as {by.role} gives no ticket to a crew: ask a supervisor.")
    if crew is None or crew.retired:
        raise Incomplete("crew", Sentence("Choose the crew that is to do it."))
    seen = locked(session, city.id, ticket_id, by, version)
    if seen.status not in OPEN_STATUSES:
        raise NotAllowed(f"A ticket that is {words(seen.status)} is not handed over: open it again first.")
    if seen.crew_id == crew.id:
        raise NotAllowed(Sentence("%(crew)s has it already.", crew=crew.name))
    was = known.crews.get(seen.crew_id or 0)
    whose = {"department": known.departments[crew.department_id].code, "crew": crew.code}
    return write_move(
        session, city, ticket_id, seen, "assigned", by=by, note=note, detail=None,
        data={**(data or {}), **whose, "from_crew": was.code if was else None}, key=key,
        crew=crew, crew_why=_why(crew, by, note),
    )  # fmt: skip


def _why(crew: CrewEntry, by: Staff, note: str) -> str:
    """Return the reason for a crew in words that everybody may read: nobody's name."""
    giver = {"crew": "Another crew", "agent": "The desk"}.get(by.role, "A supervisor")
    return f"{giver} gave it to {crew.name}" + (f": {note}" if note else "")
