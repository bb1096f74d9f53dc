"""Who made a report, as far as a browser can show it: it sent the report, or opened a link that was mailed.

Nobody signs in. A signed cookie names the reports that a browser may speak for: to answer whether it is
fixed, to add to it. Somebody who only knows a tracking number, which others see too, reads.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, session, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response as AnyResponse

from webapp.notices.surveys import MINE
from webapp.pages.context import served
from webapp.people import contacts, tokens
from webapp.people.access import PUBLIC, access
from webapp.tickets import following
from webapp.tickets.asking import ANSWER_WITHIN
from webapp.tickets.queries import tracking_number

blueprint = Blueprint("reporter", __name__)

COOKIE = "reports"
MOST = 40
"""Reports that a browser speaks for, the latest."""
LASTS_S = 180 * 24 * 3600
MAILBOX_LASTS = timedelta(hours=12)
GONE = 410


def remember(report_id: int) -> None:
    """Let this browser speak for a report from now on."""
    known = [each for each in _remembered() if each != report_id]
    g.spoken_for = [*known, report_id][-MOST:]


def is_reporter(report_id: int) -> bool:
    """Say whether this browser may speak for a report."""
    if report_id in _remembered():
        return True
    mine = mailbox()
    if not mine:
        return False
    here = served()
    return following.contact_of(here.session, here.city.id, report_id) in mine


def open_mailbox(contact_id: int) -> None:
    """Let this browser see all reports of a contact's e-mail address, until it is closed."""
    session["mailbox"] = [served().city.id, contact_id, int(datetime.now(UTC).timestamp())]


def close_mailbox() -> None:
    """Let this browser see them no longer."""
    session.pop("mailbox", None)


def mailbox() -> list[int]:
    """Return the contacts whose reports this browser may see."""
    here = served()
    city_id, contact_id, since = session.get("mailbox") or (0, 0, 0)
    if city_id != here.city.id or since < (datetime.now(UTC) - MAILBOX_LASTS).timestamp():
        return []
    return list(contacts.of_mailbox(here.session, here.city.id, contact_id))


@blueprint.get("/mine/<token>")
@access(PUBLIC)
def open_link(token: str) -> AnyResponse:
    """Let this browser speak for the report of a mail. Nothing else changes: scanners open links."""
    here = served()
    secret = current_app.config["PINWARD"].secret_key
    try:
        report_id = tokens.read(secret, MINE, here.city.id, token, ANSWER_WITHIN)
    except tokens.LinkError as problem:
        return expired(isinstance(problem, tokens.LinkExpiredError))
    number = tracking_number(here.session, here.city.id, report_id)
    if number is None:
        return expired(False)
    remember(report_id)
    return redirect(url_for("track.report", number=number, _anchor="fixed"))


def expired(was_good: bool) -> AnyResponse:
    """Answer that a link does nothing any more, and what to do instead."""
    return Response(render_template("track/expired.html", was_good=was_good), GONE, mimetype="text/html")


@blueprint.after_app_request
def write_cookie(response: Response) -> Response:
    """Keep what was remembered in this request."""
    if "spoken_for" in g:
        value = _serializer().dumps([served().city.id, g.spoken_for])
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, value, max_age=LASTS_S, samesite="Lax", secure=secure, httponly=True)
    return response


def _remembered() -> list[int]:
    if "spoken_for" in g:
        kept: list[int] = g.spoken_for
        return kept
    try:
        city_id, known = _serializer().loads(request.cookies.get(COOKIE, ""))
    except (BadData, TypeError, ValueError):
        return []
    return list(known) if city_id == served().city.id else []


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["PINWARD"].secret_key, salt="pinward reports")
