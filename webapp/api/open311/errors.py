"""What went wrong, as GeoReport v2 wants it said."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from webapp.api.open311.formats import Format, respond

log = structlog.get_logger()


class Open311Error(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status
        404 for what is not there, 403 for a missing or bad key, 400 for the rest.
    descriptions
        For each fault: which parameter it is in, and how to put it right.
    """

    def __init__(self, status: int, *descriptions: str) -> None:
        super().__init__(" ".join(descriptions))
        self.status = status
        self.descriptions = descriptions


def bad(parameter: str, fix: str) -> Open311Error:
    """Return the refusal of a parameter's value."""
    return Open311Error(400, f"{parameter}: {fix}")


def missing(parameter: str, what: str) -> Open311Error:
    """Return the refusal of a parameter that names what is not there."""
    return Open311Error(404, f"{parameter}: {what}")


def error_response(status: int, *descriptions: str) -> Response:
    """Return the error document, in the format of the URL's suffix (XML where it has none)."""
    form: Format = "json" if request.path.endswith(".json") else "xml"
    errors = [{"code": status, "description": description} for description in descriptions]
    return respond(form, "errors", errors, status=status)


def register_errors(blueprint: Blueprint) -> None:
    """Answer whatever goes wrong in the blueprint's views as GeoReport wants it, and keep nothing of it."""

    @blueprint.errorhandler(Open311Error)
    def refused(error: Open311Error) -> Response:
        return error_response(error.status, *error.descriptions)

    @blueprint.errorhandler(HTTPException)
    def not_http(error: HTTPException) -> Response:
        return error_response(error.code or 400, error.description or error.name)

    @blueprint.errorhandler(OperationalError)
    def no_database(error: OperationalError) -> Response:
        if isinstance(error.orig, QueryCanceled):
            return error_response(400, "This takes too long: narrow start_date, end_date or bbox.")
        log.error("database unavailable", error=type(error.orig).__name__)
        return error_response(503, "The database does not answer. Try again in a minute.")

    @blueprint.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.exception("Open311 request failed", path=request.path)
        return error_response(500, "Something failed on our side, and nothing was kept. Try again.")
