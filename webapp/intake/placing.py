"""The place of a draft: its pin, or its address looked up; refused where it cannot be in the city."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from layers.addresses import Match, find
from layers.atlas import Atlas
from layers.places import Place, Places
from webapp.intake.draft import Draft, DraftError, Problem
from webapp.languages import Sentence

SURE = 0.8
"""An address found with a lower score may be another one."""
_TOO_WIDE = "zone"
"""A neighborhood is no place that a crew could be sent to."""


def places_of(atlas: Atlas, draft: Draft, street_classes: Collection[str]) -> Places:
    """Return where a draft is: one pin.

    A pin goes before the address, which only decides between streets that are about as near, as the classes
    of streets do that its service can be about; where the pin cannot be used, or there is none, the address
    is looked up.
    What another system accepted is taken as it is, flagged.

    Raises
    ------
    DraftError
        Naming ``lon`` or ``address``, and what to do.
    """
    has_pin = draft.lon is not None and draft.lat is not None
    lon, lat = np.array([draft.lon], float), np.array([draft.lat], float)
    places = atlas.locate(lon, lat, [draft.address], [street_classes])
    if places.placed[0] or draft.imported:
        return places
    matches = find(atlas, draft.address) if draft.address else []
    for match in matches:
        if match.score >= SURE and match.kind != _TOO_WIDE:
            return atlas.locate([match.lon], [match.lat])
    if has_pin:
        raise DraftError([Problem("lon", _advice(places[0]))])
    raise DraftError([Problem("address", _address_advice(draft.address, matches))])


def _advice(place: Place) -> str:
    if "swapped" in place.flags:
        return Sentence(
            "Longitude and latitude have changed places: send lon=%(lon)s and lat=%(lat)s, "
            "or move the pin into the city.",
            lon=place.lat,
            lat=place.lon,
        )
    if "fallback_point" in place.flags:
        return Sentence(
            "This coordinate stands for an address that was not found. "
            "Put the pin on the map, or give the address."
        )
    return Sentence("This point is outside the city. Move the pin into the city, or give an address in it.")


def _address_advice(address: str, matches: list[Match]) -> str:
    known = [match.address for match in matches if match.kind != _TOO_WIDE][:3]
    meant = f" Did you mean {' or '.join(known)}?" if known else ""
    return (
        f"There is no {address!r} on our map.{meant} "
        "Write it like '12 Main St', or give longitude and latitude."
    )
