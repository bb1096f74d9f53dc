"""``/photos``: what people photographed, at addresses that nobody guesses."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g
from flask_login import current_user

from layers.current import served_cities
from webapp.api.errors import problem
from webapp.catalog.queries import catalog
from webapp.people.access import PUBLIC, access
from webapp.storage import uploads
from webapp.tickets import photos

blueprint = Blueprint("photos", __name__, url_prefix="/photos")

FOREVER_S = 365 * 24 * 3600


@blueprint.get("/<name>.jpg", defaults={"size": "large"})
@blueprint.get("/<name>-<any('small'):size>.jpg")
@access(PUBLIC)
def photo(name: str, size: str) -> Response:
    """Answer a photo. Of a hidden report, or a service that is not public, only staff see it."""
    found = _found(name, size)
    if found is None:
        return problem(404, "There is no such photo.")
    return _answer(*found)


def _found(name: str, size: str) -> tuple[bytes, bool] | None:
    """Return the photo and whether it is for everybody."""
    settings = current_app.config["PINWARD"]
    for city in served_cities(g.session, settings):
        whose = photos.whose(g.session, city.id, name)
        if whose is not None:
            service_id, hidden = whose
            public = catalog(g.session, city).services[service_id].public and not hidden
            content = photos.read_photo(uploads(settings.kept_in), city.id, name, size)
            return None if content is None or not (public or _staff_of(city.id)) else (content, public)
    return None


def _staff_of(city_id: int) -> bool:
    return bool(current_user.is_authenticated and current_user.city_id == city_id)


def _answer(content: bytes, public: bool) -> Response:
    keep = f"public, max-age={FOREVER_S}, immutable" if public else "private, no-store"
    return Response(
        content,
        content_type="image/jpeg",
        headers={
            "Cache-Control": keep,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline",
            "Cross-Origin-Resource-Policy": "cross-origin" if public else "same-origin",
        },
    )
