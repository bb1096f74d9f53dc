"""For administrators: who would get a pin, and what a draft would change for the reports of some days."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from layers.addresses import find
from webapp.dispatch import trial
from webapp.dispatch.assignment import Assignment
from webapp.dispatch.trial import Change, Trial
from webapp.pages.area_words import spot, who
from webapp.pages.areas import LOOK, Work, may_edit, work_on
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.places import atlas, city_view
from webapp.people.access import access

blueprint = Blueprint("area_trial", __name__, url_prefix="/admin/areas/<name>/try")

OPEN = "open"
"""Instead of the reports of a period: the tickets that are open now."""
LONGEST_DAYS = 366


@blueprint.get("")
@access(LOOK)
def show(name: str) -> str:
    """Say who would get a pin, and what would change for a period; each where it is asked for."""
    work, asked, problem = work_on(name), request.args.get("ask", ""), ""
    pin: dict[str, Any] | None = None
    found: Trial | None = None
    if asked == "pin":
        pin, problem = _pin(work)
    elif asked in ("period", OPEN):
        found, problem = _period(work, asked)
    since, until = _days()
    return render_template(
        "admin/areas_trial.html",
        work=work, draft=work.draft, layer=work.layer, may_edit=may_edit(),
        services=served().catalog.active, service=request.args.get("service", ""),
        address=request.args.get("address", ""),
        lon=request.args.get("lon", ""), lat=request.args.get("lat", ""),
        asked=asked, pin=pin, trial=found, problem=problem, since=since, until=until,
        moves=_moves(found) if found else [],
        state=_state(work, found, pin),
        bounds=city_view().bounds,
    )  # fmt: skip


def _pin(work: Work) -> tuple[dict[str, Any] | None, str]:
    """Return who gets a pin now and who would by the draft, or what is missing."""
    here, args = served(), request.args
    service = here.catalog.service_by_code.get(args.get("service", ""))
    if service is None:
        return None, _("Choose what it is about.")
    lon, lat = args.get("lon", math.nan, float), args.get("lat", math.nan, float)
    if args.get("address", "").strip():
        matches = find(atlas(), args["address"][:200])
        if not matches:
            return None, _("There is no such address on our map. Write it like 12 Main St.")
        lon, lat = matches[0].lon, matches[0].lat
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None, _("Give an address, or click the spot on the map.")
    now, then = trial.pin(here.session, here.city, work.draft, service.id, lon, lat, datetime.now(UTC))
    place = atlas().locate_one(lon, lat)
    return {
        "lon": lon,
        "lat": lat,
        "where": place.address or spot(lon, lat),
        "service": service.translated("name", chosen_language()),
        "now": _who(now),
        "then": _who(then),
        "now_why": now.why,
        "then_why": then.why,
    }, ""


def _who(found: Assignment) -> str:
    return who(served().catalog, (found.crew_id, found.department_id, found.owner))


def _period(work: Work, asked: str) -> tuple[Trial | None, str]:
    here = served()
    if asked == OPEN:
        return trial.open_tickets(here.session, here.city, work.draft), ""
    since, until = _days()
    if not since <= until <= since + timedelta(days=LONGEST_DAYS):
        return None, _("Choose a period of up to a year, the first day before the last.")
    zone = ZoneInfo(here.city.time_zone)
    begin = datetime.combine(since, time(), zone)
    end = datetime.combine(until + timedelta(days=1), time(), zone)
    return trial.period(here.session, here.city, work.draft, begin, end), ""


def _days() -> tuple[date, date]:
    """Return the first and the last day of the period; where none is given, the last four weeks."""
    today = datetime.now(ZoneInfo(served().city.time_zone)).date()
    since = request.args.get("from", today - timedelta(days=28), date.fromisoformat)
    return since, request.args.get("to", today, date.fromisoformat)


def _moves(found: Trial) -> list[tuple[str, str, int]]:
    known = served().catalog
    return [(who(known, now), who(known, then), count) for now, then, count in found.moves]


def _state(work: Work, found: Trial | None, pin: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the map draws."""
    known = served().catalog

    def mark(change: Change) -> dict[str, Any]:
        words = _("from %(now)s to %(then)s", now=who(known, change.now), then=who(known, change.then))
        return {"at": [change.lat, change.lon], "words": words}

    return {
        "areas": [area.as_dict() for area in work.draft.areas],
        "changes": [mark(change) for change in found.shown] if found else [],
        "pin": [pin["lat"], pin["lon"]] if pin else None,
    }
