"""Errors for programs: problem+json (RFC 9457), and below ``/open311`` what GeoReport has in its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from webapp.api.open311.errors import error_response

blueprint = Blueprint("api_errors", __name__)

_OPEN311 = ("/open311/", "/discovery.")
_PROGRAMS = ("/api/", "/tiles/", "/photos/")


class RequestError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status
        Such as 400.
    detail
        What is wrong, which parameter it is about, and how to put it right.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem(status: int, detail: str) -> Response:
    """Return a problem document.

    Parameters
    ----------
    detail
        What is wrong, which parameter it is about, and how to put it right.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


@blueprint.before_app_request
def no_such_route() -> Response | None:
    """Answer wrong paths and methods of programs, which belong to no view."""
    error = request.routing_exception
    if not isinstance(error, HTTPException) or isinstance(error, RequestRedirect):
        return None
    refuse: Callable[[int, str], Response]
    if request.path.startswith(_OPEN311):
        refuse = error_response
        missing = "There is nothing at this path. Check it, and its ending: .xml or .json."
    elif request.path.startswith(_PROGRAMS):
        refuse = problem
        missing = "There is nothing at this path: /api lists what there is."
    else:
        return None
    if error.code != HTTPStatus.METHOD_NOT_ALLOWED:
        return refuse(404, missing)
    refused = refuse(405, f"{request.method} is not possible here.")
    refused.headers.extend([pair for pair in error.get_headers() if pair[0] == "Allow"])
    return refused
