"""What a crew's phone asks for by itself: what to keep for when there is no connection, and urgent news."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from webapp.pages.assets import asset, manifest, static_file
from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.crew_choice import Choice, filters_of
from webapp.pages.crew_plan import MOST_TICKETS
from webapp.pages.language import chosen_language
from webapp.pages.words import event_words, move_words, service_words
from webapp.people.access import PUBLIC, access
from webapp.tickets import photos, queries, working
from webapp.tickets.lifecycle import STATES
from webapp.tickets.urgent import urgent_tickets

blueprint = Blueprint("phone", __name__)

ASSETS = ("app.css", "app.js", "crew.js", "plan.js", "phone.js", "icons.svg", "mark.svg")
"""Of which the pages kept are made."""


@blueprint.get("/sw.js")
@access(PUBLIC)
def service_worker() -> Response:
    """Serve the service worker, from where it may answer for every page. It holds nobody's data."""
    response = static_file(manifest()["files"]["sw.js"])
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@blueprint.get("/crew/phone")
@access(RULE)
def kept() -> Response:
    """Name the pages and photos of today to keep, and whose they are; with a token to send moves with."""
    here = served()
    rows = queries.open_tickets(here.session, here.city.id, filters_of(Choice()), limit=MOST_TICKETS)
    pictures = photos.photos_of_tickets(here.session, here.city.id, [row.id for row in rows])
    tags = {row.id: f"{row.version}.{row.report_count}" for row in rows}
    pages = {url_for("crew_ticket.show", ticket_id=row.id): tags[row.id] for row in rows}
    shown = [url_for("photos.photo", name=photo.name, size="small") for photo in pictures]
    built = [asset(name) for name in ASSETS]
    whole = hashlib.sha256(repr((sorted(pages.items()), shown, built)).encode()).hexdigest()[:16]
    lists = {
        url_for("crew.tickets"): whole,
        url_for("crew_plan.plan"): whole,
        url_for("phone.offline"): built[0],
    }
    answer: dict[str, Any] = {
        "staff": current_user.id,
        "token": generate_csrf(),
        "pages": {url_for("phone.offline"): built[0], **lists, **pages},
        "photos": shown,
        "assets": built,
    }
    response = jsonify(answer)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/crew/offline")
@access(RULE)
def offline() -> str:
    """Say that a page is not on the phone: shown in its place while there is no connection."""
    return render_template("crew/offline.html")


@blueprint.get("/crew/news")
@access(RULE)
def news() -> Response:
    """Tell which urgent tickets there are; nothing, where it is what the phone knows."""
    here = served()
    rows = urgent_tickets(here.session, here.city.id, filters_of(Choice()))
    response = jsonify(
        [
            {
                "id": row.id,
                "words": service_words(row.service_id),
                "place": row.address or "",
                "url": url_for("crew_ticket.show", ticket_id=row.id),
            }
            for row in rows
        ]
    )
    response.set_etag(hashlib.sha256(repr((chosen_language(), rows)).encode()).hexdigest()[:16])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


@blueprint.app_template_global()
def phone_states() -> dict[str, str]:
    """Return in words what the phone keeps of the moves that wait: of each, what it does."""
    moves = {move: move_words(move) for move in (*STATES, working.HAND_OVER, working.REMARK)}
    return moves | {"follow_up": event_words("follow_up")}
