"""Pages for what goes wrong: each says what happened, what was kept, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from psycopg.errors import NumericValueOutOfRange
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

blueprint = Blueprint("errors", __name__)
log = structlog.get_logger()

PROGRAMS = ("/api/", "/open311/", "/tiles/", "/healthz")
"""Addresses that programs ask: they get JSON, not a page."""


@dataclass(frozen=True)
class Words:
    """What a page about one kind of error says."""

    title: str
    happened: str
    kept: str = ""


WORDS = {
    400: Words(
        _l("That request made no sense"),
        _l("Something in it was missing or damaged."),
        _l("Nothing was changed."),
    ),
    403: Words(
        _l("This page is not for your account"),
        _l("You are signed in, but in another role."),
        _l("Nothing was changed."),
    ),
    404: Words(
        _l("There is no such page"),
        _l("The address may be mistyped, or the page has moved."),
        _l("To find a report, use its tracking number."),
    ),
    405: Words(
        _l("That cannot be done here"),
        _l("The page was asked in a way it does not know."),
        _l("Nothing was changed."),
    ),
    413: Words(
        _l("That was too large"),
        _l("What you sent was larger than 60 MB, so nothing of it was saved."),
        _l("Go back: your words are still in the form. Then send it with fewer or smaller files."),
    ),
    429: Words(
        _l("Too many tries in a short time"),
        _l("To keep the service open for everybody, we pause here for a few minutes."),
        _l("Go back: your words are still in the form. Wait a little, then send it again."),
    ),
    500: Words(
        _l("Something broke on our side"),
        _l("The fault is ours, and it has been recorded."),
        _l("Nothing was half saved. Go back: your words are still in the form, and sending again is safe."),
    ),
    503: Words(_l("The service is not ready"), _l("It is just starting, or its map is not loaded yet.")),
}
CSRF = Words(
    _l("This page was open for too long"),
    _l("For your safety a form can be sent only for a while after it was opened, and from the same browser."),
    _l("Nothing was changed. Go back, reload the page, and send it again."),
)


@blueprint.app_errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """Answer an error that has a status code."""
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    return _answer(error.code, WORDS.get(error.code, WORDS[400 if error.code < 500 else 500]))


@blueprint.app_errorhandler(CSRFError)
def stale_form(error: CSRFError) -> Response:
    """Answer a form whose token does not fit. A report's words are shown again, ready to send."""
    if request.endpoint == "report.send":
        from webapp.pages.report import show_again

        return show_again(
            _("This page was open for too long. Everything you wrote is here: please send it again.")
        )
    return _answer(400, CSRF)


@blueprint.app_errorhandler(DataError)
def beyond_all_numbers(error: DataError) -> Response:
    """Answer a number that no column can hold, as one that nothing has."""
    if not isinstance(error.orig, NumericValueOutOfRange):
        return broken(error)
    # The page about it may ask the database who is signed in.
    g.session.rollback()
    return _answer(404, WORDS[404]) if request.method == "GET" else _answer(400, WORDS[400])


@blueprint.app_errorhandler(Exception)
def broken(error: Exception) -> Response:
    """Answer what nobody foresaw."""
    log.exception("request failed", path=request.path, method=request.method)
    return _answer(500, WORDS[500])


def _answer(status: int, words: Words) -> Response:
    if request.path.startswith(PROGRAMS):
        body = {"status": status, "title": str(words.title), "detail": str(words.happened)}
        response = make_response(body, status)
        response.mimetype = "application/problem+json"
        return response
    page = render_template(
        "error.html", title=words.title, happened=words.happened, kept=words.kept, next=_next_steps(status)
    )
    return make_response(page, status)


def _next_steps(status: int) -> list[tuple[str, str]]:
    steps = [(url_for("report.report"), _("Report a problem")), (url_for("track.find"), _("Track a report"))]
    if status == 403:
        return [(url_for("account.sign_in"), _("Sign in with another account")), *steps]
    if status in (429, 500, 503) and request.method == "GET":
        return [(request.full_path.rstrip("?"), _("Try again")), *steps]
    return steps
