"""For the desk: possible repeats side by side, to accept or refuse; and reports taken out of a ticket."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.language import said
from webapp.pages.likely import reason_words
from webapp.pages.thumbnail import thumbnail
from webapp.people.access import access, roles
from webapp.tickets import lifecycle, merging, queries
from webapp.tickets.repeats import MOST_COUNTED, possible_repeat

blueprint = Blueprint("repeats", __name__, url_prefix="/desk/repeats")
RULE = roles("agent", "supervisor")

REFUSED = 409


@blueprint.get("")
@access(RULE)
def compare() -> Response:
    """Show the newest pair that waits, or the one after that of ``before``."""
    return _page()


@blueprint.post("")
@access(RULE)
def decide() -> AnyResponse:
    """Merge the pair, or record that it is none; then show the next."""
    here, form, me = served(), request.form, current_user._get_current_object()
    report_id, ticket_id, other_id = (form.get(name, 0, int) for name in ("report", "ticket", "other"))
    try:
        if form.get("same") == "yes":
            merging.merge(
                here.session,
                here.city,
                ticket_id,
                into=other_id,
                by=me,
                version=form.get("version", 0, int),
                into_version=form.get("other_version", 0, int),
            )
            session["merged"] = {"id": ticket_id, "into": other_id}
        else:
            merging.keep_apart(here.session, here.city, report_id, other_id, by=me)
            flash(_("Noted: these are two problems."))
    except lifecycle.MoveRefused as refused:
        here.session.rollback()
        return _page(said(refused), REFUSED)
    here.session.commit()
    return redirect(url_for("repeats.compare", before=form.get("before") or None))


@blueprint.post("/split")
@access(RULE)
def split() -> AnyResponse:
    """Take a merged ticket, or one report, out again."""
    here, form, me = served(), request.form, current_user._get_current_object()
    version = form.get("version", 0, int)
    try:
        if "report" in form:
            left = merging.split_report(
                here.session, here.city, form.get("report", 0, int), by=me, version=version
            )
        else:
            left = form.get("ticket", 0, int)
            merging.split(here.session, here.city, left, by=me, version=version)
    except lifecycle.MoveRefused as refused:
        here.session.rollback()
        return _page(said(refused), REFUSED)
    here.session.commit()
    flash(_("Taken apart: this is a ticket of its own."))
    return redirect(url_for("crew_ticket.show", ticket_id=left))


def _page(problem: str = "", status: int = 200) -> Response:
    here = served()
    pair = possible_repeat(
        here.session,
        here.city.id,
        before=request.values.get("before", None, int),
        department_id=current_user.department_id if current_user.role == "supervisor" else None,
    )
    context: dict[str, Any] = {"problem": problem, "pair": pair, "most": MOST_COUNTED, "merged": _merged()}
    if pair is not None:
        found = queries.tickets(here.session, here.city.id, [pair.ticket_id, pair.other_id])
        reports = queries.reports_of(here.session, here.city.id, pair.ticket_id, pair.other_id)
        mine, other = found[pair.ticket_id], found[pair.other_id]
        context |= {
            "sides": [
                (letter, row, [report for report in reports if report.ticket_id == row.id])
                for letter, row in (("A", mine), ("B", other))
            ],
            "services": here.catalog.services,
            "reasons": [words for reason in pair.reasons if (words := reason_words(reason))],
            "picture": thumbnail(mine.lon, mine.lat, (other.lon, other.lat)),
        }
    return make_response(render_template("desk/repeats.html", **context), status)


def _merged() -> dict[str, int] | None:
    """Return the merge just made, to be taken back: the ticket that ended, and the version of the other."""
    last: dict[str, int] | None = session.pop("merged", None)
    if last is None:
        return None
    here = served()
    kept = queries.ticket(here.session, here.city.id, last["into"])
    return last | {"version": kept.version} if kept else None
