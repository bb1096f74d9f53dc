"""``/near``: what others reported around a spot, as a list for everybody and as pins for the map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from flask_babel import gettext as _

from layers.places import Place
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.likely import ShownTicket, shown
from webapp.pages.places import atlas, described
from webapp.pages.typed import point_of
from webapp.people.access import PUBLIC, access
from webapp.tickets import seen

blueprint = Blueprint("near", __name__, url_prefix="/near")

REACH_M = 500.0
FARTHEST_M = 1500.0
LATELY = timedelta(days=14)
"""What was done longer ago is not shown any more."""
MOST_ASSETS = 400


@dataclass(frozen=True)
class Asked:
    """Where the list is to begin, as far as it is known."""

    address: str
    lon: float | None
    lat: float | None
    choices: list[str]
    problem: str


@blueprint.get("")
@access(PUBLIC)
def near() -> Response:
    """List what is open around a spot, and what was done lately, by distance."""
    asked = _asked()
    tickets: list[ShownTicket] = []
    if asked.lon is not None and asked.lat is not None and not asked.problem:
        tickets = _around(asked.lon, asked.lat, REACH_M)
    page = render_template("near/near.html", asked=asked, tickets=tickets, reach=round(REACH_M))
    return make_response(page, 422 if asked.problem and not asked.choices else 200)


@blueprint.get("/done")
@access(PUBLIC)
def done() -> Response:
    """Return what was done lately around a spot, for the map: the tiles have only what is open."""
    lon, lat = _spot()
    reach = min(request.args.get("reach", REACH_M, float), FARTHEST_M)
    if not _on_earth(lon, lat) or not reach > 0:
        return jsonify(done=[])
    found = _around(lon, lat, reach, open_too=False)
    return jsonify(
        done=[
            {"id": each.id, "lon": each.lon, "lat": each.lat, "icon": each.icon, "name": each.name}
            for each in found
        ]
    )


@blueprint.get("/assets")
@access(PUBLIC)
def assets() -> Response:
    """Return the assets in a box that somebody can report about, such as street lights, for the map."""
    corners = [request.args.get(name, math.nan, float) for name in ("west", "south", "east", "north")]
    if not (_on_earth(*corners[:2]) and _on_earth(*corners[2:])):
        return jsonify(assets=[])
    return jsonify(assets=_assets(*corners)[:MOST_ASSETS])


@blueprint.get("/<int:ticket_id>")
@access(PUBLIC)
def ticket(ticket_id: int) -> str:
    """Return what is known of a ticket, for whoever taps on it on the map."""
    here = served()
    found = seen.seen(here.session, here.city.id, [ticket_id]).get(ticket_id)
    if found is None:
        abort(404)
    lon, lat = _spot()
    metres = 0.0
    if _on_earth(lon, lat):
        x, y = atlas().metric.to_metric(np.array([lon, found.lon]), np.array([lat, found.lat]))
        metres = math.hypot(x[1] - x[0], y[1] - y[0])
    return render_template("near/ticket.html", ticket=shown(found, round(metres)))


def _around(lon: float, lat: float, reach_m: float, *, open_too: bool = True) -> list[ShownTicket]:
    here = served()
    since = datetime.now(UTC) - LATELY
    found = seen.around(here.session, here.city.id, lon, lat, reach_m, done_since=since, open_too=open_too)
    return [shown(each, round(metres)) for each, metres in found]


def _asked() -> Asked:
    address, choice = request.args.get("address", "")[:400], request.args.get("choice", "")
    lon, lat = request.args.get("lon", ""), request.args.get("lat", "")
    if not (address.strip() or choice or (lon and lat)):
        return Asked(address, None, None, [], "")
    point, choices, problem = point_of(lon, lat, address, choice)
    if point is None:
        return Asked(address, None, None, choices, problem)
    place = _place(*point)
    if place is None or not place.placed:
        return Asked(address, None, None, [], _("This spot is outside %(city)s.", city=served().city.name))
    said = choice or address or described(place.lon, place.lat)["address"] or ""
    return Asked(said, place.lon, place.lat, [], "")


def _place(lon: str | float, lat: str | float) -> Place | None:
    try:
        return atlas().locate_one(float(lon), float(lat))
    except ValueError:
        return None


def _assets(west: float, south: float, east: float, north: float) -> list[dict[str, Any]]:
    now, language = atlas(), chosen_language()
    x, y = now.metric.to_metric(np.array([west, east]), np.array([south, north]))
    found = []
    for kind, table in now.assets.items():
        service = next((each for each in served().catalog.active if each.asset_kind == kind), None)
        if service is None:
            continue
        inside = np.flatnonzero((table.x >= x[0]) & (table.x <= x[1]) & (table.y >= y[0]) & (table.y <= y[1]))
        lon, lat = now.metric.to_lonlat(table.x[inside], table.y[inside])
        name = service.translated("name", language)
        found += [
            {
                "lon": round(float(lon[k]), 6),
                "lat": round(float(lat[k]), 6),
                "service": service.code,
                "label": _("%(service)s: %(number)s", service=name, number=table.source_id[row]),
            }
            for k, row in enumerate(inside.tolist())
        ]
    return found


def _spot() -> tuple[float, float]:
    return request.args.get("lon", math.nan, float), request.args.get("lat", math.nan, float)


def _on_earth(lon: float, lat: float) -> bool:
    return abs(lon) <= 180 and abs(lat) <= 90
