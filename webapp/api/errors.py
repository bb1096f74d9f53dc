"""Errors for programs: problem+json (RFC 9457), and below ``/open311`` what GeoReport has in its place."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from webapp.api.open311.errors import error_response

blueprint = Blueprint("api_errors", __name__)


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
    """Answer wrong paths and methods of Open311, which belong to none of its views."""
    error = request.routing_exception
    ours = request.path.startswith(("/open311/", "/discovery."))
    if not ours or not isinstance(error, HTTPException) or isinstance(error, RequestRedirect):
        return None
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        refused = error_response(405, f"{request.method} is not possible here.")
        refused.headers.extend([pair for pair in error.get_headers() if pair[0] == "Allow"])
        return refused
    return error_response(404, "There is nothing at this path. Check it, and its ending: .xml or .json.")
