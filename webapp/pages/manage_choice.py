"""What a manager asked to see, read from the address and put into one: for page, tickets and files."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for

from webapp.catalog.snapshot import Catalog
from webapp.insight.measures import Window
from webapp.insight.periods import Period
from webapp.insight.queries import Scope
from webapp.pages import crew_choice
from webapp.pages.context import served

USUAL_DAYS = 90
DIMENSIONS = ("department", "crew", "service", "group", "district", "channel", "language")
"""By which figures can be listed; each layer of zones is one too."""
LONGEST = 100


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the reader asked to see; all of it is in the page's address, so that a view can be sent."""

    first: str
    last: str
    group: str = ""
    service: str = ""
    """Code, as of department and crew."""
    department: str = ""
    crew: str = ""
    district: str = ""
    """Zone id."""
    channel: str = ""
    language: str = ""
    by: str = "department"
    """One of `DIMENSIONS`, or a layer of zones."""

    @property
    def period(self) -> Period:
        """The days."""
        return Period(date.fromisoformat(self.first), date.fromisoformat(self.last))

    def address(self, endpoint: str = "manage.show", **more: Any) -> str:
        """Return the address of a view of the same choice, but for what is given."""
        given = {each.name: getattr(self, each.name) for each in fields(self)} | more
        named = {{"first": "from", "last": "to"}.get(name, name): value for name, value in given.items()}
        return url_for(endpoint, **{name: value for name, value in named.items() if value not in ("", None)})


def read_choice() -> Choice:
    """Read the choice from the address; what makes no sense is as usual."""
    here, args = served(), request.args
    today = datetime.now(ZoneInfo(here.city.time_zone)).date()
    last = _day("to") or today
    first = _day("from") or last - timedelta(days=USUAL_DAYS - 1)
    catalog = here.catalog
    return Choice(
        first=min(first, last).isoformat(),
        last=max(first, last).isoformat(),
        group=_one_of("group", {service.group for service in catalog.services.values()}),
        service=_one_of("service", catalog.service_by_code),
        department=_one_of("department", {each.code for each in catalog.departments.values()}),
        crew=_one_of("crew", {each.code for each in catalog.crews.values()}),
        **{
            name: args.get(name, "").replace("\x00", "")[:LONGEST]
            for name in ("district", "channel", "language")
        },
        by=args.get("by", "")[:LONGEST] or "department",
    )


def scope_of(chosen: Choice, window: Window) -> Scope:
    """Return the tickets that a choice counts: among those that the reader may see."""
    here = served()
    return Scope(
        city_id=here.city.id,
        begin=window.begin,
        end=window.end,
        district=crew_choice.district() or chosen.district or None,
        service_ids=_services(chosen, here.catalog),
        department_ids=_departments(chosen, here.catalog),
        crew_ids=[each.id for each in here.catalog.crews.values() if each.code == chosen.crew]
        if chosen.crew
        else None,
        channel=chosen.channel or None,
        language=chosen.language or None,
    )


def window_of(period: Period, now: datetime) -> Window:
    """Return a period as instants of the city's days."""
    begin, end = period.instants(served().city.time_zone)
    return Window(begin, end, now)


def now() -> datetime:
    """Return the moment, the same for all figures of a page."""
    return datetime.now(UTC)


def _services(chosen: Choice, catalog: Catalog) -> list[int] | None:
    if not chosen.service and not chosen.group:
        return None
    return [
        each.id
        for each in catalog.services.values()
        if chosen.service in ("", each.code) and chosen.group in ("", each.group)
    ]


def _departments(chosen: Choice, catalog: Catalog) -> list[int] | None:
    mine = crew_choice.departments()
    if not chosen.department:
        return mine
    asked = [each.id for each in catalog.departments.values() if each.code == chosen.department]
    return [number for number in asked if mine is None or number in mine]


def _one_of(name: str, known: Any) -> str:
    value = request.args.get(name, "")
    return value if value in known else ""


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if date(1990, 1, 1) <= day <= date(2200, 1, 1) else None
