"""Which city a request is about."""

from __future__ import annotations

import structlog
from flask import current_app, g

from layers.current import served_cities
from layers.models import City
from webapp.api.open311.errors import Open311Error, bad, missing
from webapp.api.open311.parameters import Parameters
from webapp.config import Settings

log = structlog.get_logger()


def city_of(parameters: Parameters) -> City:
    """Return the city that ``jurisdiction_id`` names; it may be left out where only one is served.

    Raises
    ------
    Open311Error
        404 where it is not served here; 400 where several are and none is named; 503 where none is loaded.
    """
    settings: Settings = current_app.config["PINWARD"]
    cities = served_cities(g.session, settings)
    if not cities:
        log.error("no city to serve")
        raise Open311Error(503, "No city is served here yet.")
    wanted = parameters.text("jurisdiction_id")
    known = ", ".join(city.slug for city in cities[:20])
    if wanted is None and len(cities) > 1:
        raise bad("jurisdiction_id", f"is missing: several cities are served here. Send one of {known}.")
    for city in cities:
        if wanted in (None, city.slug):
            return city
    advice = f"leave it out, or send {known}." if len(cities) == 1 else f"send one of {known}."
    raise missing("jurisdiction_id", f"is not served here; {advice}")
