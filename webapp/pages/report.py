"""``/``: drop a pin, say what it is about, send. One form, which a script leads through step by step."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from layers import addresses
from webapp.catalog.snapshot import ServiceEntry
from webapp.intake.draft import LONGEST_DESCRIPTION, DraftError, read_draft
from webapp.intake.look import look
from webapp.intake.submit import submit
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.likely import likely_tickets
from webapp.pages.places import atlas, city_view, described
from webapp.pages.throttle import limiter
from webapp.pages.typed import answers_typed, label, point_of, wrong_fields
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("report", __name__)

STEPS = {"address": "where", "service": "what"}
"""The step that holds a field; all others are in the last one."""


@dataclass(frozen=True)
class Typed:
    """What somebody has typed so far, as it was typed."""

    key: str
    lon: str = ""
    lat: str = ""
    address: str = ""
    choice: str = ""
    service: str = ""
    same_as: str = ""
    different_from: str = ""
    description: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)


@blueprint.get("/")
@access(PUBLIC)
def report() -> Response:
    """Show the map and the form."""
    return _page(Typed(key=secrets.token_urlsafe(16), service=request.args.get("service", "")), {})


@blueprint.get("/here")
@access(PUBLIC)
def here() -> Response:
    """Say what is under the pin."""
    return jsonify(described(_degrees("lon"), _degrees("lat"), request.args.get("service", "")))


@blueprint.get("/questions")
@access(PUBLIC)
def questions() -> str:
    """Return the questions of one service, for the form."""
    return questions_of(served().catalog.service_by_code.get(request.args.get("service", "")))


def questions_of(service: ServiceEntry | None) -> str:
    """Return the questions of a service as the form asks them, none answered yet."""
    return render_template("report/ask.html", chosen=service, typed=Typed(key=""), errors={})


@blueprint.get("/find")
@access(PUBLIC)
def find() -> Response:
    """Find addresses, crossings and places, for the search box."""
    matches = addresses.find(atlas(), request.args.get("q", ""))
    return jsonify(found=[{"label": label(match), "lon": match.lon, "lat": match.lat} for match in matches])


@blueprint.get("/likely")
@access(PUBLIC)
def likely() -> str:
    """Return the open tickets that a report of this service at this spot may repeat."""
    here = served()
    service = here.catalog.service_by_code.get(request.args.get("service", ""))
    if service is None or not service.public:
        return ""
    lon, lat = _degrees("lon"), _degrees("lat")
    found = look(here.session, here.city, lon, lat, service.code)
    return render_template("report/likely.html", tickets=likely_tickets(found))


@blueprint.post("/")
@access(PUBLIC)
@limiter.limit("60 per 10 minutes")
def send() -> AnyResponse:
    """Take the report in, and show its tracking number."""
    here = served()
    typed = _typed()
    point, choices, problem = point_of(typed.lon, typed.lat, typed.address, typed.choice)
    if point is None:
        return _page(typed, {"address": problem}, choices)
    fields = {
        "service_code": typed.service,
        "lon": point[0],
        "lat": point[1],
        "description": typed.description,
        "answers": typed.answers,
        "name": typed.name,
        "email": typed.email,
        "phone": typed.phone,
        "language": chosen_language(),
        "idempotency_key": typed.key,
        "same_as": typed.same_as or None,
        "different_from": typed.different_from.split(),
    }
    try:
        receipt = submit(here.session, here.city, read_draft(here.catalog, fields))
    except DraftError as refused:
        here.session.rollback()
        service = here.catalog.service_by_code.get(typed.service)
        return _page(typed, wrong_fields(refused.problems, service))
    here.session.commit()
    return redirect(url_for("track.report", number=receipt.tracking_number, sent=""), 303)


def show_again(problem: str) -> Response:
    """Show the form with everything that was typed, and why it was not sent."""
    return _page(_typed(), {"form": problem})


def _typed() -> Typed:
    form = request.form
    texts = {name: form.get(name, "") for name in Typed.__dataclass_fields__ if name != "answers"}
    texts["key"] = texts["key"] or secrets.token_urlsafe(16)
    service = served().catalog.service_by_code.get(texts["service"])
    return Typed(**texts, answers=answers_typed(service))


def _degrees(name: str) -> float:
    return request.args.get(name, float("nan"), float)


def _page(typed: Typed, errors: dict[str, str], choices: list[str] | None = None) -> Response:
    catalog = served().catalog
    page = render_template(
        "report/report.html",
        typed=typed,
        errors=errors,
        choices=choices or [],
        step=_step(errors),
        groups=_groups(),
        chosen=catalog.service_by_code.get(typed.service),
        view=city_view(),
        longest_description=LONGEST_DESCRIPTION,
        map_words=_map_words(),
    )
    return make_response(page, 422 if errors else 200)


def _step(errors: dict[str, str]) -> str:
    """Return the first step that something is wrong in."""
    wrong = {STEPS.get(name, "tell") for name in errors}
    return next((step for step in ("where", "what", "tell") if step in wrong), "where")


def _groups() -> list[dict[str, Any]]:
    """Return the services by group, each with all the words people may look for it by."""
    language = chosen_language()
    groups: dict[str, list[dict[str, str]]] = {}
    for service in served().catalog.active:
        groups.setdefault(service.translated("group", language), []).append(
            {
                "code": service.code,
                "icon": service.icon,
                "name": service.translated("name", language),
                "words": _search_words(service, language),
            }
        )
    return [{"name": name, "services": services} for name, services in groups.items()]


def _search_words(service: ServiceEntry, language: str) -> str:
    keywords = service.translations.get(language, {}).get("keywords", ())
    described = service.translated("description", language)
    return " ".join([service.name, service.group, described, *service.keywords, *keywords])


def _map_words() -> dict[str, str]:
    """Return the sentences that the map's script says."""
    return {
        "noAddress": _("No address here"),
        "notHere": _("Outside the city"),
        "locating": _("Looking for where you are …"),
        "noLocation": _("Your device does not tell where it is. Type the address, or move the map."),
        "offline": _("The map cannot be asked just now"),
        "offlineMore": _("You can go on: we find the address when you send."),
    }
