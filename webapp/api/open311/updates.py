"""``servicerequestupdates``: what happened to requests, told and taken: FixMyStreet's extension."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from flask import Response, g, request
from sqlalchemy import RowMapping

from layers.models import City
from webapp.api.open311 import callers
from webapp.api.open311.dates import local
from webapp.api.open311.errors import bad, missing
from webapp.api.open311.filters import LAST_PAGE, MOST_REQUESTS, in_order, numbers, span
from webapp.api.open311.formats import Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters
from webapp.api.open311.states import update_status, update_words
from webapp.api.open311.submission import TEST_BLUEPRINT
from webapp.api.open311.updates_queries import UpdateFilters, updates
from webapp.catalog.queries import catalog
from webapp.intake.draft import LONGEST_DESCRIPTION, MOST_MEDIA
from webapp.intake.words import plain_text
from webapp.tickets import media, updating
from webapp.tickets.lifecycle import Incomplete, MoveRefused
from webapp.tickets.wanted import GIVEN_STATUSES, Wanted

_ROOT = "service_request_updates"
_LONGEST = 100_000


def updates_told(form: Format) -> Response:
    """Answer what happened to requests, the earliest first."""
    parameters = Parameters(request)
    city = city_of(parameters)
    private = callers.reads_private(parameters, city)
    known = catalog(g.session, city)
    zone = ZoneInfo(city.time_zone)
    start, end = parameters.date("start_date", zone), parameters.date("end_date", zone)
    in_order("start_date", start, "end_date", end)
    start, end = span(start, end)
    wanted = parameters.words("service_request_id", most=MOST_REQUESTS)
    filters = UpdateFilters(
        service_ids=[service.id for service in known.services.values() if private or service.public],
        hidden_too=private,
        tracking_numbers=numbers(wanted) if wanted else None,
        start=start,
        end=end,
        page=parameters.integer("page", 1, LAST_PAGE) or 1,
        page_size=parameters.integer("page_size", 1, MOST_REQUESTS) or MOST_REQUESTS,
    )
    return respond(form, _ROOT, [_shown(row, zone) for row in updates(g.session, city.id, filters)])


def _shown(row: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    links = media.shown(row["media_urls"] or [])
    return {
        "update_id": _update_id(row["id"], row["tracking_number"]),
        "service_request_id": row["tracking_number"],
        "status": update_status(row["kind"], row["data"]),
        "updated_datetime": local(row["at"], zone),
        "description": row["note"] or update_words(row["kind"], row["data"]),
        "media_url": links[0] if links else None,
        "external_status_code": row["kind"],
        "customer_reference": row["work_orders"],
    }


def _update_id(timeline_id: int, tracking_number: str) -> str:
    """Name an update: one thing that happened to a ticket is an update of each of its reports."""
    return f"{timeline_id}.{tracking_number}"


def take_update(form: Format) -> Response:
    """Take an update of another system in; on the test endpoint, throw it away again."""
    parameters = Parameters(request)
    city = city_of(parameters)
    caller = callers.system(parameters, city, "update")
    tracking_number = (numbers([_needed(parameters, "service_request_id")]) or [""])[0]
    try:
        timeline_id = updating.take(g.session, city, caller, tracking_number, _told(parameters, city))
    except updating.NoSuchReportError as error:
        raise missing("service_request_id", "is not known here.") from error
    except updating.AlreadyGivenError as error:
        raise bad("update_id", "already exists: this update was taken before.") from error
    except MoveRefused as error:
        _refuse(error)
    if request.blueprint == TEST_BLUEPRINT:
        g.session.rollback()
    else:
        g.session.commit()
    return respond(form, _ROOT, [{"update_id": _update_id(timeline_id, tracking_number)}], status=201)


def _told(parameters: Parameters, city: City) -> updating.Told:
    """Return what is told. Who told it to the other system is not kept: nothing here asks for it."""
    status = _needed(parameters, "status")
    wanted = GIVEN_STATUSES.get(status.lower())
    if wanted is None:
        raise bad("status", f"is not known here; send one of {', '.join(GIVEN_STATUSES).upper()}.")
    note = plain_text(parameters.text("description", longest=_LONGEST) or "")
    if not note:
        raise bad("description", "is missing: say what happened.")
    if len(note) > LONGEST_DESCRIPTION:
        raise bad("description", f"is longer than {LONGEST_DESCRIPTION:,} characters.")
    urls = parameters.texts("media_url", most=MOST_MEDIA, longest=media.LONGEST)
    if not all(map(media.is_address, urls)):
        raise bad("media_url", "takes the address of a picture, beginning with https://.")
    state, detail = _state(wanted, _attributes(parameters))
    return updating.Told(
        update_id=_needed(parameters, "update_id"),
        status=status,
        state=state,
        from_closed_only=wanted.from_closed_only,
        detail=detail,
        note=note,
        updated_at=_when(parameters, ZoneInfo(city.time_zone)),
        media_urls=urls,
        work_order=_reference(parameters),
    )


def _reference(parameters: Parameters) -> str | None:
    """Return what the other system calls it, which everybody who reported it may read."""
    reference = parameters.text("customer_reference")
    if reference is not None and not reference.isprintable():
        raise bad("customer_reference", "holds what cannot be printed.")
    return reference


def _state(wanted: Wanted, attributes: dict[str, str]) -> tuple[str | None, str | None]:
    """Return the state and what it takes. Without the day or the agency that it takes, it is a remark."""
    takes = {"scheduled": "scheduled_for", "referred": "owner", "done": "outcome", "declined": "outcome"}
    detail = attributes.get(takes.get(wanted.state or "", ""), wanted.detail)
    if wanted.state in ("scheduled", "referred") and detail is None:
        return None, None
    return wanted.state, detail


def _attributes(parameters: Parameters) -> dict[str, str]:
    """Return what is told beyond the extension; what another city's clients send along is left alone."""
    return {code: values[0] for code, values in parameters.attributes().items()}


def _when(parameters: Parameters, zone: ZoneInfo) -> datetime:
    when = parameters.date("updated_datetime", zone)
    if when is None:
        raise bad("updated_datetime", "is missing: say when it happened.")
    return when


def _needed(parameters: Parameters, name: str) -> str:
    value = parameters.text(name)
    if value is None:
        raise bad(name, "is missing.")
    return value


def _refuse(error: MoveRefused) -> NoReturn:
    if isinstance(error, Incomplete):
        raise bad("description" if error.field == "note" else f"attribute[{error.field}]", str(error))
    raise bad("status", str(error))
