"""For administrators: webhooks, by which other systems hear of what happens as it happens."""

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
from werkzeug.wrappers import Response as AnyResponse

from webapp.config import settings
from webapp.notices import webhooks
from webapp.pages.context import audited, served
from webapp.pages.words import EVENTS
from webapp.people.access import access, roles

blueprint = Blueprint("hooks", __name__, url_prefix="/admin/outside/hooks")
RULE = roles("administrator")
REFUSED = 422


@blueprint.get("")
@access(RULE)
def show() -> Response:
    """Show the webhooks, and the form to add one."""
    return _page()


@blueprint.post("")
@access(RULE)
def add() -> Response:
    """Add a webhook, and show the secret of its signatures this once. No kinds: it hears of all."""
    here, form = served(), request.form
    kinds = [kind for kind in EVENTS if kind in form.getlist("kinds")]
    url = form.get("url", "").strip()
    try:
        hook = webhooks.add(here.session, here.city.id, url, kinds, inside=settings().hooks_inside)
    except ValueError:
        return _page(errors={"url": _("Give the whole address, beginning with https://")})
    audited("webhook_added", hook.url)
    here.session.commit()
    return _page(made=hook.url, secret=hook.secret)


@blueprint.post("/<int:webhook_id>/stop")
@access(RULE)
def stop(webhook_id: int) -> AnyResponse:
    """Let a webhook hear no more."""
    here = served()
    hook = webhooks.stop(here.session, here.city.id, webhook_id) if webhook_id < 2**63 else None
    if hook is None:
        abort(404)
    audited("webhook_stopped", hook.url)
    here.session.commit()
    flash(_("%(address)s hears no more.", address=hook.url))
    return redirect(url_for("hooks.show"))


def _page(*, errors: dict[str, str] | None = None, made: str = "", secret: str = "") -> Response:
    here = served()
    page = render_template(
        "admin/hooks.html",
        hooks=webhooks.hooks(here.session, here.city.id),
        events=EVENTS,
        errors=errors or {},
        made=made,
        secret=secret,
        typed=request.form if errors else {},
        chosen=request.form.getlist("kinds") if errors else [],
    )
    answer = make_response(page, REFUSED if errors else 200)
    if secret:
        answer.headers["Cache-Control"] = "no-store"
    return answer
