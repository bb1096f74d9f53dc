"""Further work that a crew finds on a spot: a report of their own, with tickets that name each other."""

from __future__ import annotations

import re

from flask import Blueprint, flash, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.intake.draft import LONGEST_DESCRIPTION, Draft, DraftError
from webapp.intake.submit import submit
from webapp.intake.words import plain_text
from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.crew_ticket import INVALID, Typed, found, page, wants_json
from webapp.people.access import access
from webapp.tickets.queries import TicketRow
from webapp.tickets.working import link_follow_up

blueprint = Blueprint("crew_follow_up", __name__)

CHANNEL = "crew"


@blueprint.post("/crew/<int:ticket_id>/follow-up")
@access(RULE)
def follow_up(ticket_id: int) -> AnyResponse:
    """Report what else is to be done there."""
    here, row, form = served(), found(ticket_id), request.form
    service = here.catalog.service_by_code.get(form.get("service", ""))
    words = plain_text(form.get("words", ""))[:LONGEST_DESCRIPTION]
    if service is None or not service.active:
        return _refused(row, words, _("Choose what is to be done."))
    # The questions are for residents: a crew says in words what the next one needs.
    draft = Draft(
        service_code=service.code,
        lon=row.lon,
        lat=row.lat,
        address=row.address or "",
        description=words,
        channel=CHANNEL,
        # Of two people with one key, neither gets the other's answer.
        idempotency_key=f"{CHANNEL}.{current_user.id}.{_key()}" if _key() else None,
        different_from=[row.id],
    )
    try:
        receipt = submit(here.session, here.city, draft)
    except DraftError as error:
        return _refused(row, words, " ".join(problem.message for problem in error.problems))
    if not receipt.repeated:
        me = current_user._get_current_object()
        link_follow_up(here.session, here.city.id, row.id, receipt.ticket_id, by=me)
    here.session.commit()
    if wants_json():
        return jsonify(ticket=receipt.ticket_id, repeated=receipt.repeated)
    flash(_("Reported: ticket %(number)d follows this one.", number=receipt.ticket_id))
    return redirect(url_for("crew_ticket.show", ticket_id=row.id))


def _key() -> str:
    """Return the form's key, of what a key may consist of."""
    return re.sub(r"[^A-Za-z0-9_-]", "", request.form.get("key", ""))[:64]


def _refused(row: TicketRow, words: str, problem: str) -> AnyResponse:
    served().session.rollback()
    if wants_json():
        return make_response(jsonify(message=problem), INVALID)
    return page(row, Typed(to="follow_up", errors={"service": problem}, words=words), INVALID)
