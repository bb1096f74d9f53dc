"""Follow a report by its tracking number: what happened, who does it, when it will be done."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.thumbnail import thumbnail
from webapp.people.access import PUBLIC, access
from webapp.tickets import queries
from webapp.tickets.tracking import TrackingNumberError, normalise

blueprint = Blueprint("track", __name__)

HIDDEN = frozenset({"flagged", "different", "at_risk", "overdue", "escalated"})
"""Timeline entries that only staff can make use of."""


@blueprint.get("/track")
@access(PUBLIC)
def find() -> AnyResponse:
    """Ask for a tracking number, or go to the report of the one given."""
    typed = request.args.get("number", "").strip()
    if not typed:
        return _form()
    try:
        number = normalise(typed)
    except TrackingNumberError as problem:
        return _form(typed, str(problem))
    return redirect(url_for("track.report", number=number))


@blueprint.get("/track/<number>")
@access(PUBLIC)
def report(number: str) -> AnyResponse:
    """Show one report and its ticket."""
    here = served()
    try:
        wanted = normalise(number)
    except TrackingNumberError as problem:
        return _form(number, str(problem))
    if wanted != number:
        return redirect(url_for("track.report", number=wanted))
    found = queries.ticket_by_tracking(here.session, here.city.id, wanted)
    if found is None:
        return _form(
            number, _("No report here has this number. Please compare it with the one you were given.")
        )
    mine, ticket = found
    service = here.catalog.services[mine.service_id]
    return make_response(
        render_template(
            "track/report.html",
            report=mine,
            ticket=ticket,
            service=service,
            timeline=_visible(here.city.id, mine, ticket.id),
            others=ticket.report_count - 1,
            picture=thumbnail(mine.lon, mine.lat),
            sent="sent" in request.args,
        )
    )


def _visible(city_id: int, mine: queries.ReportRow, ticket_id: int) -> list[queries.TimelineRow]:
    """Return the timeline as the reporter may read it, newest first: of others only that they reported."""
    rows = queries.timeline(served().session, city_id, ticket_id)
    shown = [row for row in rows if row.kind not in HIDDEN]
    return [row for row in reversed(shown) if row.kind != "joined" or row.report_id != mine.id]


def _form(typed: str = "", error: str = "") -> Response:
    page = render_template("track/find.html", typed=typed, error=error)
    return make_response(page, 404 if error else 200)
