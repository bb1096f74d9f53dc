"""For administrators: the keys of other systems, what each may do, and how each is used."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from webapp.pages.context import audited, served
from webapp.people import keys
from webapp.people.access import access, roles

blueprint = Blueprint("keys", __name__, url_prefix="/admin/keys")
RULE = roles("administrator")

SCOPES = {
    "write": _l("Send reports"),
    "update": _l("Move tickets and remark on them"),
    "read_private": _l("Read reports of services that are not public"),
}
REFUSED = 422


@blueprint.get("")
@access(RULE)
def show() -> Response:
    """Show the keys and their use."""
    return _page()


@blueprint.post("")
@access(RULE)
def make() -> Response:
    """Make a key, and show it this once."""
    here, form = served(), request.form
    errors = {}
    if not form.get("name", "").strip():
        errors["name"] = _("Say what system the key is for.")
    if not form.getlist("scopes"):
        errors["scopes"] = _("Choose what it may do.")
    per_minute = form.get("per_minute", 0, int)
    if not 1 <= per_minute <= keys.MOST_PER_MINUTE:
        errors["per_minute"] = _("Give a number from 1 to %(most)s.", most=f"{keys.MOST_PER_MINUTE:,}")
    if errors:
        return _page(errors=errors)
    try:
        row, secret = keys.add_key(
            here.session,
            here.city.id,
            form["name"],
            scopes=form.getlist("scopes"),
            per_minute=per_minute,
        )
    except ValueError:
        return _page(errors={"name": _("Say it in up to 100 characters, on one line.")})
    audited("key_added", row.name)
    here.session.commit()
    return _page(made=row.name, secret=secret)


@blueprint.post("/<int:key_id>/revoke")
@access(RULE)
def revoke(key_id: int) -> AnyResponse:
    """Make a key worthless."""
    here = served()
    row = keys.revoke(here.session, here.city.id, key_id)
    if row is None:
        abort(404)
    audited("key_revoked", row.name)
    here.session.commit()
    flash(_("The key for %(name)s no longer works.", name=row.name))
    return redirect(url_for("keys.show"))


def _page(*, errors: dict[str, str] | None = None, made: str = "", secret: str = "") -> Response:
    here = served()
    page = render_template(
        "admin/keys.html",
        rows=keys.keys_and_usage(here.session, here.city.id),
        scopes=SCOPES,
        days=keys.USAGE_DAYS,
        errors=errors or {},
        made=made,
        secret=secret,
        typed=request.form if errors else {"per_minute": keys.PER_MINUTE},
        chosen=request.form.getlist("scopes") if errors else ["write"],
    )
    answer = make_response(page, REFUSED if errors else 200)
    if secret:
        answer.headers["Cache-Control"] = "no-store"
    return answer
