"""For the desk: what a ticket is about, or where, is put right, and whose job it is is decided again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from layers.addresses import find
from webapp.dispatch.correcting import correct
from webapp.pages.context import served
from webapp.pages.crew_choice import may_see
from webapp.pages.language import said
from webapp.pages.places import atlas
from webapp.people.access import access, roles
from webapp.tickets import queries
from webapp.tickets.lifecycle import MoveRefused

blueprint = Blueprint("correct", __name__)
RULE = roles("supervisor", "agent")

REFUSED = 409


@blueprint.get("/crew/<int:ticket_id>/correct")
@access(RULE)
def show(ticket_id: int) -> Response:
    """Show the form: the service, and the address or the spot."""
    return _page(ticket_id)


@blueprint.post("/crew/<int:ticket_id>/correct")
@access(RULE)
def put_right(ticket_id: int) -> AnyResponse:
    """Correct the ticket; who has it now, and why, is on its page."""
    here, form = served(), request.form
    ticket = _ticket(ticket_id)
    service = form.get("service", "")
    spot, problem = _spot(form.get("where", "").strip(), ticket.address or "")
    if problem:
        return _page(ticket_id, problem)
    try:
        correct(
            here.session, here.city, ticket_id,
            by=current_user._get_current_object(),
            version=form.get("version", 0, int),
            service_code=service if service != ticket.service_code else None,
            spot=spot,
            note=form.get("note", ""),
        )  # fmt: skip
    except MoveRefused as refused:
        here.session.rollback()
        return _page(ticket_id, said(refused))
    here.session.commit()
    return redirect(url_for("crew_ticket.show", ticket_id=ticket_id))


def _spot(where: str, before: str) -> tuple[tuple[float, float] | None, str]:
    """Return longitude and latitude of an address, or of ``latitude, longitude``; None: as before."""
    if where in ("", before):
        return None, ""
    numbers = where.replace(",", " ").split()
    try:
        lat, lon = (float(number) for number in numbers)
    except ValueError:
        matches = find(atlas(), where[:200])
        if not matches:
            return None, _("There is no such address on our map. Write it like 12 Main St.")
        return (matches[0].lon, matches[0].lat), ""
    return (lon, lat), ""


def _ticket(ticket_id: int) -> queries.TicketRow:
    here = served()
    ticket = queries.tickets(here.session, here.city.id, [ticket_id]).get(ticket_id)
    if ticket is None or not may_see(ticket):
        abort(404)
    return ticket


def _page(ticket_id: int, problem: str = "") -> Response:
    ticket = _ticket(ticket_id)
    typed: Any = request.form if problem else {"service": ticket.service_code, "where": ticket.address or ""}
    page = render_template(
        "crew/correct.html", ticket=ticket, services=served().catalog.active, typed=typed, problem=problem
    )
    return make_response(page, REFUSED if problem else 200)
