"""``/follow``: where a mailed link leads by which somebody begins to follow a report, or ceases to."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices import confirming
from webapp.pages.context import served
from webapp.pages.reporter import expired
from webapp.people import tokens
from webapp.people.access import PUBLIC, access
from webapp.tickets import following

blueprint = Blueprint("follow", __name__)


@blueprint.get("/follow/<token>")
@access(PUBLIC)
def ask(token: str) -> AnyResponse:
    """Show what is to be followed, with the buttons that do it: to open a link changes nothing."""
    follower_id, problem = _read(token)
    followed = following.followed(served().session, served().city.id, follower_id)
    if problem is not None or followed is None:
        return problem or expired(False)
    return current_app.make_response(render_template("track/follow.html", followed=followed))


@blueprint.post("/follow/<token>")
@access(PUBLIC)
def decide(token: str) -> AnyResponse:
    """Follow, or stop."""
    here = served()
    follower_id, problem = _read(token)
    followed = following.followed(here.session, here.city.id, follower_id)
    if problem is not None or followed is None:
        return problem or expired(False)
    if request.form.get("follow") == "yes":
        following.confirm(here.session, here.city.id, follower_id)
        flash(_("You follow this report: we tell you by e-mail what happens."))
    else:
        following.stop(here.session, here.city.id, follower_id)
        flash(_("You will hear no more of this report."))
    here.session.commit()
    return redirect(url_for("track.report", number=followed.tracking_number), 303)


def _read(token: str) -> tuple[int, AnyResponse | None]:
    """Return the follower that a link is of, or 0 and what to answer instead."""
    here = served()
    secret = current_app.config["PINWARD"].secret_key
    try:
        lasts = confirming.STOP_LASTS
        return tokens.read(secret, confirming.FOLLOW, here.city.id, token, lasts), None
    except tokens.LinkError as problem:
        return 0, expired(isinstance(problem, tokens.LinkExpiredError))
