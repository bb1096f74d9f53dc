"""Messages on the reader's own phone: a browser follows a report, and ends it, by script alone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request

from webapp.notices import push, stopping, vapid
from webapp.pages.context import served
from webapp.pages.language import chosen_language, said
from webapp.pages.throttle import limiter
from webapp.people.access import PUBLIC, access
from webapp.tickets import following, queries
from webapp.tickets.tracking import TrackingNumberError, normalise

blueprint = Blueprint("push", __name__)

INVALID = 422


@blueprint.app_template_global()
def push_key() -> str:
    """Return the key that browsers subscribe with."""
    return vapid.public_key(current_app.config["PINWARD"])


@blueprint.post("/track/<number>/push")
@access(PUBLIC)
@limiter.limit("60 per hour")
def follow(number: str) -> Response:
    """Tell a browser what becomes of a report, or no longer, or just answer whether it is told.

    Whoever knows where a browser takes messages is taken for the browser: nobody else is told.
    """
    here, report_id = served(), _report_id(number)
    do, contact_id = asked()
    if do == "start":
        try:
            contact_id = subscribed()
        except push.SubscriptionError as wrong:
            return make_response(jsonify(message=said(wrong)), INVALID)
        follower = following.ask_to_follow(here.session, here.city.id, report_id, contact_id)
        following.confirm(here.session, here.city.id, follower)
    elif do == "stop" and contact_id is not None:
        stopping.stop_report(here.session, here.city.id, contact_id, report_id)
    elif do not in ("ask", "stop"):
        abort(400)
    here.session.commit()
    return jsonify(
        follows=contact_id is not None
        and following.follows(here.session, here.city.id, report_id, contact_id)
    )


def asked() -> tuple[str, int | None]:
    """Return what the script wants, and the contact that the browser is; None while it is none."""
    here, texts = served(), _texts()
    return texts["do"], push.contact_of(here.session, here.city.id, texts["endpoint"])


def subscribed() -> int:
    """Return the contact that the browser is from now on.

    Raises
    ------
    webapp.notices.push.SubscriptionError
        What was sent is no subscription of a browser.
    """
    here, texts = served(), _texts()
    return push.subscribe(
        here.session,
        current_app.config["PINWARD"],
        here.city.id,
        texts["endpoint"],
        texts["p256dh"],
        texts["auth"],
        chosen_language(),
    )


def _texts() -> dict[str, str]:
    asked: Any = request.get_json(silent=True)
    fields = asked if isinstance(asked, dict) else {}
    return {
        name: str(fields.get(name) or "").replace("\x00", "") for name in ("do", "endpoint", "p256dh", "auth")
    }


def _report_id(number: str) -> int:
    here = served()
    try:
        found = queries.ticket_by_tracking(here.session, here.city.id, normalise(number))
    except TrackingNumberError:
        found = None
    if found is None:
        abort(404)
    return found[0].id
