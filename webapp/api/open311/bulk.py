"""``requests.csv``: service requests in bulk, in the columns of GeoReport Bulk, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session, sessionmaker

from webapp.api.open311.dates import local, w3c
from webapp.api.open311.filters import read_filters
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.listing import reader_of
from webapp.api.open311.parameters import Parameters
from webapp.api.open311.queries import Filters, service_requests
from webapp.api.open311.shown import Reader
from webapp.catalog.snapshot import ServiceEntry
from webapp.spreadsheets import CSV, lines
from webapp.tickets.lifecycle import words

_COLUMNS = (
    "service_request_id", "status", "status_notes", "status_description", "service_name", "service_code",
    "service_subtype", "description", "agency_responsible", "service_notice", "requested_datetime",
    "updated_datetime", "expected_datetime", "closed_date", "address", "address_id", "zipcode", "lat",
    "long", "media_url", "source",
)  # fmt: skip
_AT_ONCE = 1000
_FROM_THE_TOP = (datetime.max.replace(tzinfo=UTC), 0)


def stream() -> Response:
    """Answer all requests that the parameters ask for, of any span, newest first. There are no pages."""
    parameters = Parameters(request)
    city = city_of(parameters)
    reader = reader_of(parameters, city)
    filters = read_filters(parameters, city, reader.known, private=reader.private, whole=True)
    return Response(
        _lines(current_app.extensions["session"], reader, filters),
        content_type=CSV,
        headers={"Content-Disposition": 'attachment; filename="requests.csv"'},
    )


def _lines(sessions: sessionmaker[Session], reader: Reader, filters: Filters) -> Iterator[str]:
    """Yield the header, then the rows, a page at a time; each begins after the last row of the one before.

    So no statement takes longer the farther down the list it reads; and while reports come in at the top and
    others change, none is missed and none told twice.
    """
    yield lines([_COLUMNS])
    filters = replace(filters, page=1, page_size=_AT_ONCE, before=_FROM_THE_TOP)
    while True:
        # A session for each page: the request's own ends before the answer is read, and a slow reader would
        # keep a transaction open that holds back the clean-up of all tables.
        with sessions() as session:
            rows = service_requests(session, reader.city, filters, extensions=True)
        yield lines(_cells(reader, row) for row in rows)
        if filters.tracking_numbers is not None or len(rows) < _AT_ONCE:
            return
        filters = replace(filters, before=(rows[-1]["requested_at"], rows[-1]["id"]))


def _cells(reader: Reader, row: RowMapping) -> list[Any]:
    service = reader.known.services[row["service_id"]]
    fields = reader.fields(row, extensions=False) | {
        "status_description": words(row["status"]),
        "closed_date": None if row["open"] else local(row["updated_at"], reader.zone),
        "source": row["channel"],
        "service_subtype": _subtype(row, service) if reader.sees_all(row) else None,
    }
    cells = (fields[name] for name in _COLUMNS)
    return [w3c(cell) if isinstance(cell, datetime) else cell for cell in cells]


def _subtype(row: RowMapping, service: ServiceEntry) -> str:
    """Return the answers to questions with a choice, in words."""
    names = []
    for question in service.questions:
        answer = row["answers"].get(question.code, [])
        chosen = answer if isinstance(answer, list) else [answer]
        names += [option["name"] for option in question.options if option["key"] in chosen]
    return "; ".join(names)
