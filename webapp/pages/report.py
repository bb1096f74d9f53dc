"""``/``: drop a pin, say what it is about, send. One form, which a script leads through step by step."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _

from webapp.catalog.snapshot import ServiceEntry
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.places import city_view, described
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("report", __name__)

TILES = "/tiles/base/{z}/{x}/{y}.mvt"
TILES_MAX_ZOOM = 16
LONGEST_DESCRIPTION = 4000
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
    lon, lat = request.args.get("lon", float("nan"), float), request.args.get("lat", float("nan"), float)
    return jsonify(described(lon, lat, request.args.get("service", "")))


@blueprint.get("/questions")
@access(PUBLIC)
def questions() -> str:
    """Return the questions of one service, for the form."""
    chosen = served().catalog.service_by_code.get(request.args.get("service", ""))
    return render_template("report/ask.html", chosen=chosen, typed=Typed(key=""), errors={})


def _page(typed: Typed, errors: dict[str, str], choices: list[Any] | None = None) -> Response:
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
        tiles=TILES,
        tiles_max_zoom=TILES_MAX_ZOOM,
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
        groups.setdefault(service.group, []).append(
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
