"""For administrators: how reports are matched, what to expect of it, and which model does it."""

from __future__ import annotations

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

from webapp.intake.choosing import choose
from webapp.intake.overview import SEEN_DAYS, overview
from webapp.pages.context import served
from webapp.people.access import access, roles

blueprint = Blueprint("duplicates", __name__, url_prefix="/admin/duplicates")
RULE = roles("administrator")

REFUSED = 409


@blueprint.get("")
@access(RULE)
def show() -> Response:
    """Show the model in use and the others."""
    return _page()


@blueprint.post("")
@access(RULE)
def take() -> AnyResponse:
    """Take another model into use; the next page offers to undo it."""
    here, form = served(), request.form
    in_use = here.city.duplicate_model_id
    if form.get("in_use", "") != _value(in_use):
        return _page(_("Somebody else chose another model meanwhile. Look again, then choose."))
    wanted = form.get("model", "")
    try:
        choose(
            here.session, here.city, int(wanted) if wanted else None, by=current_user._get_current_object()
        )
    except (LookupError, ValueError):
        return _page(_("There is no such model. Choose one of those listed."))
    here.session.commit()
    if form.get("undo"):
        flash(_("Undone: matching is as it was before."))
    else:
        session["model_before"] = {"before": in_use, "now": here.city.duplicate_model_id}
    return redirect(url_for("duplicates.show"))


def _page(problem: str = "") -> Response:
    here = served()
    found = overview(here.session, here.city)
    changed = session.pop("model_before", None)
    # Somebody may have chosen again since: then there is nothing of ours to undo.
    undo = changed if changed and changed["now"] == found.model_id != changed["before"] else None
    page = render_template(
        "admin/duplicates.html", found=found, problem=problem, undo=undo, value=_value, days=SEEN_DAYS
    )
    return make_response(page, REFUSED if problem else 200)


def _value(model_id: int | None) -> str:
    return "" if model_id is None else str(model_id)
