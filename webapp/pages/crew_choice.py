"""Which tickets a crew asked to see, read from the address: the same for list, map and day plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_login import current_user

from webapp.pages.context import served
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.queries import Filters, TicketRow

DUE = ("overdue", "today", "week")
DISTANCES_M = (500, 1000, 2000, 5000)
LONGEST_SEARCH = 100


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the reader asked to see; all of it is in the page's address, so that it can be sent and kept."""

    q: str = ""
    """Words of an address or a description, a ticket's number or a tracking number."""
    state: str = ""
    service: str = ""
    """Code."""
    due: str = ""
    district: str = ""
    """Zone id."""
    lon: float | None = None
    lat: float | None = None
    """Where the reader is, EPSG:4326 degrees."""
    distance: int = 0
    """Metres from there; 0: any."""

    @property
    def query(self) -> dict[str, Any]:
        """The choice as the parameters of an address."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in given.items() if value not in ("", None, 0)}

    def page_from(self, start: int) -> dict[str, Any]:
        """Return the parameters of the page that begins with ticket ``start`` of the list."""
        return self.query | {"from": start}

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves any ticket out."""
        return bool(self.query.keys() - {"lon", "lat"})


def read_choice() -> Choice:
    """Read the choice from the address; what makes no sense is left out."""
    args = request.args
    lon, lat = args.get("lon", None, _degrees), args.get("lat", None, _degrees)
    somewhere = lon is not None and lat is not None and abs(lon) <= 180 and abs(lat) <= 90
    distance = args.get("distance", 0, int)
    return Choice(
        q=args.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
        state=_one_of(args.get("state", ""), OPEN_STATUSES),
        service=_one_of(args.get("service", ""), served().catalog.service_by_code),
        due=_one_of(args.get("due", ""), DUE),
        district=args.get("district", "")[:LONGEST_SEARCH].replace("\x00", ""),
        lon=lon if somewhere else None,
        lat=lat if somewhere else None,
        distance=distance if somewhere and distance in DISTANCES_M else 0,
    )


def filters_of(chosen: Choice) -> Filters:
    """Return the tickets that a choice shows: among those of the person signed in."""
    here = served()
    near = None
    if chosen.distance and chosen.lon is not None and chosen.lat is not None:
        near = (chosen.lon, chosen.lat, float(chosen.distance))
    service = here.catalog.service_by_code.get(chosen.service)
    return Filters(
        crew_ids=[current_user.crew_id] if current_user.role == "crew" else None,
        department_ids=departments(),
        service_ids=[service.id] if service else None,
        statuses=[chosen.state] if chosen.state else None,
        district=district() or chosen.district or None,
        due_before=_until(chosen.due, here.city.time_zone),
        near=near,
        words=chosen.q or None,
    )


def may_see(row: TicketRow) -> bool:
    """Say whether a ticket is among those that the person signed in works with."""
    mine = departments()
    if current_user.role == "crew":
        return bool(row.crew_id == current_user.crew_id)
    return (mine is None or row.department_id in mine) and district() in (None, row.district)


def district() -> str | None:
    """Return the district (zone id) whose tickets a supervisor sees; None: of all."""
    return current_user.district if current_user.role == "supervisor" else None


def departments() -> list[int] | None:
    """Return whose tickets a supervisor sees: the own department's; None: of all."""
    if current_user.role == "supervisor" and current_user.department_id is not None:
        return [current_user.department_id]
    return None


def _until(due: str, time_zone: str) -> datetime | None:
    """Return before when tickets are due: by now, by the end of today or of the seventh day."""
    now = datetime.now(UTC)
    if due == "overdue":
        return now
    days = {"today": 1, "week": 7}.get(due)
    if days is None:
        return None
    zone = ZoneInfo(time_zone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days), time(), tzinfo=zone)


def _one_of(value: str, known: Any) -> str:
    return value if value in known else ""


def _degrees(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
