"""The queue of tickets that nobody has: shown, with their number, until it is empty."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.dispatch import fallback
from webapp.pages.context import served
from webapp.people.access import access, roles
from webapp.tickets.handing_over import hand_over
from webapp.tickets.lifecycle import MoveRefused

blueprint = Blueprint("unassigned", __name__, url_prefix="/unassigned")
RULE = roles("supervisor", "agent")

REFUSED = 409


@blueprint.get("")
@access(RULE)
def show() -> Response:
    """List the tickets, the longest waiting at the top, each with the reason why nobody has it."""
    return _page()


@blueprint.post("/<int:ticket_id>")
@access(RULE)
def give(ticket_id: int) -> AnyResponse:
    """Give a ticket to a crew."""
    here, form = served(), request.form
    try:
        hand_over(
            here.session, here.city, ticket_id, form.get("crew", 0, int),
            by=current_user._get_current_object(), version=form.get("version", 0, int),
        )  # fmt: skip
    except MoveRefused as problem:
        here.session.rollback()
        return _page(str(problem))
    here.session.commit()
    crew = here.catalog.crews[form.get("crew", 0, int)]
    flash(_("Ticket %(number)d is with %(crew)s now.", number=ticket_id, crew=crew.name))
    return redirect(url_for("unassigned.show"))


def _page(problem: str = "") -> Response:
    here = served()
    departments = None
    if current_user.role == "supervisor" and current_user.department_id is not None:
        departments = [current_user.department_id]
    page = render_template(
        "admin/unassigned.html",
        count=fallback.count(here.session, here.city.id, departments),
        tickets=fallback.waiting(here.session, here.city.id, departments),
        crews=[crew for crew in here.catalog.crews.values() if not crew.retired],
        problem=problem,
    )
    return make_response(page, REFUSED if problem else 200)
