"""``/open-data``: key figures for everybody, and the city's reports and tickets as files.

All of it was written by a job: these pages ask the database nothing but which city this is.
"""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask_babel import lazy_gettext as _l

from webapp.insight.open_data import index, place
from webapp.pages.context import served
from webapp.people.access import PUBLIC, access
from webapp.storage import Storage, open_data

blueprint = Blueprint("open_data", __name__, url_prefix="/open-data")

COLLECTIONS = {"reports": _l("Reports"), "tickets": _l("Tickets")}


@blueprint.app_template_global()
def collection_words(name: str) -> str:
    """Return what a collection is called."""
    return str(COLLECTIONS[name])


@blueprint.get("")
@access(PUBLIC)
def show() -> str:
    """Show the key figures of a year, the files, and what is in them."""
    there = index(_storage(), served().city)
    figures = there.figures if there else {}
    return render_template(
        "open_data/open_data.html",
        there=there,
        written_at=datetime.fromisoformat(there.written_at) if there else None,
        first=date.fromisoformat(figures["from"]) if figures else None,
        last=date.fromisoformat(figures["to"]) if figures else None,
        rows=figures.get("rows", []),
    )


@blueprint.get("/index.json")
@access(PUBLIC)
def told() -> Response:
    """Answer which files there are, when they were written, their checksums and the data dictionary."""
    kept = _storage().read(place(served().city))
    if kept is None:
        abort(404)
    answer = Response(kept, mimetype="application/json")
    _share(answer)
    answer.add_etag(weak=True)
    answer.make_conditional(request)
    return answer


@blueprint.get("/<name>")
@access(PUBLIC)
def file(name: str) -> Response:
    """Answer a file, as a stream."""
    there = index(_storage(), served().city)
    found = there.files.get(name) if there else None
    if there is None or found is None:
        abort(404)
    answer = Response(mimetype=found.media_type)
    answer.set_etag(found.sha256)
    _share(answer)
    if request.if_none_match.contains(found.sha256):
        answer.status_code = 304
        return answer
    pieces = _storage().pieces(place(served().city, there.folder, name))
    if pieces is None:
        abort(404)
    answer.response = pieces
    answer.content_type = found.media_type
    answer.headers["Content-Length"] = str(found.bytes)
    answer.headers["Content-Disposition"] = f'attachment; filename="{served().city.slug}-{name}"'
    return answer


def _share(answer: Response) -> None:
    """Let caches and scripts of any site have the answer; it changes once a day."""
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.headers["Access-Control-Allow-Origin"] = "*"


def _storage() -> Storage:
    return open_data(current_app.config["PINWARD"].kept_in)
