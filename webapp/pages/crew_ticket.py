"""One ticket as staff see it: what people wrote, what happened, and what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.catalog.deadlines import LEVELS
from webapp.dispatch import by_hand
from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.crew_choice import may_see
from webapp.pages.thumbnail import thumbnail
from webapp.pages.words import status_words
from webapp.people import contacts
from webapp.people.access import access, roles
from webapp.people.contacts import ContactDetails
from webapp.tickets import lifecycle, moving, queries
from webapp.tickets.queries import TicketRow

blueprint = Blueprint("crew_ticket", __name__)

CONFLICT = 409
INVALID = 422
LONGEST_NOTE = 5000
STAYS = ("in_progress", "assigned", "reopened")
"""After these moves the ticket's page is shown again; after others the list."""


@dataclass(frozen=True)
class Typed:
    """What somebody typed into the form of a move that was not made, and why it was not."""

    to: str = ""
    note: str = ""
    details: dict[str, str] = field(default_factory=dict)
    """By state."""
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@blueprint.get("/crew/<int:ticket_id>")
@access(RULE)
def show(ticket_id: int) -> AnyResponse:
    """Show one ticket, with what may be done with it; of one that was merged, the ticket it joined."""
    row = _found(ticket_id)
    if row.merged_into is not None:
        return redirect(url_for("crew_ticket.show", ticket_id=row.merged_into))
    return _page(row, Typed())


@blueprint.post("/crew/<int:ticket_id>")
@access(RULE)
def move(ticket_id: int) -> AnyResponse:
    """Move a ticket: start it, finish it, put it aside."""
    here, row, typed = served(), _found(ticket_id), _typed()
    try:
        moved = moving.move(
            here.session,
            here.city,
            row.id,
            typed.to,
            by=current_user._get_current_object(),
            version=request.form.get("version", 0, int),
            note=typed.note,
            detail=typed.details.get(typed.to),
        )
    except lifecycle.MoveRefused as refused:
        return _refused(row, typed, refused)
    here.session.commit()
    if typed.to in STAYS:
        return redirect(url_for("crew_ticket.show", ticket_id=row.id))
    told = f"{row.service}, {row.address or row.id}: {status_words(typed.to)}"
    session["moved"] = {"id": row.id, "version": moved.version, "words": told}
    return redirect(url_for("crew.tickets"))


@blueprint.post("/crew/<int:ticket_id>/undo")
@access(RULE)
def undo(ticket_id: int) -> AnyResponse:
    """Take back the latest move."""
    here, row = served(), _found(ticket_id)
    try:
        moving.undo(
            here.session,
            here.city,
            row.id,
            by=current_user._get_current_object(),
            version=request.form.get("version", 0, int),
        )
    except lifecycle.MoveRefused as refused:
        return _refused(row, Typed(), refused)
    here.session.commit()
    return redirect(url_for("crew_ticket.show", ticket_id=row.id))


@blueprint.post("/crew/<int:ticket_id>/priority")
@access(roles("agent", "supervisor"))
def prioritize(ticket_id: int) -> AnyResponse:
    """Say by hand how urgent a ticket is, and why."""
    here, row, form = served(), _found(ticket_id), request.form
    level, why = form.get("priority", ""), form.get("why", "")[: by_hand.LONGEST_WHY]
    me, version = current_user._get_current_object(), form.get("version", 0, int)
    try:
        by_hand.set_priority(here.session, here.city, row.id, level, why, by=me, version=version)
    except lifecycle.MoveRefused as refused:
        return _refused(row, Typed(to="priority", details={"priority": level, "why": why}), refused)
    here.session.commit()
    return redirect(url_for("crew_ticket.show", ticket_id=row.id))


@blueprint.post("/crew/<int:ticket_id>/contacts")
@access(roles("agent", "supervisor"))
def contacts_of(ticket_id: int) -> AnyResponse:
    """Show how to reach those who reported; that they were looked at goes into the audit trail."""
    here, row = served(), _found(ticket_id)
    ids = queries.contact_ids(here.session, here.city.id, row.id)
    me = current_user._get_current_object()
    found = contacts.show(here.session, here.city.id, ids, to=me, of=f"ticket {row.id}")
    here.session.commit()
    return _page(row, Typed(), contacts=found)


def _typed() -> Typed:
    form = request.form
    details = {
        state: form.get(f"detail-{state}", "")[: moving.LONGEST_DETAIL]
        for state, takes in lifecycle.STATES.items()
        if takes.takes
    }
    return Typed(form.get("to", ""), form.get("note", "")[:LONGEST_NOTE], details)


def _refused(row: TicketRow, typed: Typed, refusal: lifecycle.MoveRefused) -> AnyResponse:
    """Show the ticket as it is now, with what was typed and why it was not done."""
    served().session.rollback()
    if isinstance(refusal, lifecycle.Incomplete):
        where = "note" if refusal.field == "note" else f"detail-{typed.to}"
        return _page(row, replace(typed, errors={where: str(refusal)}), INVALID)
    status = CONFLICT if isinstance(refusal, moving.Overtaken) else INVALID
    return _page(_found(row.id), replace(typed, problem=str(refusal)), status)


def _found(ticket_id: int) -> TicketRow:
    here = served()
    row = queries.ticket(here.session, here.city.id, ticket_id) if ticket_id < 2**63 else None
    if row is None or not may_see(row):
        abort(404)
    return row


def _page(
    row: TicketRow, typed: Typed, status: int = 200, contacts: list[ContactDetails] | None = None
) -> Response:
    here = served()
    entries = queries.timeline(here.session, here.city.id, row.id)
    latest = moving.latest_move(entries)
    page = render_template(
        "crew/ticket.html",
        ticket=row,
        service=here.catalog.services[row.service_id],
        reports=queries.reports_of(here.session, here.city.id, row.id),
        timeline=list(reversed(entries)),
        moves={move.to for move in lifecycle.moves_from(row.status, current_user.role)},
        states=lifecycle.STATES,
        levels=LEVELS,
        compares=current_user.role in lifecycle.COMPARERS,
        undoable=latest is not None and moving.may_undo(latest, current_user, datetime.now(UTC)),
        picture=thumbnail(row.lon, row.lat),
        typed=typed,
        contacts=contacts,
    )
    return make_response(page, status)
