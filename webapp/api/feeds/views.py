"""The route of feeds, and what it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import numpy as np
import shapely
from flask import Blueprint, Response, g, request
from pydantic import BeforeValidator, Field, WithJsonSchema

from geo.projection import projection
from layers.current import current_atlas
from webapp.api.features.here import Here, here
from webapp.api.feeds.entries import Feed, entries
from webapp.api.feeds.formats import MEDIA_TYPES, READ_AGAIN, atom, calendar, geojson
from webapp.api.feeds.queries import Area, changed, promised
from webapp.api.query import Query, Whole, bad, decimals, read
from webapp.catalog.queries import catalog
from webapp.people.access import PUBLIC, access

PATH = "/api/feeds"
MOST_ENTRIES = 500
FARTHEST_M = 5000

blueprint = Blueprint("feeds", __name__, url_prefix=PATH)


def _near(value: object) -> object:
    if not isinstance(value, str):
        return value
    lon, lat, metres = decimals(value, 3)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError("It is not a longitude and a latitude")
    if not 1 <= metres <= FARTHEST_M:
        raise ValueError(f"The distance is not from 1 to {FARTHEST_M:,} metres")
    return lon, lat, metres


Near = Annotated[
    tuple[float, float, float],
    BeforeValidator(_near),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}),
]


class FeedQuery(Query):
    """Which tickets a feed tells of; all that may be seen where nothing is asked for."""

    service: str | None = Field(default=None, description="codes of services, with commas between")
    zone: str | None = Field(default=None, description="layer:id of a zone, such as council:3")
    near: Near | None = Field(
        default=None, description=f"longitude,latitude,metres: within that distance, {FARTHEST_M:,} m at most"
    )
    limit: Whole = Field(
        default=100, ge=1, le=MOST_ENTRIES, description=f"how many tickets, from 1 to {MOST_ENTRIES}"
    )


@blueprint.get("/tickets.<any('atom', 'geojson', 'ics'):form>")
@access(PUBLIC)
def feed(form: str) -> Response:
    """Answer what changed lately; as a calendar, what is promised."""
    at = here()
    query, _ = read(FeedQuery, request.query_string)
    area, title = _area(at, query)
    now = datetime.now(UTC)
    rows = (promised if form == "ics" else changed)(g.session, area, now, query.limit)
    known = catalog(g.session, at.city)
    found = Feed(
        title=title,
        url=at.root + request.full_path.rstrip("?"),
        city=at.city,
        updated_at=max((row.updated_at for row in rows), default=known.version),
        entries=entries(rows, at.city, known, at.root),
    )
    write = {"atom": atom, "geojson": geojson, "ics": calendar}[form]
    answer = Response(write(found), content_type=MEDIA_TYPES[form])
    answer.headers["Cache-Control"] = (
        "private, no-cache" if at.private else f"public, max-age={READ_AGAIN.seconds // 12}"
    )
    answer.last_modified = found.updated_at
    return answer


def _area(at: Here, query: FeedQuery) -> tuple[Area, str]:
    """Return which tickets are asked for, and what to call them."""
    title = [f"{at.city.name} 311"]
    district, zone = None, None
    if query.zone is not None:
        (layer, zone_id), name = _zone(at, query.zone)
        title.append(name)
        if layer == at.city.district_layer:
            district = zone_id
        else:
            zone = layer, zone_id
    around = None
    if query.near is not None:
        lon, lat, metres = query.near
        around = _circle(at, lon, lat, metres)
        title.append(f"{metres:,g} m around {lat:.5f}, {lon:.5f}")
    service_ids, names = _services(at, query.service)
    if names:
        title.append(", ".join(names))
    area = Area(
        city_id=at.city.id, service_ids=service_ids, hidden_too=at.private,
        district=district, zone=zone, around=around,
    )  # fmt: skip
    return area, " · ".join(title)


def _circle(at: Here, lon: float, lat: float, metres: float) -> shapely.Geometry:
    metric = projection(at.city.metric_srid)
    x, y = metric.to_metric(lon, lat)
    if not np.isfinite((x, y)).all():
        raise bad("near", "lies too far from the city.")
    circle = shapely.Point(x, y).buffer(metres)
    return shapely.transform(circle, metric.to_lonlat, interleaved=False)  # type: ignore[arg-type]


def _zone(at: Here, said: str) -> tuple[tuple[str, str], str]:
    layer, _, zone_id = said.partition(":")
    zones = current_atlas(g.session, at.city).zones
    if layer not in zones:
        raise bad("zone", f"names no layer of zones; there are: {', '.join(zones)}.")
    names = dict(zip(zones[layer].source_id.tolist(), zones[layer].name.tolist(), strict=True))
    if zone_id not in names:
        raise bad("zone", f"is not in the layer {layer}; it takes layer:id, such as {layer}:{min(names)}.")
    return (layer, zone_id), names[zone_id] or zone_id


def _services(at: Here, said: str | None) -> tuple[list[int], list[str]]:
    known = catalog(g.session, at.city)
    seen = {each.code: each for each in known.services.values() if at.private or each.public}
    if said is None:
        return [each.id for each in seen.values()], []
    codes = list(dict.fromkeys(code.strip() for code in said.split(",")))
    for code in codes:
        if code not in seen:
            raise bad("service", f"{code[:40]!r} is not a service here: see /open311/v2/services.json.")
    return [seen[code].id for code in codes], [seen[code].name for code in codes]
