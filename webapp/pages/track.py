"""Follow a report by its tracking number: what happened, who does it, when it will be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices.links import base_url
from webapp.pages.context import served
from webapp.pages.promise import next_steps, range_words
from webapp.pages.qr import qr
from webapp.pages.reporter import is_reporter
from webapp.pages.thumbnail import thumbnail
from webapp.people.access import PUBLIC, access
from webapp.tickets import asking, following, photos, queries
from webapp.tickets.photo_models import Photo
from webapp.tickets.tracking import TrackingNumberError, normalise, spelled

blueprint = Blueprint("track", __name__)

HIDDEN = frozenset(
    {"flagged", "different", "at_risk", "overdue", "escalated", "shown", "hidden", "redacted", "restored"}
)
"""Timeline entries that only staff can make use of."""


@dataclass
class Typed:
    """What somebody has typed into one of the page's forms, and what is wrong with it."""

    form: str = ""
    """Which one: fixed, add or follow."""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


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
    try:
        wanted = normalise(number)
    except TrackingNumberError as problem:
        return _form(number, str(problem))
    if wanted != number:
        return redirect(url_for("track.report", number=wanted))
    found = queries.ticket_by_tracking(served().session, served().city.id, wanted)
    if found is None:
        return _form(
            number, _("No report here has this number. Please compare it with the one you were given.")
        )
    return page(*found, Typed())


def page(mine: queries.ReportRow, ticket: queries.TicketRow, typed: Typed, status: int = 200) -> Response:
    """Answer with the page of one report, and what was typed there."""
    here = served()
    city_id, speaks = here.city.id, is_reporter(mine.id)
    timeline = _visible(city_id, mine, ticket.id)
    address = (
        f"{base_url(current_app.config['PINWARD'])}{url_for('track.report', number=mine.tracking_number)}"
    )
    answer = render_template(
        "track/report.html",
        report=mine,
        ticket=ticket,
        service=here.catalog.services[mine.service_id],
        timeline=timeline,
        photos=_photos(city_id, mine, ticket.id, timeline),
        others=ticket.report_count - 1,
        picture=thumbnail(mine.lon, mine.lat),
        sent="sent" in request.args,
        speaks=speaks,
        asked=asking.asked(here.session, city_id, mine.id, datetime.now(UTC)) if speaks else None,
        hears=following.reporter_hears(here.session, city_id, mine.id) if speaks else None,
        usual=range_words(ticket) if ticket.open else "",
        steps=next_steps(ticket),
        spelled=spelled(mine.tracking_number),
        qr=qr(address, _("QR code of this page"), scale=4),
        most_photos=asking.MOST_AT_ONCE,
        longest_words=asking.LONGEST_WORDS,
        typed=typed,
    )
    return make_response(answer, status)


def _visible(city_id: int, mine: queries.ReportRow, ticket_id: int) -> list[queries.TimelineRow]:
    """Return the timeline as the reporter may read it, newest first: of others only that they reported."""
    rows = queries.timeline(served().session, city_id, ticket_id)
    shown = [row for row in rows if row.kind not in HIDDEN]
    return [row for row in reversed(shown) if row.kind != "joined" or row.report_id != mine.id]


def _photos(
    city_id: int, mine: queries.ReportRow, ticket_id: int, timeline: Sequence[queries.TimelineRow]
) -> dict[int, list[Photo]]:
    """Return the photos of the report, under 0, and those that came with an entry, under its id.

    Of photos that others sent with their reports none is shown.
    """
    found: dict[int, list[Photo]] = {}
    if mine.hidden or not served().catalog.services[mine.service_id].public:
        # A number may be read over a shoulder: photos of these are shown to staff only.
        return found
    # What is written in one transaction has one time.
    entries = {row.at: row.id for row in timeline if row.kind not in ("received", "joined")}
    for photo in photos.photos_of_tickets(served().session, city_id, [ticket_id]):
        if photo.report_id in (None, mine.id):
            found.setdefault(entries.get(photo.added_at, 0), []).append(photo)
    return found


def _form(typed: str = "", error: str = "") -> Response:
    page = render_template("track/find.html", typed=typed, error=error)
    return make_response(page, 404 if error else 200)
