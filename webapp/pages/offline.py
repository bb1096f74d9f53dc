"""What a resident's phone asks for by itself: how to install the site, what to keep, a token to send with."""

from __future__ import annotations

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from webapp.languages import locale_of
from webapp.pages.assets import asset
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.report import questions_of
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("offline", __name__)

ASSETS = ("app.css", "app.js", "report.js", "resident.js", "mine.js", "icons.svg", "mark.svg")
"""Of which the pages kept are made."""
HOME_ICONS = (
    ("home-192.png", "192x192", "any"),
    ("home-512.png", "512x512", "any"),
    ("home-maskable-512.png", "512x512", "maskable"),
)
BLUE, PAPER = "#005ea2", "#ffffff"
AN_HOUR = "public, max-age=3600"


@blueprint.get("/app.webmanifest")
@access(PUBLIC)
def app_manifest() -> Response:
    """Say how phones install the site, in the language of the page (a W3C web app manifest)."""
    language, city = chosen_language(), served().city
    answer = jsonify(
        id="/",
        name=_("%(city)s 311", city=city.name),
        short_name=_("%(city)s 311", city=city.name),
        description=_("Report a problem to the city, and follow it until it is done."),
        lang=language,
        dir=locale_of(language).text_direction,
        start_url=url_for("report.report"),
        scope="/",
        display="standalone",
        theme_color=BLUE,
        background_color=PAPER,
        icons=[
            {"src": asset(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in HOME_ICONS
        ],
        shortcuts=[
            {"name": _("Report a problem"), "url": url_for("report.report")},
            {"name": _("Track a report"), "url": url_for("track.find")},
            {"name": _("My reports on this phone"), "url": url_for("offline.mine")},
        ],
    )
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = AN_HOUR
    return answer


@blueprint.get("/kept")
@access(PUBLIC)
def kept() -> Response:
    """Name what a phone keeps for when there is no connection: by path, the address that it is fetched from.

    The tag changes with the files, the catalog and the day, so that a phone in use has pages of today.
    """
    here, language = served(), chosen_language()
    files = [asset(name) for name in ASSETS]
    today = datetime.now(ZoneInfo(here.city.time_zone)).date()
    state = repr((files, here.catalog.version, language, today))
    answer = jsonify(
        tag=hashlib.sha256(state.encode()).hexdigest()[:16],
        assets=files,
        pages={
            url_for(name): url_for(name, lang=language)
            for name in ("report.report", "offline.mine", "offline.all_questions")
        },
    )
    answer.add_etag()
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.make_conditional(request)
    return answer


@blueprint.get("/questions/all")
@access(PUBLIC)
def all_questions() -> Response:
    """Return the questions of each service that has any, as the form asks them, by its code."""
    found = {service.code: questions_of(service) for service in served().catalog.active if service.questions}
    answer = jsonify(found)
    answer.headers["Cache-Control"] = AN_HOUR
    return answer


@blueprint.get("/report-token")
@access(PUBLIC)
def token() -> Response:
    """Give a token to send a report with that was written some time ago."""
    answer = jsonify(token=generate_csrf())
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/on-this-phone")
@access(PUBLIC)
def mine() -> Response:
    """Show the reports on this phone, which a script puts in: those that wait, the numbers of those sent."""
    language = chosen_language()
    names = {service.code: service.translated("name", language) for service in served().catalog.active}
    return make_response(render_template("report/mine.html", names=names))
