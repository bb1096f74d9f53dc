"""Which service requests a caller asks for: GeoReport's parameters, and what clients ask for beyond them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from layers.models import City
from webapp.api.open311.errors import bad, missing
from webapp.api.open311.parameters import Parameters
from webapp.api.open311.queries import Filters
from webapp.catalog.snapshot import Catalog
from webapp.tickets.tracking import TrackingNumberError, normalise

LONGEST_SPAN = timedelta(days=90)
MOST_REQUESTS = 1000
LAST_PAGE = 100_000


def read_filters(
    parameters: Parameters, city: City, known: Catalog, *, private: bool, whole: bool = False
) -> Filters:
    """Return the filters that the parameters name.

    Parameters
    ----------
    private
        Whether reports that are hidden, or of services that are not public, are listed too.
    whole
        Whether any span may be asked for, not 90 days at most.
    """
    tracking_numbers = parameters.words("service_request_id", most=MOST_REQUESTS)
    if tracking_numbers:
        return Filters(tracking_numbers=numbers(tracking_numbers))
    zone = ZoneInfo(city.time_zone)
    updated_after = parameters.date("updated_after", zone)
    updated_before = parameters.date("updated_before", zone)
    in_order("updated_after", updated_after, "updated_before", updated_before)
    start, end = parameters.date("start_date", zone), parameters.date("end_date", zone)
    in_order("start_date", start, "end_date", end)
    if not whole and (start or end or not (updated_after or updated_before)):
        start, end = span(start, end)
    return Filters(
        service_ids=_service_ids(parameters, known, private),
        hidden_too=private,
        start=start,
        end=end,
        updated_after=updated_after,
        updated_before=updated_before,
        open=_open(parameters),
        box=parameters.box("bbox"),
        page=parameters.integer("page", 1, LAST_PAGE) or 1,
        page_size=parameters.integer("page_size", 1, MOST_REQUESTS) or MOST_REQUESTS,
    )


def in_order(first: str, begin: datetime | None, second: str, end: datetime | None) -> None:
    """Refuse a span that ends before it begins."""
    if begin and end and begin > end:
        raise bad(first, f"is later than {second}.")


def span(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime | None]:
    """Return at most 90 days: those up to the end, or up to now where none is given."""
    until = end or datetime.now(UTC)
    earliest = until - LONGEST_SPAN if until.year > 1 else until
    return max(start or earliest, earliest), end


def numbers(words: list[str]) -> list[str]:
    """Return the tracking numbers as they are stored; what cannot be one is no request's number."""
    found = []
    for word in words:
        try:
            found.append(normalise(word))
        except TrackingNumberError:
            continue
    return found


def _service_ids(parameters: Parameters, known: Catalog, private: bool) -> list[int]:
    """Return the services to list. Reports of one that is not public are found by their number only."""
    codes = parameters.words("service_code", most=MOST_REQUESTS)
    if not known.service_by_code.keys() >= set(codes):
        raise missing("service_code", "names a service that this city does not have: see GET services.")
    asked = [known.service_by_code[code] for code in codes] or known.services.values()
    return [service.id for service in asked if private or service.public]


def _open(parameters: Parameters) -> bool | None:
    statuses = {word.lower() for word in parameters.words("status", most=20)}
    if statuses - {"open", "closed"}:
        raise bad("status", "takes open, closed, or both with a comma between.")
    return None if len(statuses) != 1 else "open" in statuses
