"""``pinward locate``: what the map knows of a point."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from layers.current import current_atlas
from layers.places import Place
from webapp.cli.city_session import city_session

REASONS = {
    "not_a_point": "it is not a longitude and latitude",
    "swapped": "longitude and latitude are swapped",
    "fallback_point": "another system writes this point when it cannot find an address",
    "outside": "it is outside the city",
    "far_from_street": "no street is near",
    "two_streets": "another street is about as near",
    "near_boundary": "it is near the edge of its district",
}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def locate(context: click.Context, lon: float, lat: float, slug: str | None, as_json: bool) -> None:
    """Say what the map knows of the point LON LAT. Exits with 1 where it is no place in the city.

    For example: pinward locate -71.0587 42.3594
    """
    with city_session(slug) as (session, city):
        place = current_atlas(session, city).locate_one(lon, lat)
    if as_json:
        click.echo(json.dumps(_as_json(place), indent=1))
    else:
        for label, value in _lines(place):
            click.echo(f"{label:<16}{value}")
    if not place.placed:
        context.exit(1)


def _as_json(place: Place) -> dict[str, object]:
    """Return a place as JSON can say it: what is not a number is null."""
    facts = asdict(place) | {"address": place.address, "placed": place.placed}
    return {key: None if value != value else value for key, value in facts.items()}


def _lines(place: Place) -> Iterator[tuple[str, str]]:
    for flag in place.flags:
        other = f": {place.other_street}" if flag == "two_streets" else ""
        yield "note", f"{REASONS[flag]}{other} ({flag})"
    if place.segment is not None:
        yield "address", place.address or "a street without a name"
        yield "postcode", place.postcode or "-"
        yield "segment", f"{place.segment_id}, {place.side or 'on the line'}, {place.snap_m:.1f} m away"
        yield "snapped to", f"{place.snap_lon:.6f} {place.snap_lat:.6f}"
    for zone in place.zones.values():
        edge = "" if zone.boundary_m is None else f", {zone.boundary_m:.1f} m from its edge"
        yield zone.layer, f"{zone.name} ({zone.id}){edge}"
    for asset in place.assets.values():
        owner = f", {asset.owner}" if asset.owner else ""
        yield asset.kind, f"{asset.id}, {asset.distance_m:.1f} m away{owner}"
