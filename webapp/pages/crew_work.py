"""What a crew does with a ticket, as its form or its phone's queue sends it: moves, photos, materials."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from flask import Blueprint, current_app, jsonify, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.crew_ticket import INVALID, Typed, answer_refusal, found, refused, wants_json
from webapp.pages.language import said
from webapp.pages.words import service_words, status_words
from webapp.people.access import access
from webapp.storage import uploads
from webapp.tickets import lifecycle, moving, photos, pictures, working
from webapp.tickets.queries import TicketRow
from webapp.tickets.working import Material, Work

blueprint = Blueprint("crew_work", __name__)

LONGEST_NOTE = 5000
LONGEST_MATERIAL = 80
LONGEST_KEY = 64
MOST_OF_ONE = Decimal(1_000_000)
STAYS = ("in_progress", "assigned", "reopened", working.REMARK)
"""After these the ticket's page is shown again; after others the list."""


@blueprint.post("/crew/<int:ticket_id>")
@access(RULE)
def work(ticket_id: int) -> AnyResponse:
    """Start it, finish it, put it aside, hand it over or write into it. A phone's queue asks for JSON."""
    here, row, typed = served(), found(ticket_id), read_typed()
    drawn = _drawn(typed)
    materials = read_materials(typed)
    if typed.errors:
        return answer_refusal(row, typed, INVALID)
    told = Work(
        to=typed.to,
        version=request.form.get("version", 0, int),
        note=typed.note,
        detail=typed.details.get(typed.to),
        crew_id=request.form.get("crew", 0, int),
        materials=materials,
        pictures=drawn,
        made_at=_made_at(),
        key=request.form.get("key", "")[:LONGEST_KEY] or None,
    )
    storage = uploads(current_app.config["PINWARD"].kept_in)
    try:
        moved = working.take(
            here.session, here.city, storage, row.id, told, by=current_user._get_current_object()
        )
    except lifecycle.MoveRefused as refusal:
        return refused(row, typed, refusal)
    except pictures.PhotoRefusedError as problem:
        here.session.rollback()
        typed.errors["before"] = _("A photo %(problem)s", problem=said(problem))
        return answer_refusal(row, typed, INVALID)
    here.session.commit()
    if wants_json():
        return jsonify(version=moved.version, status=moved.status, repeated=moved.repeated)
    if typed.to in STAYS:
        return redirect(url_for("crew_ticket.show", ticket_id=row.id))
    session["moved"] = {"id": row.id, "version": moved.version, "words": _done_words(row, typed.to)}
    return redirect(url_for("crew.tickets"))


@blueprint.post("/crew/<int:ticket_id>/undo")
@access(RULE)
def undo(ticket_id: int) -> AnyResponse:
    """Take back the latest move; also giving the ticket to another crew, of which one's own sees no more."""
    here, row = served(), found(ticket_id, also_others=True)
    me = current_user._get_current_object()
    try:
        moving.undo(here.session, here.city, row.id, by=me, version=request.form.get("version", 0, int))
    except lifecycle.MoveRefused as refusal:
        return refused(found(ticket_id), Typed(), refusal)
    here.session.commit()
    return redirect(url_for("crew_ticket.show", ticket_id=row.id))


def _done_words(row: TicketRow, to: str) -> str:
    what = _("handed over") if to == working.HAND_OVER else status_words(to)
    return f"{service_words(row.service_id)}, {row.address or row.id}: {what}"


def read_typed() -> Typed:
    """Return what the form of a move says."""
    form = request.form
    details = {
        state: form.get(f"detail-{state}", "")[: moving.LONGEST_DETAIL]
        for state, takes in lifecycle.STATES.items()
        if takes.takes
    }
    used = [
        (what.replace("\x00", "").strip()[:LONGEST_MATERIAL], amount.strip()[:LONGEST_MATERIAL])
        for what, amount in zip(form.getlist("material"), form.getlist("amount"), strict=False)
    ]
    return Typed(
        form.get("to", ""),
        form.get("note", "")[:LONGEST_NOTE],
        details,
        crew=form.get("crew", ""),
        materials=[row for row in used if any(row)][: working.MOST_MATERIALS],
    )


def read_materials(typed: Typed) -> list[Material]:
    """Return the materials that were typed; what is wrong with one goes to the errors of the form."""
    found_ = []
    for what, amount in typed.materials:
        try:
            number = Decimal(amount.replace(",", ".") or "1")
        except InvalidOperation:
            number = Decimal(0)
        if not what:
            typed.errors["materials"] = _("Say what was used, beside how many.")
        elif not 0 < number <= MOST_OF_ONE:
            typed.errors["materials"] = _("Say how many of %(what)s: a number such as 2 or 0.5.", what=what)
        else:
            found_.append(Material(what, number))
    return found_


def _drawn(typed: Typed) -> list[tuple[photos.Shows, pictures.Picture]]:
    """Return the photos sent along, drawn anew; what is wrong with one goes to the errors of the form."""
    drawn = []
    sides: tuple[photos.Shows, ...] = ("before", "after")
    for shows in sides:
        sent = [file for file in request.files.getlist(shows) if file.filename]
        if len(sent) > photos.MOST_OF_WORK:
            typed.errors[shows] = _("Choose at most %(most)d photos.", most=photos.MOST_OF_WORK)
            continue
        for file in sent:
            try:
                drawn.append((shows, pictures.draw(file.stream)))  # type: ignore[arg-type]
            except pictures.PhotoRefusedError as problem:
                name = (file.filename or "")[-60:]
                typed.errors[shows] = _("%(name)s %(problem)s", name=name, problem=said(problem))
    return drawn


def _made_at() -> datetime | None:
    try:
        moment = datetime.fromisoformat(request.form.get("made_at", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
