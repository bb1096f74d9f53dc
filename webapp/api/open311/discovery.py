"""``discovery``: where the endpoints are, in which formats, and whom to ask for a key."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Response, request

from webapp.api.addresses import base_url
from webapp.api.open311.dates import local
from webapp.api.open311.formats import MEDIA_TYPES, Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
ENDPOINTS = {"production": "/open311/v2/", "test": "/open311/test/v2/"}
"""Paths end in a slash, since one client in wide use joins ``requests.xml`` to them as a relative URL."""


def document(form: Format) -> Response:
    """Answer the service discovery document."""
    city = city_of(Parameters(request))
    # Services and questions change when the city file is loaded.
    changeset = local(city.loaded_at, ZoneInfo(city.time_zone))
    base = base_url()
    contact = city.details.get("contact") or {}
    ways = [str(contact[way]) for way in ("phone", "email", "url") if contact.get(way)]
    reach = f"{city.name} 311: {', '.join(ways)}" if ways else f"{city.name} 311"
    return respond(
        form,
        "discovery",
        {
            "changeset": changeset,
            "contact": reach,
            "key_service": f"Reading takes no key. To send requests, ask for one. {reach}",
            "endpoints": [
                {
                    "specification": SPECIFICATION,
                    "url": base + path,
                    "changeset": changeset,
                    "type": kind,
                    "formats": list(MEDIA_TYPES.values()),
                }
                for kind, path in ENDPOINTS.items()
            ],
        },
        bare=True,
    )
