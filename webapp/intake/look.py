"""What a pin would get if it were sent, without writing anything: for the page, while the pin moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from layers.models import City
from layers.places import Place
from webapp.db import driver
from webapp.dispatch.assignment import Assignment
from webapp.intake.desk import desk_of
from webapp.intake.judging import Judgement, judge
from webapp.intake.matching import box_around
from webapp.tickets.nearby import nearby_open


@dataclass(frozen=True, slots=True)
class Look:
    """What a pin would get."""

    place: Place
    assignment: Assignment | None
    """None without a service."""
    due_at: datetime | None
    judgement: Judgement
    """The tickets that it may repeat, best first, each with its reasons."""


def look(
    session: Session,
    city: City,
    lon: float,
    lat: float,
    service_code: str | None = None,
    *,
    address: str = "",
    description: str = "",
    channel: str = "web",
    now: datetime | None = None,
) -> Look:
    """Return what a pin at a longitude and latitude (EPSG:4326 degrees) would get.

    Raises
    ------
    KeyError
        Where there is no such service.
    """
    desk = desk_of(session, city)
    service = desk.catalog.service_by_code[service_code] if service_code is not None else None
    places = desk.atlas.locate([lon], [lat], [address], [service.street_classes] if service else None)
    place = places[0]
    if service is None:
        return Look(place, None, None, Judgement())
    service_id = service.id
    now = now or datetime.now(UTC)
    candidates = []
    if place.placed:
        reach = desk.matching.reach_m(service_id)
        candidates = nearby_open(
            driver(session),
            city.id,
            box_around(desk.atlas, place.x, place.y, reach),
            desk.matching.related(service_id),
            *desk.matching.span(service_id, now),
        ).fetchall()
    judgement = judge(
        desk,
        places,
        service_id,
        now,
        address=address or place.address,
        description=description,
        channel=channel,
        candidates=candidates,
    )
    zones = {layer: hit.id for layer, hit in place.zones.items()}
    level = desk.prioritizer.priority(service_id, {}, zones).name
    due_at = desk.catalog.due_at(service_id, now, level, zones.get(city.district_layer or ""))
    return Look(place, desk.assigner.assign(service_id, places, now), due_at, judgement)
