"""What nearly every page needs: the database session, the city served, its catalog and its rules."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import ServiceUnavailable

from layers import queries as layers
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.config import Settings
from webapp.dispatch.assignment import Assigner
from webapp.dispatch.queries import assigner
from webapp.people import audit

blueprint = Blueprint("context", __name__)


@dataclass(frozen=True)
class Served:
    """The city that this request is about, and the session to ask about it."""

    session: Session
    city: City

    @property
    def catalog(self) -> Catalog:
        """What people can ask for here."""
        return catalog(self.session, self.city)

    @property
    def assigner(self) -> Assigner:
        """Who does what here."""
        return assigner(self.session, self.city)


def served() -> Served:
    """Return the request's session and city.

    Raises
    ------
    werkzeug.exceptions.ServiceUnavailable
        While no city is loaded.
    """
    if "served" not in g:
        try:
            city = layers.served_city(g.session, current_app.config["PINWARD"])
        except LookupError:
            abort(503)
        g.served = Served(g.session, city)
    found: Served = g.served
    return found


def audited(kind: audit.Kind, subject: str) -> None:
    """Write down in the audit trail what who is signed in did. The caller commits."""
    here = served()
    audit.record(here.session, here.city.id, kind, subject, by=current_user._get_current_object())


def known_city() -> City | None:
    """Return the city where it can be told: a page about an error needs neither a city nor a database."""
    if "served" not in g and "city_asked" not in g:
        g.city_asked = True
        try:
            served()
        except (SQLAlchemyError, AttributeError, ServiceUnavailable):
            return None
    here: Served | None = g.get("served")
    return here.city if here else None


TILES = "/tiles/base/{z}/{x}/{y}.mvt"
"""The base map's vector tiles."""
TILES_MAX_ZOOM = 16
"""Zoomed in farther, the browser enlarges these."""


@blueprint.app_context_processor
def page() -> dict[str, object]:
    """Give templates the city, the settings and the reader's choice of light or dark."""
    settings: Settings = current_app.config["PINWARD"]
    city = known_city()
    theme = request.cookies.get("theme", "")
    return {
        "city": city,
        "city_name": city.name if city else _("City"),
        "settings": settings,
        "base_tiles": {"url": TILES, "max_zoom": TILES_MAX_ZOOM},
        "theme": theme if theme in ("light", "dark") else "",
    }
