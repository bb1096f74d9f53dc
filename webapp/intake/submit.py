"""The one way in: locate, find what it may repeat, open or join a ticket, assign it, promise a date.

Two round trips: one pipeline that claims the ground, looks for an earlier answer and for candidates, and one
statement that writes everything. The caller commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, Cursor
from sqlalchemy.orm import Session

from geo.duplicates import DECISIONS, JOINED
from layers.models import City
from layers.places import Place
from webapp.db import driver
from webapp.dispatch.priority import Priority
from webapp.intake.claims import cell_claims, claim, key_claim
from webapp.intake.desk import Desk, desk_of
from webapp.intake.draft import Draft
from webapp.intake.judging import judge
from webapp.intake.matching import ON_ITS_WAY, box_around
from webapp.intake.placing import places_of
from webapp.intake.rows import report_row, ticket_row, timeline_rows
from webapp.people import contacts
from webapp.tickets import records
from webapp.tickets.nearby import Candidate, nearby_open
from webapp.tickets.records import Written


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter is told at once."""

    tracking_number: str
    report_id: int
    ticket_id: int
    service_code: str
    address: str | None
    due_at: datetime | None
    department: str
    crew: str | None
    assigned_why: str
    decision: str
    """``none``: a new ticket; ``joined``: one that others reported; ``flagged``: new, staff will compare."""
    score: float | None
    reasons: list[dict[str, Any]]
    repeated: bool
    """Whether this is the answer to an earlier submission with the same idempotency key."""


def submit(session: Session, city: City, draft: Draft, *, now: datetime | None = None) -> Receipt:
    """Make a report of a draft, and open a ticket for it or let it join one. The caller commits.

    A draft with the idempotency key of an earlier one gets that one's answer, also when both come at once.
    Submit once in a transaction: others wait for the ground that it claims.

    Parameters
    ----------
    now
        What our own clock says, where it is not asked.

    Raises
    ------
    DraftError
        Where the place of the draft cannot be used; nothing was written.
    """
    desk = desk_of(session, city)
    service = desk.catalog.service_by_code[draft.service_code]
    service_id = service.id
    places = places_of(desk.atlas, draft, service.street_classes)
    place = places[0]
    now = now or datetime.now(UTC)
    requested_at = _requested_at(draft, now)
    contact_id = contacts.find_or_make(session, city.id, draft.contact) if draft.contact else None
    connection = driver(session)
    earlier, candidates = _ask(connection, desk, place, service_id, requested_at, draft.idempotency_key)
    if earlier is not None:
        return _receipt(desk, earlier, repeated=True)
    judgement = judge(
        desk,
        places,
        service_id,
        requested_at,
        address=draft.address or place.address,
        description=draft.description,
        channel=draft.channel,
        candidates=[each for each in candidates if each.id not in draft.different_from],
        same_as=draft.same_as,
    )
    assignment = desk.assigner.assign(service_id, places, requested_at)
    joins = judgement.likely[0].ticket if judgement.decision == DECISIONS[JOINED] else None
    priority = _priority(desk, draft, place, service_id, joins)
    report = report_row(
        desk,
        draft,
        place,
        judgement,
        priority,
        requested_at=requested_at,
        received_at=now,
        contact_id=contact_id,
    )
    entries = timeline_rows(desk, draft, report, judgement, assignment)
    if joins is not None:
        written = records.join_ticket(
            connection, joins.id, report, entries, priority=(priority.level, priority.why)
        )
    else:
        ticket = ticket_row(desk, report, place, judgement, assignment, priority)
        repeats = judgement.repeats.ticket.id if judgement.repeats else None
        written = records.open_ticket(connection, ticket, report, entries, repeats=repeats)
    return _receipt(desk, written, repeated=False)


def _priority(desk: Desk, draft: Draft, place: Place, service_id: int, joins: Candidate | None) -> Priority:
    """Return how urgent the report's ticket is, counting those that it joins."""
    zones = {layer: hit.id for layer, hit in place.zones.items()}
    reports = 1 + (joins.report_count if joins else 0)
    service_id = joins.service_id if joins else service_id
    return desk.prioritizer.priority(service_id, draft.answers, zones, reports)


def _requested_at(draft: Draft, now: datetime) -> datetime:
    """Return when the report was made: what a clock says that lies is not believed, but the report is."""
    if draft.requested_at is None or draft.requested_at > now:
        return now
    if not draft.imported and draft.requested_at < now - ON_ITS_WAY:
        return now
    return draft.requested_at


def _ask(
    connection: Connection[Any],
    desk: Desk,
    place: Place,
    service_id: int,
    requested_at: datetime,
    idempotency_key: str | None,
) -> tuple[Written | None, list[Candidate]]:
    """Claim, then look for an earlier answer and for candidates, in one round trip.

    Each statement of the pipeline sees what was committed before it began, so what others wrote while this
    one waited for its claims is found.
    """
    city_id, matching = desk.city.id, desk.matching
    claims = [key_claim(city_id, idempotency_key)] if idempotency_key else []
    if place.placed:
        claims += cell_claims(city_id, place.x, place.y, matching.reach_m(service_id))
    earlier: Cursor[Written] | None = None
    candidates: Cursor[Candidate] | None = None
    with connection.pipeline():
        # To plan the question for candidates anew each time takes longer than to answer it.
        connection.execute("set local plan_cache_mode = force_generic_plan")
        claim(connection, claims)
        if idempotency_key:
            earlier = records.answered(connection, city_id, idempotency_key)
        if place.placed:
            candidates = nearby_open(
                connection,
                city_id,
                box_around(desk.atlas, place.x, place.y, matching.reach_m(service_id)),
                matching.related(service_id),
                *matching.span(service_id, requested_at),
            )
    return earlier.fetchone() if earlier else None, candidates.fetchall() if candidates else []


def _receipt(desk: Desk, written: Written, *, repeated: bool) -> Receipt:
    crew = desk.catalog.crews.get(written.crew_id or 0)
    return Receipt(
        tracking_number=written.tracking_number,
        report_id=written.report_id,
        ticket_id=written.ticket_id,
        service_code=desk.catalog.services[written.service_id].code,
        address=written.address,
        due_at=written.due_at,
        department=desk.catalog.departments[written.department_id].name,
        crew=crew.name if crew else None,
        assigned_why=written.assigned_why,
        decision=written.decision,
        score=written.score,
        reasons=written.reasons,
        repeated=repeated,
    )
