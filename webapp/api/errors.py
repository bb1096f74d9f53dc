"""Errors for programs: Open311's own form below ``/open311``, problem+json (RFC 9457) elsewhere."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from webapp.api.open311.errors import error_response

blueprint = Blueprint("api_errors", __name__)

OURS = ("/api/", "/tiles/", "/healthz")


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
    """Answer wrong paths and methods below ours for programs; the others get a page for people."""
    error = request.routing_exception
    if not isinstance(error, HTTPException) or isinstance(error, RequestRedirect):
        return None
    status = error.code or 404
    if request.path.startswith(("/open311/", "/discovery.")):
        refused = error_response(status, _explained(status))
    elif request.path.startswith(OURS):
        refused = problem(status, _explained(status))
    else:
        return None
    # For 405: which methods there are.
    refused.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return refused


def _explained(status: int) -> str:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not possible here."
    return "There is nothing at this path. Check it, and its ending: .xml or .json."
