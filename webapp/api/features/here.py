"""What a request of OGC API – Features is about: the city, its collections, and the addresses of things."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flask import current_app, g

from layers.current import current_atlas
from layers.models import City
from layers.queries import current_editions, served_city
from webapp.api.addresses import base_url
from webapp.api.caller import sees_private
from webapp.api.errors import RequestError
from webapp.api.features.collections import Features, collections_of
from webapp.api.features.crs import Crs, offered
from webapp.catalog.queries import catalog

PATH = "/api/features"


@dataclass(frozen=True)
class Here:
    """The city that is asked about, and who asks."""

    city: City
    private: bool
    root: str
    """Such as ``https://311.example.gov``."""

    @property
    def base(self) -> str:
        """The address of the landing page."""
        return self.root + PATH

    @cached_property
    def collections(self) -> dict[str, Features]:
        """The collections that the caller may ask for."""
        editions = current_editions(g.session, self.city.id)
        return collections_of(self.city, catalog(g.session, self.city), editions, private=self.private)

    @cached_property
    def systems(self) -> dict[str, Crs]:
        """The coordinate reference systems offered, by URI."""
        return offered(self.city.metric_srid)

    @property
    def bounds(self) -> tuple[float, ...]:
        """West, south, east, north of the city in degrees."""
        return current_atlas(g.session, self.city).bounds

    def collection(self, name: str) -> Features:
        """Return a collection by its id.

        Raises
        ------
        RequestError
            404 where there is none.
        """
        if name not in self.collections:
            raise RequestError(404, f"There is no such collection; there are: {', '.join(self.collections)}.")
        return self.collections[name]


def here() -> Here:
    """Return what the request is about.

    Raises
    ------
    RequestError
        503 while no city is loaded; 401 or 429 for its key.
    """
    settings = current_app.config["PINWARD"]
    try:
        city = served_city(g.session, settings)
    except LookupError:
        raise RequestError(503, "No city is served here yet.") from None
    return Here(city, sees_private(city.id), base_url())
