"""Photos chosen in the form of a report: kept at once, shown again, part of the report when it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request, url_for
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from sqlalchemy.exc import SQLAlchemyError

from webapp.pages.context import served
from webapp.pages.language import said
from webapp.pages.throttle import limiter
from webapp.people.access import PUBLIC, access
from webapp.storage import Storage, uploads
from webapp.tickets import held, photos, pictures

blueprint = Blueprint("report_photos", __name__, url_prefix="/report-photos")

LONGEST_KEY = 200
INVALID = 422
_SPAN_S = 600
_MOST_OF_ADDRESS = 200


@dataclass(frozen=True)
class Chosen:
    """The photos of a form."""

    names: Sequence[str] = ()
    alts: dict[str, str] = field(default_factory=dict)
    """What is to be seen on them, by name."""
    problem: str = ""
    """What is wrong with those that could not be kept."""


@blueprint.post("")
@access(PUBLIC)
def hold() -> Response:
    """Keep one photo, as a script sends it while the rest of the form is filled in."""
    file, key = request.files.get("photo"), request.form.get("key", "")
    if file is None or not 0 < len(key) <= LONGEST_KEY:
        abort(400)
    _count(1)
    here = served()
    try:
        content = file.stream.read(pictures.MOST_BYTES + 1)
        name = held.hold(here.session, _storage(), here.city.id, key, content)
    except pictures.PhotoRefusedError as problem:
        return make_response(jsonify(message=_refusal(file.filename, problem)), INVALID)
    here.session.commit()
    return jsonify(name=name, picture=url_for("report_photos.picture", name=name))


@blueprint.get("/<name>.jpg")
@access(PUBLIC)
def picture(name: str) -> Response:
    """Answer a photo that is held, small: whoever knows its name chose it."""
    here = served()
    known = photos.is_name(name) and held.is_held(here.session, here.city.id, name)
    content = photos.read_photo(_storage(), here.city.id, name, "small") if known else None
    if content is None:
        abort(404)
    answer = make_response(content)
    answer.mimetype = "image/jpeg"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def chosen(key: str) -> Chosen:
    """Keep the photos that the form brings, and return all that are held for it but those taken out.

    What is kept is committed: whatever else is wrong with the form, no photo has to be chosen again.
    """
    files = [file for file in request.files.getlist("photos") if file.filename]
    names = [name for name in request.form.getlist("photo_token") if photos.is_name(name)]
    if not files and not names:
        return Chosen()
    here, problems = served(), []
    if files:
        _count(len(files))
    for file in files[: held.MOST]:
        try:
            content = file.stream.read(pictures.MOST_BYTES + 1)
            names.append(held.hold(here.session, _storage(), here.city.id, key, content))
        except pictures.PhotoRefusedError as problem:
            problems.append(_refusal(file.filename, problem))
    here.session.commit()
    taken_out = set(request.form.getlist("photo_remove"))
    kept = [name for name in held.held(here.session, here.city.id, key, names) if name not in taken_out]
    if len(kept) > held.MOST or len(files) > held.MOST:
        problems.append(_("Choose at most %(most)d photos.", most=held.MOST))
    alts = {name: request.form.get(f"alt-{name}", "")[: held.LONGEST_ALT] for name in kept}
    return Chosen(kept[: held.MOST], alts, " ".join(problems))


def _count(files: int) -> None:
    """Count photos that come with a form; of one address there can be too many."""
    with suppress(SQLAlchemyError):
        if limiter.storage.incr(f"photos {get_remote_address()}", _SPAN_S, files) > _MOST_OF_ADDRESS:
            abort(429)


def _refusal(filename: str | None, problem: Exception) -> str:
    return str(_("%(name)s %(problem)s", name=(filename or "")[-60:], problem=said(problem)))


def _storage() -> Storage:
    return uploads(current_app.config["PINWARD"].kept_in)
