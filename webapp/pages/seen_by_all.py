"""What others see of a ticket: staff show and hide reports, take words and photos out, and put them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.intake import heeding
from webapp.pages.context import audited, served
from webapp.pages.crew_choice import may_see
from webapp.pages.language import said
from webapp.people.access import access, roles
from webapp.storage import Storage, uploads
from webapp.tickets import hiding, lifecycle, photos, pictures, queries, redaction
from webapp.tickets.queries import TicketRow

blueprint = Blueprint("seen_by_all", __name__)

DESK = roles("agent", "supervisor")
READERS = roles("agent", "supervisor", "auditor")
ORIGINALS = ("administrator", "auditor")
"""Who sees what was taken out."""
INVALID = 422
LONGEST_WORDS = 2000


@dataclass(frozen=True)
class Wrong:
    """What was typed into one of the page's forms, and what is wrong with it."""

    form: str = ""
    words: str = ""
    why: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@blueprint.get("/checking")
@access(DESK)
def queue() -> str:
    """List the reports that nobody but staff sees until somebody has looked at them."""
    here = served()
    waiting = hiding.unchecked(here.session, here.city.id)
    pictures_of = photos.photos_of(here.session, here.city.id, [each.id for each in waiting])
    return render_template(
        "desk/checking.html",
        reports=waiting,
        photos=pictures_of,
        count=hiding.count_unchecked(here.session, here.city.id),
        heed={each.id: heeding.personal(each.description) for each in waiting},
    )


@blueprint.post("/checking/<int:report_id>")
@access(DESK)
def decide(report_id: int) -> AnyResponse:
    """Show a report to everybody, or keep it to staff."""
    here, shows = served(), request.form.get("do") == "show"
    try:
        do = hiding.show if shows else hiding.hide
        ticket_id = do(here.session, here.city, report_id, by=current_user._get_current_object())
    except lifecycle.MoveRefused:
        here.session.rollback()
        abort(404)
    here.session.commit()
    flash(_("Everybody sees the report now.") if shows else _("Only staff see the report now."))
    if request.form.get("from") == "ticket":
        return redirect(url_for("seen_by_all.show", ticket_id=ticket_id))
    return redirect(url_for("seen_by_all.queue"))


@blueprint.get("/crew/<int:ticket_id>/seen")
@access(READERS)
def show(ticket_id: int) -> Response:
    """Show what others see of a ticket, with ways to change it, and what was taken out by whom."""
    return _page(_found(ticket_id))


@blueprint.post("/crew/<int:ticket_id>/redact")
@access(DESK)
def redact(ticket_id: int) -> AnyResponse:
    """Take words out of a report or a note, or a part of a photo, or all of it."""
    row, form = _found(ticket_id), request.form
    what, _colon, number = form.get("what", "").partition(":")
    if number not in _things(row, what):
        abort(404)
    if what == "photo":
        return _try(row, lambda: _redact_photo(row, number))
    here, by = served(), current_user._get_current_object()
    words = form.get("words", "")[:LONGEST_WORDS].splitlines()
    do = redaction.redact_description if what == "description" else redaction.redact_note
    return _try(row, lambda: do(here.session, here.city.id, int(number), words, form.get("why", ""), by=by))


@blueprint.post("/crew/<int:ticket_id>/redact/<int:redaction_id>/undo")
@access(DESK)
def undo(ticket_id: int, redaction_id: int) -> AnyResponse:
    """Put back what was taken out."""
    row, here, by = _found(ticket_id), served(), current_user._get_current_object()
    if redaction_id not in {each.id for each in redaction.history(here.session, here.city.id, [row.id])}:
        abort(404)
    return _try(row, lambda: redaction.undo(here.session, here.city.id, redaction_id, by=by))


@blueprint.get("/redactions/<int:redaction_id>.jpg")
@access(roles("auditor"))
def original(redaction_id: int) -> Response:
    """Answer a photo as it was before it was redacted; that somebody looked goes into the audit trail."""
    here = served()
    name = redaction.original_photo(here.session, here.city.id, redaction_id)
    content = photos.read_photo(_storage(), here.city.id, name, "large") if name else None
    if content is None:
        abort(404)
    _note_seen(f"redaction {redaction_id}")
    answer = make_response(content)
    answer.mimetype = "image/jpeg"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _redact_photo(row: TicketRow, name: str) -> None:
    here, form = served(), request.form
    boxes = [] if form.get("do") == "remove" else [_box()]
    redaction.redact_photo(
        here.session, _storage(), here.city.id, row.id, name, boxes, form.get("why", ""),
        by=current_user._get_current_object(),
    )  # fmt: skip


def _things(row: TicketRow, what: str) -> set[str]:
    """Return what of a ticket can be redacted: its reports, the notes of its timeline, or its photos."""
    here = served()
    if what == "photo":
        return {photo.name for photo in photos.photos_of_tickets(here.session, here.city.id, [row.id])}
    if what == "note":
        return {str(entry.id) for entry in queries.timeline(here.session, here.city.id, row.id)}
    return {str(report.id) for report in queries.reports_of(here.session, here.city.id, row.id)}


def _box() -> pictures.Box:
    """Return the part of the photo that the form names, in per cent."""
    left, top, width, height = (request.form.get(name, 0.0, float) / 100 for name in ("x", "y", "w", "h"))
    inside = 0 <= left < 1 and 0 <= top < 1 and 0 < width <= 1 and 0 < height <= 1
    if not inside:
        raise lifecycle.Incomplete("box", _("Say which part: four numbers from 0 to 100 per cent."))
    return left, top, width, height


def _try(row: TicketRow, do: Callable[[], object]) -> AnyResponse:
    here, form = served(), request.form
    try:
        do()
    except lifecycle.MoveRefused as refusal:
        here.session.rollback()
        name = refusal.field if isinstance(refusal, lifecycle.Incomplete) else "form"
        typed = form.get("words", "")[:LONGEST_WORDS], form.get("why", "")
        return _page(row, Wrong(form.get("what", ""), *typed, {name: said(refusal)}), INVALID)
    here.session.commit()
    return redirect(url_for("seen_by_all.show", ticket_id=row.id))


def _found(ticket_id: int) -> TicketRow:
    here = served()
    row = queries.ticket(here.session, here.city.id, ticket_id) if ticket_id < 2**63 else None
    if row is None or not (current_user.role == "auditor" or may_see(row)):
        abort(404)
    return row


def _page(row: TicketRow, wrong: Wrong | None = None, status: int = 200) -> Response:
    here = served()
    made = redaction.history(here.session, here.city.id, [row.id])
    may_read = current_user.role in ORIGINALS
    if may_read and made:
        _note_seen(f"ticket {row.id}")
    reports = queries.reports_of(here.session, here.city.id, row.id)
    entries = queries.timeline(here.session, here.city.id, row.id)
    page = render_template(
        "desk/seen.html",
        ticket=row,
        reports=reports,
        notes=[entry for entry in entries if entry.note and entry.actor in ("resident", "staff")],
        photos=photos.photos_of_tickets(here.session, here.city.id, [row.id]),
        history=made,
        may_read=may_read,
        may_change=current_user.role in lifecycle.COMPARERS,
        found={each.id: heeding.found(each.description) for each in reports},
        wrong=wrong or Wrong(),
        longest_why=redaction.LONGEST_WHY,
    )
    return make_response(page, status)


def _note_seen(of: str) -> None:
    audited("original_seen", of)
    served().session.commit()


def _storage() -> Storage:
    return uploads(current_app.config["PINWARD"].kept_in)
