"""``/desk/told``: whom to call and whom to write a letter, what to say, and that it is done."""

from __future__ import annotations

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

from webapp.notices import sending, told, wording
from webapp.pages.context import served
from webapp.people.access import access, roles

blueprint = Blueprint("told", __name__, url_prefix="/desk/told")
RULE = roles("agent", "supervisor")
LARGEST = 2**63 - 1


@blueprint.app_template_global()
def to_tell() -> int:
    """Return how many people wait to be told by phone or letter."""
    here = served()
    return told.count(here.session, here.city.id)


@blueprint.get("")
@access(RULE)
def waiting() -> str:
    """List whom to tell, those first who have waited longest; of nobody how to reach them."""
    here = served()
    rows = told.waiting(here.session, here.city.id)
    return render_template("desk/told.html", rows=rows, most=told.MOST_LISTED, latest=_latest())


@blueprint.post("/<int:notice_id>")
@access(RULE)
def show(notice_id: int) -> Response:
    """Show how to reach one person and what to say, or the letter to print; it is written down who looked."""
    here, row = served(), _row(notice_id)
    reader = told.reader(here.session, here.city.id, row.id, to=current_user._get_current_object())
    if reader is None:
        abort(404)
    notice = sending.contents(here.session, here.city.id, row.id)
    words = wording.words_of(current_app.config["PINWARD"], here.city, reader, notice)
    here.session.commit()
    return make_response(render_template("desk/tell.html", row=row, reader=reader, words=words))


@blueprint.post("/<int:notice_id>/done")
@access(RULE)
def done(notice_id: int) -> AnyResponse:
    """Note that somebody was told, or the letter sent."""
    here, row = served(), _row(notice_id)
    noted = told.tell(here.session, here.city.id, row.id, by=current_user._get_current_object())
    here.session.commit()
    flash(_("Noted: told.") if noted else _("That was noted already."))
    return redirect(url_for("told.waiting", undo=row.id), 303)


@blueprint.post("/<int:notice_id>/undo")
@access(RULE)
def undo(notice_id: int) -> AnyResponse:
    """Put somebody back on the list."""
    here, row = served(), _row(notice_id)
    if told.take_back(here.session, here.city.id, row.id, by=current_user._get_current_object()):
        here.session.commit()
        flash(_("Back on the list."))
    return redirect(url_for("told.waiting"), 303)


def _latest() -> told.ToTell | None:
    """Return who was told just now, to take it back by one tap."""
    here, number = served(), request.args.get("undo", 0, int)
    row = told.one(here.session, here.city.id, number) if 0 < number <= LARGEST else None
    return row if row is not None and row.state == "sent" else None


def _row(notice_id: int) -> told.ToTell:
    here = served()
    row = told.one(here.session, here.city.id, notice_id) if notice_id <= LARGEST else None
    if row is None:
        abort(404)
    return row
