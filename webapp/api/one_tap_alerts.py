"""``List-Unsubscribe`` of alerts: one tap in a mail program ends one (RFC 8058), without a page."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, redirect
from werkzeug.wrappers import Response as AnyResponse

from layers.queries import served_city
from webapp.api.errors import problem
from webapp.notices import alerts, confirming
from webapp.people import tokens
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("one_tap_alerts", __name__)


@blueprint.post("/area-alerts/<token>/now")
@access(PUBLIC)
def stop(token: str) -> AnyResponse:
    """End an alert."""
    settings = current_app.config["PINWARD"]
    city = served_city(g.session, settings)
    try:
        alert_id = tokens.read(settings.secret_key, confirming.ALERT, city.id, token, confirming.STOP_LASTS)
    except tokens.LinkError:
        return problem(404, "There is no alert with this link.")
    alerts.stop(g.session, city.id, alert_id)
    g.session.commit()
    return Response(status=204)


@blueprint.get("/area-alerts/<token>/now")
@access(PUBLIC)
def page(token: str) -> AnyResponse:
    """Lead people of older mail programs, which open the link, to the page with the button."""
    return redirect(f"/area-alerts/{token}")
