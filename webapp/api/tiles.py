"""``/tiles``: the base map and the open tickets as vector tiles, and TileJSON that describes them."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, jsonify, request
from flask_login import current_user

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.models import City
from layers.queries import served_city
from layers.tiles import MAX_ZOOM, base_etag, base_tile
from webapp.api.errors import problem
from webapp.people.access import PUBLIC, access
from webapp.tickets.tiles import ticket_tile

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
BASE_KEPT_S = 600
TICKETS_KEPT_S = 15
FOREVER_S = 365 * 24 * 3600

_LAYERS: dict[str, list[dict[str, Any]]] = {
    "base": [
        {"id": "zones", "fields": {"name": "String", "source_id": "String", "class": "String"}},
        {"id": "streets", "fields": {"name": "String", "class": "String"}},
    ],
    "tickets": [{"id": "tickets", "fields": {"service": "String", "status": "String", "count": "Number"}}],
}


@blueprint.get("/<any(base, tickets):name>.json")
@access(PUBLIC)
def tilejson(name: str) -> Response:
    """Describe a set of tiles, as TileJSON 3.0.0."""
    city = _city()
    base = (current_app.config["PINWARD"].public_url or request.host_url).rstrip("/")
    # With the map's tag in their address, tiles of the base map may be kept for ever.
    tag = f"?v={base_etag(g.session, city)}" if name == "base" else ""
    return jsonify(
        tilejson="3.0.0",
        name=f"{city.name}: {name}",
        tiles=[f"{base}/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt{tag}"],
        minzoom=0,
        maxzoom=MAX_ZOOM,
        bounds=_bounds(current_atlas(g.session, city)),
        vector_layers=_LAYERS[name],
    )


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.mvt")
@access(PUBLIC)
def base(z: int, x: int, y: int) -> Response:
    """Answer a tile of the base map; one that the browser has already, without making it."""
    city = _city()
    tag = base_etag(g.session, city)
    seconds = FOREVER_S if request.args.get("v") == tag else BASE_KEPT_S
    if request.if_none_match.contains(tag):
        return _tile(None, tag, f"public, max-age={seconds}")
    try:
        made = base_tile(g.session, city, z, x, y)
    except ValueError as error:
        return problem(404, str(error))
    return _tile(made.body, made.etag, f"public, max-age={seconds}")


@blueprint.get("/tickets/<int:z>/<int:x>/<int:y>.mvt")
@access(PUBLIC)
def tickets(z: int, x: int, y: int) -> Response:
    """Answer a tile of the open tickets: to everybody those of public services, to staff all."""
    staff = current_user.is_authenticated
    try:
        body = ticket_tile(g.session, _city().id, z, x, y, public_only=not staff)
    except ValueError as error:
        return problem(404, str(error))
    tag = hashlib.sha256(body).hexdigest()[:16]
    who = "private" if staff else "public"
    known = request.if_none_match.contains(tag)
    response = _tile(None if known else body, tag, f"{who}, max-age={TICKETS_KEPT_S}")
    response.vary.add("Cookie")
    return response


def _city() -> City:
    try:
        city: City = served_city(g.session, current_app.config["PINWARD"])
    except LookupError:
        abort(503)
    return city


def _bounds(atlas: Atlas) -> list[float]:
    """Return west, south, east, north of the streets, in degrees (EPSG:4326)."""
    coords = atlas.segments.lines.coords
    (west, south), (east, north) = coords.min(axis=0), coords.max(axis=0)
    # All four corners: north on the metric grid is not quite true north.
    lon, lat = atlas.metric.to_lonlat([west, east, east, west], [south, south, north, north])
    return [round(float(edge), 6) for edge in (lon.min(), lat.min(), lon.max(), lat.max())]


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
