"""``requests`` and ``tokens``: what was reported, and what has become of it."""

from __future__ import annotations

from flask import Response, g, request

from layers.models import City
from webapp.api.addresses import base_url
from webapp.api.open311 import callers
from webapp.api.open311.errors import missing
from webapp.api.open311.filters import numbers, read_filters
from webapp.api.open311.formats import Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters
from webapp.api.open311.queries import Filters, service_requests
from webapp.api.open311.shown import Reader
from webapp.catalog.queries import catalog


def several(form: Format) -> Response:
    """Answer the service requests that the parameters ask for, newest first."""
    parameters = Parameters(request)
    city = city_of(parameters)
    reader = reader_of(parameters, city)
    filters = read_filters(parameters, city, reader.known, private=reader.private)
    return _answer(form, reader, filters, parameters.flag("extensions"))


def one(tracking_number: str, form: Format) -> Response:
    """Answer one service request."""
    parameters = Parameters(request)
    city = city_of(parameters)
    filters = Filters(tracking_numbers=numbers([tracking_number]))
    return _answer(form, reader_of(parameters, city), filters, parameters.flag("extensions"), needed=True)


def token(token: str, form: Format) -> Response:
    """Answer the service request of a token. Ours are given at once, so that a token is their number."""
    city = city_of(Parameters(request))
    rows = service_requests(g.session, city, Filters(tracking_numbers=numbers([token])), extensions=False)
    if not rows:
        raise missing("token", "is not known here.")
    found = [{"service_request_id": rows[0]["tracking_number"], "token": token}]
    return respond(form, "service_requests", found)


def reader_of(parameters: Parameters, city: City) -> Reader:
    """Return who reads, with what they may see."""
    private = callers.reads_private(parameters, city)
    return Reader(city, catalog(g.session, city), private, base_url())


def _answer(
    form: Format, reader: Reader, filters: Filters, extensions: bool, *, needed: bool = False
) -> Response:
    rows = service_requests(g.session, reader.city, filters, extensions=extensions)
    if needed and not rows:
        raise missing("service_request_id", "is not known here.")
    shown = [reader.fields(row, extensions=extensions) for row in rows]
    return respond(form, "service_requests", shown)
