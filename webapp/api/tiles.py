"""``/tiles``: the base map and the open tickets as vector tiles, and TileJSON that describes them.

``tickets`` are those that everybody may see, the same for everybody, so that caches may share them;
``all-tickets`` are for staff.
"""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, jsonify, request

from layers.current import atlas_of, served_city_id
from layers.tiles import MAX_ZOOM, base_etag, base_tile
from webapp.api.addresses import base_url
from webapp.api.answers import readable_from_everywhere, tagged
from webapp.api.errors import problem
from webapp.people.access import PUBLIC, SIGNED_IN, access
from webapp.tickets import front_cache
from webapp.tickets.tile_cache import lend, public_tile
from webapp.tickets.tiles import ticket_tile

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
BASE_KEPT_S = 600
TICKETS_KEPT_S = 1
"""With the half second until a change is noticed, and one more in nginx, it is seen within two."""
FOREVER_S = 365 * 24 * 3600

_TICKETS = [{"id": "tickets", "fields": {"service": "String", "status": "String", "count": "Number"}}]
_LAYERS: dict[str, list[dict[str, Any]]] = {
    "base": [
        {"id": "zones", "fields": {"name": "String", "source_id": "String", "class": "String"}},
        {"id": "streets", "fields": {"name": "String", "class": "String"}},
    ],
    "tickets": _TICKETS,
    "all-tickets": _TICKETS,
}


@blueprint.get("/<any('base', 'tickets', 'all-tickets'):name>.json")
@access(PUBLIC)
def tilejson(name: str) -> Response:
    """Describe a set of tiles, as TileJSON 3.0.0."""
    atlas = atlas_of(g.session, _city_id())
    # With the map's tag in their address, tiles of the base map may be kept for ever.
    tag = f"?v={base_etag(atlas)}" if name == "base" else ""
    answer = jsonify(
        tilejson="3.0.0",
        name=f"{atlas.city.name}: {name}",
        tiles=[f"{base_url()}/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt{tag}"],
        minzoom=0,
        maxzoom=MAX_ZOOM,
        bounds=atlas.bounds,
        vector_layers=_LAYERS[name],
    )
    answer.headers["Cache-Control"] = "public, no-cache"
    return readable_from_everywhere(tagged(answer))


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.mvt")
@access(PUBLIC)
def base(z: int, x: int, y: int) -> Response:
    """Answer a tile of the base map; one that the browser has already, without making it."""
    atlas = atlas_of(g.session, _city_id())
    tag = base_etag(atlas)
    seconds = FOREVER_S if request.args.get("v") == tag else BASE_KEPT_S
    if request.if_none_match.contains(tag):
        return _tile(None, tag, f"public, max-age={seconds}")
    try:
        body = base_tile(g.session, atlas, z, x, y)
    except ValueError as error:
        return problem(404, str(error))
    return _tile(body, tag, f"public, max-age={seconds}")


@blueprint.get("/tickets/<int:z>/<int:x>/<int:y>.mvt")
@access(PUBLIC)
def tickets(z: int, x: int, y: int) -> Response:
    """Answer a tile of the open tickets of public services."""
    try:
        tile = public_tile(g.session, _city_id(), z, x, y)
    except ValueError as error:
        return problem(404, str(error))
    known = request.if_none_match.contains(tile.etag)
    answer = _tile(None if known else tile.body, tile.etag, f"public, max-age={TICKETS_KEPT_S}")
    if request.path == front_cache.path((z, x, y)):
        seconds = lend(current_app.extensions["engine"], _city_id(), (z, x, y), tile)
        if seconds:
            # Tells nginx alone, which keeps no answer without it.
            answer.headers["X-Accel-Expires"] = str(seconds)
    return answer


@blueprint.get("/all-tickets/<int:z>/<int:x>/<int:y>.mvt")
@access(SIGNED_IN)
def all_tickets(z: int, x: int, y: int) -> Response:
    """Answer a tile of all open tickets, to staff."""
    try:
        body = ticket_tile(g.session, _city_id(), z, x, y, public_only=False)
    except ValueError as error:
        return problem(404, str(error))
    tag = hashlib.sha256(body).hexdigest()[:16]
    known = request.if_none_match.contains(tag)
    return _tile(None if known else body, tag, "private, no-cache")


def _city_id() -> int:
    try:
        return served_city_id(g.session, current_app.config["PINWARD"])
    except LookupError:
        abort(503)


def _tile(body: bytes | None, tag: str, cache_control: str) -> Response:
    """Return a gzipped tile, unpacked for a client that cannot do that; None: the client's own is current."""
    response = Response(status=304) if body is None else Response(body, content_type=MEDIA_TYPE)
    response.set_etag(tag)
    response.headers["Cache-Control"] = cache_control
    response.vary.add("Accept-Encoding")
    response.access_control_allow_origin = "*"
    if body is not None and request.accept_encodings["gzip"]:
        response.content_encoding = "gzip"
    elif body is not None:
        response.set_data(gzip.decompress(body))
    return response
