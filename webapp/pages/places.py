"""What the first page says of a pin: the address, the district, who looks after it, and what to mind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.meant import spots_meant
from layers.places import UNPLACED, Place
from webapp.catalog.snapshot import ServiceEntry
from webapp.dispatch.assignment import Assignment
from webapp.pages.context import served
from webapp.pages.owners import owner_of


@dataclass(frozen=True)
class View:
    """Where the map opens. Latitude first, as the map's library takes them."""

    bounds: list[list[float]]
    center: list[float]


_views: dict[int, tuple[tuple[int, ...], View]] = {}


def atlas() -> Atlas:
    """Return the atlas of the city served."""
    here = served()
    return current_atlas(here.session, here.city)


def city_view() -> View:
    """Return the extent of the city's streets and the middle of them, kept until the map changes."""
    now = atlas()
    kept = _views.get(now.city.id)
    if kept is None or kept[0] != now.edition_ids:
        coords = now.segments.lines.coords
        corners = np.percentile(coords, [1, 50, 99], axis=0)
        lon, lat = now.metric.to_lonlat(corners[:, 0], corners[:, 1])
        bounds = [[round(float(lat[i]), 5), round(float(lon[i]), 5)] for i in (0, 2)]
        kept = _views[now.city.id] = (now.edition_ids, View(bounds, [float(lat[1]), float(lon[1])]))
    return kept[1]


def described(lon: float, lat: float, service_code: str = "") -> dict[str, Any]:
    """Return what the page shows of a pin (EPSG:4326 degrees), in the reader's language."""
    here = served()
    place = atlas().locate_one(lon, lat)
    decided = _decided(place, here.catalog.service_by_code.get(service_code))
    return {
        "placed": place.placed,
        "address": _address(place),
        "side": str(FACING[place.facing]) if place.facing else None,
        "district": _district(place),
        "crew": _crew(decided, chosen=service_code in here.catalog.service_by_code),
        "owner": owner_of(place, decided),
        "warning": _warning(place),
        "spots": _spots(place),
    }


FACING = {
    "north": _l("north side"),
    "east": _l("east side"),
    "south": _l("south side"),
    "west": _l("west side"),
}


def _district(place: Place) -> str | None:
    district = place.zones.get(served().city.district_layer or "")
    return zone_name(district.name) if district else None


def _spots(place: Place) -> dict[str, Any] | None:
    """Return what to ask where a few metres decide, with the spots to choose from; None where they do not."""
    here = served()
    layers = {here.city.district_layer or "", *here.assigner.layers}
    spots = spots_meant(atlas(), place, layers & atlas().zones.keys())
    if not spots:
        return None
    streets = {spot.street for spot in spots}
    asked = _("Which street is it on?") if len(streets) > 1 else _("Which side is it on?")
    return {"asked": asked, "choices": [_spot(spot) for spot in spots]}


def _spot(place: Place) -> dict[str, Any]:
    told = (_address(place), FACING.get(place.facing or ""), _district(place))
    label = " · ".join(str(words) for words in told if words)
    return {"label": label, "lon": round(place.lon, 6), "lat": round(place.lat, 6)}


def _address(place: Place) -> str | None:
    if not place.address:
        return None
    return place.address if place.house_number else _("On %(street)s", street=place.street)


def zone_name(name: str) -> str:
    """Return such as ``District 4``: a zone that is only a number needs to be told what it is."""
    return _("District %(name)s", name=name) if name.isdecimal() else name


def _decided(place: Place, chosen: ServiceEntry | None) -> list[Assignment]:
    """Return who would do the chosen service here; with none chosen, who would do each."""
    if not place.placed:
        return []
    here = served()
    services = [chosen] if chosen else here.catalog.active
    classes = [service.street_classes for service in services]
    spots = atlas().locate([place.lon] * len(services), [place.lat] * len(services), classes=classes)
    now = np.full(len(services), np.datetime64("now"))
    found = here.assigner.assign_many([service.id for service in services], spots, now)
    return [found[i] for i in range(len(found))]


def _crew(decided: list[Assignment], *, chosen: bool) -> str | None:
    """Return who does the chosen service; with none chosen, who does most that depends on the spot."""
    by_the_spot = Counter(_who(found) for found in decided if chosen or found.service_area or found.owner)
    return by_the_spot.most_common(1)[0][0] if by_the_spot else None


def _who(found: Assignment) -> str:
    catalog = served().catalog
    if found.owner is not None:
        return found.owner
    if found.crew_id is not None:
        return catalog.crews[found.crew_id].name
    return catalog.departments[found.department_id].name


def _warning(place: Place) -> str | None:
    flags = set(place.flags)
    if "swapped" in flags:
        return _("Longitude and latitude have changed places here. Move the pin into the city.")
    if flags & UNPLACED:
        return _("This spot is outside %(city)s, so we cannot send anybody there.", city=served().city.name)
    if "far_from_street" in flags:
        return _("There is no street near by. Please describe the spot so that the crew finds it.")
    return None
