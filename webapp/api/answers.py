"""What all answers to programs have in common: tags, who may read them from where, and how errors look.

They are packed by gzip where pages are, in ``webapp.pages.headers``. Open311 has rules of its own.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from webapp.api.errors import RequestError, problem

log = structlog.get_logger()

_CHANGED_BY = ("Accept", "Accept-Encoding", "Authorization", "Cookie")


def for_programs(blueprint: Blueprint) -> None:
    """Let every answer of a blueprint be as programs expect it."""
    blueprint.after_request(tagged)
    blueprint.after_request(readable_from_everywhere)

    @blueprint.errorhandler(RequestError)
    def refused(error: RequestError) -> Response:
        answer = problem(error.status, error.detail)
        if error.status == 401:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @blueprint.errorhandler(HTTPException)
    def not_http(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:
            return Response(status=error.code or 500, headers=error.get_headers())
        return problem(error.code, error.description or error.name)

    @blueprint.errorhandler(OperationalError)
    def no_database(error: OperationalError) -> Response:
        if isinstance(error.orig, QueryCanceled):
            return problem(400, "This takes too long: narrow bbox or datetime, or ask for fewer.")
        log.error("database unavailable", error=type(error.orig).__name__)
        return problem(503, "The database does not answer. Try again in a minute.")

    @blueprint.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.exception("request failed", path=request.path)
        return problem(500, "Something failed on our side, and nothing was kept. Try again.")


def tagged(response: Response) -> Response:
    """Tag an answer by what it says, and leave out the body where the caller has just that already.

    The tag is a weak one, since packed and plain answers share it.
    """
    readable = request.method in ("GET", "HEAD") and response.status_code == 200
    if not readable or response.is_streamed or response.mimetype == "text/html":
        return response
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


def readable_from_everywhere(response: Response) -> Response:
    """Let scripts of any site read the answer. They come without cookies, so as everybody, or with a key."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "Content-Crs, ETag, Link"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Headers"] = "Authorization, If-None-Match"
        headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        headers["Access-Control-Max-Age"] = "86400"
    response.vary.update(_CHANGED_BY)
    return response
