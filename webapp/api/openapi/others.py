"""Feeds, tiles, photos and health in the definition."""

from __future__ import annotations

from webapp.api.feeds.formats import MEDIA_TYPES
from webapp.api.feeds.views import PATH as FEEDS
from webapp.api.feeds.views import FeedQuery
from webapp.api.openapi.operations import JSON, Document, get, in_path, parameters
from webapp.api.tiles import MEDIA_TYPE

_NUMBER: Document = {"type": "integer", "minimum": 0}
_FEEDS = {
    "atom": "What changed lately, as Atom with GeoRSS",
    "geojson": "What changed lately, as GeoJSON",
    "ics": "Promised dates, as iCalendar",
}


def paths() -> Document:
    """Return the paths."""
    asked = parameters(FeedQuery)
    found = {
        f"{FEEDS}/tickets.{form}": get(title, asked, MEDIA_TYPES[form]) for form, title in _FEEDS.items()
    }
    names = in_path(
        "name", {"type": "string", "enum": ["base", "tickets"]}, "base: the map; tickets: open ones"
    )
    corner = [in_path(name, _NUMBER) for name in ("z", "x", "y")]
    photo = in_path("photo", {"type": "string"}, "as a service request's media_url names it")
    return found | {
        "/tiles/{name}.json": get("Description of tiles: TileJSON 3.0.0", [names], JSON, missing=True),
        "/tiles/{name}/{z}/{x}/{y}.mvt": get("A vector tile", [names, *corner], MEDIA_TYPE, missing=True),
        "/photos/{photo}.jpg": get("A photo", [photo], "image/jpeg", missing=True),
        "/photos/{photo}-small.jpg": get("A photo, small", [photo], "image/jpeg", missing=True),
        "/healthz": get("Whether all is well", [], JSON),
    }
