"""What the first page says of a pin: the address, the district, who looks after it, and what to mind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from flask_babel import gettext as _

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.places import Place
from webapp.dispatch.assignment import Assignment
from webapp.pages.context import served


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
    place = atlas().locate_one(lon, lat)
    district = place.zones.get(served().city.district_layer or "")
    return {
        "placed": place.placed,
        "address": _address(place),
        "district": zone_name(district.name) if district else None,
        "crew": _crew(lon, lat, service_code) if place.placed else None,
        "warning": _warning(place),
    }


def _address(place: Place) -> str | None:
    if not place.address:
        return None
    return place.address if place.house_number else _("On %(street)s", street=place.street)


def zone_name(name: str) -> str:
    """Return such as ``District 4``: a zone that is only a number needs to be told what it is."""
    return _("District %(name)s", name=name) if name.isdecimal() else name


def _crew(lon: float, lat: float, service_code: str) -> str | None:
    """Return who does the chosen service here; with none chosen, who does most that depends on the spot."""
    here = served()
    chosen = here.catalog.service_by_code.get(service_code)
    services = [chosen] if chosen else here.catalog.active
    classes = [service.street_classes for service in services]
    spots = atlas().locate([lon] * len(services), [lat] * len(services), classes=classes)
    now = np.full(len(services), np.datetime64("now"))
    decided = here.assigner.assign_many([service.id for service in services], spots, now)
    if chosen:
        return _who(decided[0])
    found_here = [decided[i] for i in range(len(decided))]
    by_the_spot = Counter(_who(found) for found in found_here if found.service_area or found.owner)
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
    if flags & {"outside", "swapped", "not_a_point", "fallback_point"}:
        return _("This spot is outside %(city)s, so we cannot send anybody there.", city=served().city.name)
    if "far_from_street" in flags:
        return _("There is no street near by. Please describe the spot so that the crew finds it.")
    if "two_streets" in flags and place.other_street:
        return _(
            "Is it on %(street)s or on %(other)s? Move the pin a little to be sure.",
            street=place.street,
            other=place.other_street,
        )
    return None
