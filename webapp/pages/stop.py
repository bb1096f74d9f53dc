"""``/stop``: where a link in each message leads, to stop them and to get them again, without signing in."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices import links, stopping
from webapp.pages.context import served
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("stop", __name__)

LARGEST = 2**63 - 1
_KEY = re.compile(r"[0-9a-f]{20}")


@blueprint.get("/stop/<key>", defaults={"report_id": None})
@blueprint.get("/stop/<key>/<int:report_id>")
@access(PUBLIC)
def show(key: str, report_id: int | None) -> Response:
    """Show which messages somebody gets. A link that is only looked at changes nothing: programs do that."""
    return make_response(
        render_template("stop/stop.html", reader=_reader(key, report_id), action=request.path)
    )


@blueprint.post("/stop/<key>", defaults={"report_id": None})
@blueprint.post("/stop/<key>/<int:report_id>")
@access(PUBLIC)
def change(key: str, report_id: int | None) -> AnyResponse:
    """Stop messages, or send them again."""
    here, reader, do = served(), _reader(key, report_id), request.form.get("do", "")
    if do == "all":
        stopping.stop_all(here.session, here.city.id, reader.contact_id)
        flash(_("Stopped: you get no more messages."))
    elif do == "report" and reader.report_id is not None:
        stopping.stop_report(here.session, here.city.id, reader.contact_id, reader.report_id)
        flash(_("Stopped: you get no more messages about this report."))
    elif do == "resume":
        stopping.resume(here.session, here.city.id, reader.contact_id, reader.report_id)
        flash(_("You get messages again."))
    else:
        abort(400)
    here.session.commit()
    return redirect(links.stop_path(key, report_id), 303)


def _reader(key: str, report_id: int | None) -> stopping.Reader:
    here = served()
    if not _KEY.fullmatch(key) or (report_id or 0) > LARGEST:
        abort(404)
    reader = stopping.reader(here.session, here.city.id, key, report_id)
    if reader is None:
        abort(404)
    return reader
