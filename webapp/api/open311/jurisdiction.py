"""Which city a request is about."""

from __future__ import annotations

import structlog
from flask import current_app, g

from layers.models import City
from layers.queries import served_city
from webapp.api.open311.errors import Open311Error, missing
from webapp.api.open311.parameters import Parameters
from webapp.config import Settings

log = structlog.get_logger()


def city_of(parameters: Parameters) -> City:
    """Return the city served. ``jurisdiction_id`` may be left out, but must not name another one.

    Raises
    ------
    Open311Error
        404, when it does; 503, when no city is loaded.
    """
    settings: Settings = current_app.config["PINWARD"]
    try:
        city = served_city(g.session, settings)
    except LookupError as error:
        log.error("no city to serve", error=str(error))
        raise Open311Error(503, "No city is served here yet.") from error
    jurisdiction = parameters.text("jurisdiction_id")
    if jurisdiction not in (None, city.slug):
        raise missing("jurisdiction_id", f"is not served here; leave it out, or send {city.slug}.")
    return city
