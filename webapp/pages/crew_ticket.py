"""One ticket as staff see it: what people wrote, what happened, and what may be done with it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.catalog.deadlines import LEVELS
from webapp.catalog.snapshot import CrewEntry
from webapp.dispatch import by_hand
from webapp.notices import told
from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.crew_choice import may_see
from webapp.pages.language import said
from webapp.pages.thumbnail import thumbnail
from webapp.pages.words import status_words
from webapp.people import contacts
from webapp.people.access import access, roles
from webapp.people.contacts import ContactDetails
from webapp.tickets import asking, lifecycle, moving, photos, queries, updating
from webapp.tickets.queries import TicketRow

blueprint = Blueprint("crew_ticket", __name__)

CONFLICT = 409
INVALID = 422
SIDES = ((None, _l("Photos of the reports")), ("before", _l("Before")), ("after", _l("After")))


@dataclass(frozen=True)
class Typed:
    """What somebody typed into the form of a move that was not made, and why it was not."""

    to: str = ""
    note: str = ""
    details: dict[str, str] = field(default_factory=dict)
    """By state."""
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    crew: str = ""
    materials: list[tuple[str, str]] = field(default_factory=list)
    """What was used, and how many."""
    words: str = ""
    """Of a follow-up."""


@blueprint.get("/crew/<int:ticket_id>")
@access(RULE)
def show(ticket_id: int) -> AnyResponse:
    """Show one ticket, with what may be done with it; of one that was merged, the ticket it joined."""
    row = found(ticket_id)
    if row.merged_into is not None:
        return redirect(url_for("crew_ticket.show", ticket_id=row.merged_into))
    return page(row, Typed())


@blueprint.post("/crew/<int:ticket_id>/priority")
@access(roles("agent", "supervisor"))
def prioritize(ticket_id: int) -> AnyResponse:
    """Say by hand how urgent a ticket is, and why."""
    here, row, form = served(), found(ticket_id), request.form
    level, why = form.get("priority", ""), form.get("why", "")[: by_hand.LONGEST_WHY]
    me, version = current_user._get_current_object(), form.get("version", 0, int)
    try:
        by_hand.set_priority(here.session, here.city, row.id, level, why, by=me, version=version)
    except lifecycle.MoveRefused as refusal:
        return refused(row, Typed(to="priority", details={"priority": level, "why": why}), refusal)
    here.session.commit()
    return redirect(url_for("crew_ticket.show", ticket_id=row.id))


@blueprint.post("/crew/<int:ticket_id>/contacts")
@access(roles("agent", "supervisor"))
def contacts_of(ticket_id: int) -> AnyResponse:
    """Show how to reach those who reported; that they were looked at goes into the audit trail."""
    here, row = served(), found(ticket_id)
    ids = queries.contact_ids(here.session, here.city.id, row.id)
    me = current_user._get_current_object()
    shown = contacts.show(here.session, here.city.id, ids, to=me, of=f"ticket {row.id}")
    here.session.commit()
    return page(row, Typed(), contacts=shown)


def refused(row: TicketRow, typed: Typed, refusal: lifecycle.MoveRefused) -> AnyResponse:
    """Answer with the ticket as it is now, with what was typed and why it was not done."""
    served().session.rollback()
    if isinstance(refusal, lifecycle.Incomplete):
        where = refusal.field if refusal.field in ("note", "crew") else f"detail-{typed.to}"
        return answer_refusal(row, replace(typed, errors={where: said(refusal)}), INVALID)
    if not isinstance(refusal, moving.Overtaken):
        return answer_refusal(row, replace(typed, problem=said(refusal)), INVALID)
    if wants_json():
        now = {"state": status_words(refusal.status), "version": refusal.version}
        told = {"by": refusal.by, "note": refusal.note, "at": refusal.at.isoformat()}
        return make_response(jsonify(message=said(refusal), **now, **told), CONFLICT)
    return page(found(row.id), replace(typed, problem=said(refusal)), CONFLICT)


def answer_refusal(row: TicketRow, typed: Typed, status: int) -> AnyResponse:
    """Answer that something that was typed is missing or wrong."""
    if wants_json():
        message = " ".join([typed.problem, *typed.errors.values()]).strip()
        return make_response(jsonify(message=message), status)
    return page(found(row.id) if typed.problem else row, typed, status)


def wants_json() -> bool:
    """Say whether it is the queue of a phone that sends, not somebody who reads the answer."""
    return request.accept_mimetypes.best == "application/json"


def found(ticket_id: int, *, also_others: bool = False) -> TicketRow:
    """Return a ticket of those that the person works with, or answer that there is none.

    With ``also_others`` it may be anybody's, as one that they gave away.
    """
    here = served()
    row = queries.ticket(here.session, here.city.id, ticket_id) if ticket_id < 2**63 else None
    if row is None or not (also_others or may_see(row)):
        abort(404)
    return row


def page(
    row: TicketRow, typed: Typed, status: int = 200, contacts: list[ContactDetails] | None = None
) -> Response:
    """Answer with the page of a ticket."""
    here = served()
    entries = queries.timeline(here.session, here.city.id, row.id)
    latest = moving.latest_move(entries)
    pictures = photos.photos_of_tickets(here.session, here.city.id, [row.id])
    answer = render_template(
        "crew/ticket.html",
        ticket=row,
        service=here.catalog.services[row.service_id],
        reports=queries.reports_of(here.session, here.city.id, row.id),
        work_orders=updating.work_orders(here.session, here.city.id, row.id),
        timeline=list(reversed(entries)),
        moves={move.to for move in lifecycle.moves_from(row.status, current_user.role)},
        states=lifecycle.STATES,
        levels=LEVELS,
        compares=current_user.role in lifecycle.COMPARERS,
        undoable=latest is not None and moving.may_undo(latest, current_user, datetime.now(UTC)),
        answers=asking.said_of(here.session, here.city.id, row.id) if _was_answered(entries) else [],
        picture=thumbnail(row.lon, row.lat),
        photos=[(words, [each for each in pictures if each.shows == side]) for side, words in SIDES],
        most_photos=photos.MOST_OF_WORK,
        crews=other_crews(row),
        services=here.catalog.active,
        key=secrets.token_urlsafe(12),
        typed=typed,
        contacts=contacts,
        told=_told(row),
    )
    return make_response(answer, status)


def _told(row: TicketRow) -> Sequence[told.ToTell]:
    """Return who is to be told by hand, and what did not arrive, for those who may do something about it."""
    here = served()
    if current_user.role not in lifecycle.COMPARERS:
        return []
    return told.of_ticket(here.session, here.city.id, row.id)


def _was_answered(entries: list[queries.TimelineRow]) -> bool:
    return any(entry.actor == "resident" and entry.kind in ("confirmed", "reopened") for entry in entries)


def other_crews(row: TicketRow) -> list[CrewEntry]:
    """Return the crews that a ticket may be handed over to, by name."""
    crews = served().catalog.crews.values()
    return sorted(
        (crew for crew in crews if not crew.retired and crew.id != row.crew_id), key=lambda crew: crew.name
    )
