"""``List-Unsubscribe``: one tap in a mail program stops messages (RFC 8058), with neither page nor cookie."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, redirect
from werkzeug.wrappers import Response as AnyResponse

from layers.queries import served_city
from webapp.api.errors import problem
from webapp.notices import links, stopping
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("one_tap", __name__)


@blueprint.post("/stop/<key>/now", defaults={"report_id": None})
@blueprint.post("/stop/<key>/<int:report_id>/now")
@access(PUBLIC)
def stop(key: str, report_id: int | None) -> AnyResponse:
    """Stop the messages of a report, or all."""
    city = served_city(g.session, current_app.config["PINWARD"])
    known = key.isalnum() and (report_id or 0) < 2**63
    reader = stopping.reader(g.session, city.id, key, report_id) if known else None
    if reader is None:
        return problem(404, "Nobody gets messages with this link.")
    if reader.report_id is None:
        stopping.stop_all(g.session, city.id, reader.contact_id)
    else:
        stopping.stop_report(g.session, city.id, reader.contact_id, reader.report_id)
    g.session.commit()
    return Response(status=204)


@blueprint.get("/stop/<key>/now", defaults={"report_id": None})
@blueprint.get("/stop/<key>/<int:report_id>/now")
@access(PUBLIC)
def page(key: str, report_id: int | None) -> AnyResponse:
    """Lead people of older mail programs, which open the link, to the page with the button."""
    return redirect(links.stop_path(key, report_id))
