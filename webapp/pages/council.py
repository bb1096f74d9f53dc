"""For council offices: a district at a glance, with its heatmap, its services and its areas."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from flask import Blueprint, Response, jsonify, render_template
from flask_babel import format_decimal, format_number
from flask_babel import gettext as _
from markupsafe import Markup

from layers.atlas import Atlas
from layers.queries import current_editions
from webapp.insight import queries
from webapp.insight.maps import Files, heat_map
from webapp.insight.queries import Figures, Scope
from webapp.pages.assets import asset
from webapp.pages.context import TILES, TILES_MAX_ZOOM, served
from webapp.pages.council_choice import (
    Choice,
    area_layers,
    districts_of,
    own_district,
    read_choice,
    scope_of,
)
from webapp.pages.headers import csp_nonce
from webapp.pages.places import atlas, zone_name
from webapp.pages.words import service_words
from webapp.people.access import access, roles

blueprint = Blueprint("council", __name__)
RULE = roles("council")


@dataclass(frozen=True)
class Row:
    """Figures with the name of what they are about."""

    name: str
    figures: Figures


@blueprint.app_template_filter()
def number(count: int) -> str:
    """Return such as ``12,345``."""
    return format_number(count)


@blueprint.app_template_filter()
def one_decimal(amount: float) -> str:
    """Return such as ``3.5``."""
    return format_decimal(amount, format="#,##0.0")


@blueprint.get("/council")
@access(RULE)
def district() -> str:
    """Show one district."""
    here, map_now, chosen = served(), atlas(), read_choice()
    scope = scope_of(chosen)
    services = queries.by_service(here.session, scope)
    return render_template(
        "council/district.html",
        chosen=chosen,
        title=_title(map_now, chosen.district),
        districts=districts_of(map_now) if own_district() is None else [],
        groups=sorted({service.group for service in here.catalog.services.values()}),
        layers=_titles(area_layers(map_now)),
        totals=queries.totals(here.session, scope),
        services=[Row(service_words(int(row.key)), row) for row in services],
        areas=_area_rows(map_now, scope, chosen.areas),
        heat_map=_heat_map(map_now, chosen),
    )


@blueprint.get("/council/heat.json")
@access(RULE)
def heat() -> Response:
    """Return the points of the heatmap: [latitude, longitude, tickets] of each block."""
    chosen = read_choice()
    points = queries.heat(served().session, scope_of(chosen), only_open=chosen.only_open)
    answer = jsonify(points=points)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _title(map_now: Atlas, zone: str | None) -> str:
    if zone is None:
        return _("All of %(city)s", city=served().city.name)
    return zone_name(dict(districts_of(map_now))[zone])


def _titles(names: list[str]) -> dict[str, str]:
    """Return what people call layers, by name."""
    here = served()
    titles = {layer.name: layer.title for _edition, layer in current_editions(here.session, here.city.id)}
    return {name: titles[name] for name in names}


def _area_rows(map_now: Atlas, scope: Scope, layer: str) -> list[Row]:
    if not layer:
        return []
    zones = map_now.zones[layer]
    names = dict(zip(zones.source_id.tolist(), zones.name.tolist(), strict=True))
    found = queries.by_zone(served().session, scope, layer)
    return [Row(names.get(row.key, row.key) or _("None of them"), row) for row in found]


def _heat_map(map_now: Atlas, chosen: Choice) -> Markup | None:
    """Return the map of the district, or of the city; None where the city has no boundary."""
    outline = _outline(map_now, chosen.district)
    if outline is None:
        return None
    files = Files(
        leaflet=asset("vendor/leaflet.js"),
        heat=asset("vendor/leaflet-heat.js"),
        ground=asset("folium.js"),
        tiles=TILES,
        tiles_max_zoom=TILES_MAX_ZOOM,
    )
    label = _("Heatmap: where tickets are. The tables below have the same figures.")
    return heat_map(
        files, label=label, outline=outline, points=chosen.address("council.heat"), nonce=csp_nonce()
    )


def _outline(map_now: Atlas, zone: str | None) -> shapely.Geometry | None:
    """Return the district, or the whole city, in EPSG:4326."""
    city = served().city
    if zone is None:
        zones = map_now.zones.get(city.boundary_layer or "")
        shape = shapely.MultiPolygon(shapely.get_parts(zones.polygons).tolist()) if zones else None
    else:
        zones = map_now.zones[city.district_layer or ""]
        shape = zones.polygons[zones.source_id.tolist().index(zone)]
    if shape is None:
        return None
    degrees: shapely.Geometry = shapely.transform(shape, map_now.metric.to_lonlat, interleaved=False)  # type: ignore[arg-type]
    return degrees
