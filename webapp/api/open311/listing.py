"""``requests`` and ``tokens``: what was reported, and what has become of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request
from sqlalchemy import RowMapping

from layers.models import City
from webapp.api.open311.dates import w3c
from webapp.api.open311.errors import bad, missing
from webapp.api.open311.extensions import extension_fields
from webapp.api.open311.formats import Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters
from webapp.api.open311.queries import Filters, service_requests
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.tickets.tracking import TrackingNumberError, normalise

LONGEST_SPAN = timedelta(days=90)
MOST_REQUESTS = 1000
LAST_PAGE = 100_000


def several(form: Format) -> Response:
    """Answer the service requests that the parameters ask for, newest first."""
    parameters = Parameters(request)
    city = city_of(parameters)
    known = catalog(g.session, city)
    return _answer(form, city, known, _filters(parameters, city, known), parameters.flag("extensions"))


def one(tracking_number: str, form: Format) -> Response:
    """Answer one service request."""
    parameters = Parameters(request)
    city = city_of(parameters)
    filters = Filters(tracking_numbers=_numbers([tracking_number]))
    return _answer(form, city, catalog(g.session, city), filters, parameters.flag("extensions"), needed=True)


def token(token: str, form: Format) -> Response:
    """Answer the service request of a token. Ours are given at once, so that a token is their number."""
    city = city_of(Parameters(request))
    rows = service_requests(g.session, city, Filters(tracking_numbers=_numbers([token])), extensions=False)
    if not rows:
        raise missing("token", "is not known here.")
    found = [{"service_request_id": rows[0]["tracking_number"], "token": token}]
    return respond(form, "service_requests", found)


def _answer(
    form: Format, city: City, known: Catalog, filters: Filters, extensions: bool, *, needed: bool = False
) -> Response:
    rows = service_requests(g.session, city, filters, extensions=extensions)
    if needed and not rows:
        raise missing("service_request_id", "is not known here.")
    zone = ZoneInfo(city.time_zone)
    shown = [_shown(row, known, zone) for row in rows]
    if extensions:
        for fields, row in zip(shown, rows, strict=True):
            fields |= extension_fields(row, known, zone)
    return respond(form, "service_requests", shown)


def _filters(parameters: Parameters, city: City, known: Catalog) -> Filters:
    tracking_numbers = parameters.words("service_request_id", most=MOST_REQUESTS)
    if tracking_numbers:
        return Filters(tracking_numbers=_numbers(tracking_numbers))
    zone = ZoneInfo(city.time_zone)
    updated_after = parameters.date("updated_after", zone)
    updated_before = parameters.date("updated_before", zone)
    _in_order("updated_after", updated_after, "updated_before", updated_before)
    start, end = parameters.date("start_date", zone), parameters.date("end_date", zone)
    _in_order("start_date", start, "end_date", end)
    if start or end or not (updated_after or updated_before):
        start, end = _span(start, end)
    return Filters(
        service_ids=_service_ids(parameters, known),
        start=start,
        end=end,
        updated_after=updated_after,
        updated_before=updated_before,
        open=_open(parameters),
        box=parameters.box("bbox"),
        page=parameters.integer("page", 1, LAST_PAGE) or 1,
        page_size=parameters.integer("page_size", 1, MOST_REQUESTS) or MOST_REQUESTS,
    )


def _in_order(first: str, begin: datetime | None, second: str, end: datetime | None) -> None:
    if begin and end and begin > end:
        raise bad(first, f"is later than {second}.")


def _span(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime | None]:
    """Return at most 90 days: those up to the end, or up to now where none is given."""
    until = end or datetime.now(UTC)
    earliest = until - LONGEST_SPAN if until.year > 1 else until
    return max(start or earliest, earliest), end


def _service_ids(parameters: Parameters, known: Catalog) -> list[int]:
    """Return the services to list. Reports of a service that is not public are found by their number only."""
    codes = parameters.words("service_code", most=MOST_REQUESTS)
    if not known.service_by_code.keys() >= set(codes):
        raise missing("service_code", "names a service that this city does not have: see GET services.")
    asked = [known.service_by_code[code] for code in codes] or known.services.values()
    return [service.id for service in asked if service.public]


def _open(parameters: Parameters) -> bool | None:
    statuses = {word.lower() for word in parameters.words("status", most=20)}
    if statuses - {"open", "closed"}:
        raise bad("status", "takes open, closed, or both with a comma between.")
    return None if len(statuses) != 1 else "open" in statuses


def _numbers(words: list[str]) -> list[str]:
    """Return the tracking numbers as they are stored; what cannot be one is no request's number."""
    numbers = []
    for word in words:
        try:
            numbers.append(normalise(word))
        except TrackingNumberError:
            continue
    return numbers


def _shown(row: RowMapping, known: Catalog, zone: ZoneInfo) -> dict[str, Any]:
    service = known.services[row["service_id"]]
    media_urls = row["media_urls"] if service.public else []
    return {
        "service_request_id": row["tracking_number"],
        "status": "open" if row["open"] else "closed",
        "status_notes": row["status_notes"],
        "service_name": service.name,
        "service_code": service.code,
        "description": row["description"] if service.public else None,
        "agency_responsible": known.departments[row["department_id"]].name,
        "service_notice": service.notice or None,
        "requested_datetime": w3c(row["requested_at"], zone),
        "updated_datetime": w3c(row["updated_at"], zone),
        "expected_datetime": w3c(row["due_at"], zone),
        "address": row["address"],
        "address_id": None,
        "zipcode": row["postcode"],
        "lat": row["lat"],
        "long": row["lon"],
        "media_url": media_urls[0] if media_urls else None,
    }
