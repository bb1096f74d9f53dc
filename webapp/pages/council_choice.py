"""What a council office asked to see, read from the address and put into one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from flask import abort, request, url_for
from flask_login import current_user
from numpy.typing import NDArray

from layers.atlas import Atlas
from webapp.insight import gathering, queries
from webapp.insight.areas import HEXAGONS, MEASURES
from webapp.insight.facts import Facts
from webapp.insight.kept import kept
from webapp.insight.periods import Period
from webapp.insight.queries import Scope
from webapp.pages.context import served
from webapp.pages.places import atlas

USUAL_DAYS = 90
FAVOURITE_AREAS = "neighborhood"
"""The layer that the table by area starts with, in a city that has one of this name."""
VIEWS = ("heat", "months", *MEASURES)
"""What the map can show: heat, heat month by month, areas by a measure."""


@dataclass(frozen=True)
class Choice:
    """What the reader asked to see; all of it is in the page's address, so that a view can be sent."""

    district: str | None
    """Zone id; None for the whole city."""
    period: Period
    group: str
    """A group of services; empty for all."""
    only_open: bool
    """On the map, and in figures of areas."""
    areas: str
    """A layer of zones, or `HEXAGONS`."""
    view: str
    """What the map shows: one of `VIEWS`."""

    def address(self, endpoint: str, **more: str) -> str:
        """Return the address of a view of the same choice."""
        query: dict[str, str | None] = {
            "district": self.district,
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "group": self.group or None,
            "show": "open" if self.only_open else None,
            "areas": self.areas,
            "view": self.view,
            **more,
        }
        return url_for(endpoint, **query)  # type: ignore[arg-type]


def own_district() -> str | None:
    """Return the only district the person may see, None where it is any."""
    own: str | None = current_user.district if current_user.role == "council" else None
    return own


def read_choice() -> Choice:
    """Read the choice from the address; what is missing or makes no sense is as usual."""
    map_now = atlas()
    zone = own_district() or request.args.get("district") or None
    if zone is not None and zone not in dict(districts_of(map_now)):
        abort(404)
    layers = area_layers(map_now, zone)
    areas = request.args.get("areas", "")
    if areas not in layers:
        areas = FAVOURITE_AREAS if FAVOURITE_AREAS in layers else layers[0]
    view = request.args.get("view", "")
    return Choice(
        district=zone,
        period=_period(zone),
        group=request.args.get("group", ""),
        only_open=request.args.get("show") == "open",
        areas=areas,
        view=view if view in VIEWS else VIEWS[0],
    )


def _period(zone: str | None) -> Period:
    """Return the period asked for, else the 90 days that end with the newest ticket."""
    first, last = _day("from"), _day("to")
    if first and last:
        return Period(min(first, last), max(first, last))
    if last is None:
        last = _newest_day(zone)
    return Period(first, max(first, last)) if first else Period.ending(last, USUAL_DAYS)


def usual_period(zone: str | None) -> Period:
    """Return the 90 days that end with the newest ticket."""
    return Period.ending(_newest_day(zone), USUAL_DAYS)


def _newest_day(zone: str | None) -> date:
    here = served()
    newest = queries.newest(here.session, here.city.id, zone) or datetime.now(UTC)
    return newest.astimezone(ZoneInfo(here.city.time_zone)).date()


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if date(1900, 1, 1) <= day <= date(9000, 1, 1) else None


def districts_of(map_now: Atlas) -> list[tuple[str, str]]:
    """Return the ids and names of the city's districts."""
    zones = map_now.zones.get(served().city.district_layer or "")
    return list(zip(zones.source_id.tolist(), zones.name.tolist(), strict=True)) if zones else []


def area_layers(map_now: Atlas, district: str | None) -> list[str]:
    """Return what a district or the whole city can be looked at by: layers of zones, and hexagons."""
    city = served().city
    left_out = (city.boundary_layer, city.district_layer if district else None)
    zones = [
        name
        for name, zones in map_now.zones.items()
        if name not in left_out and len(zones) > 1 and not zones.class_.any()
    ]
    return [*zones, HEXAGONS]


def scope_of(chosen: Choice) -> Scope:
    """Return the tickets that a choice counts."""
    here = served()
    begin, end = chosen.period.instants(here.city.time_zone)
    of_group = [service.id for service in here.catalog.services.values() if service.group == chosen.group]
    return Scope(
        city_id=here.city.id,
        begin=begin,
        end=end,
        district=chosen.district,
        service_ids=of_group if chosen.group else None,
    )


def facts_of(chosen: Choice) -> tuple[Facts, datetime]:
    """Return the tickets that a choice counts, and as of when: before any were kept, now."""
    here = served()
    known = kept(here.session, here.city.id)
    now = known.refreshed_at if known else datetime.now(UTC)
    facts = known.facts if known else gathering.read(here.session, here.city.id)
    return facts.within(scope_of(chosen)), now


def is_public(facts: Facts) -> NDArray[np.bool_]:
    """Return which tickets are of services whose reports everybody may see, without anybody checking them."""
    services = served().catalog.services.values()
    seen = [service.id for service in services if service.public and not service.check_first]
    return np.isin(facts.service, np.array(seen, np.int16))
