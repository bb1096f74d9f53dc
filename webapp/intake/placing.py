"""The place of a draft: its pin, or its address looked up; refused where it cannot be in the city."""

from __future__ import annotations

import math

from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.places import Place, Places
from webapp.intake.draft import IMPORT, Draft, DraftError, Problem


def places_of(session: Session, atlas: Atlas, draft: Draft) -> Places:
    """Return where a draft is: one pin.

    What another system accepted (channel ``import``) is taken as it is, flagged; anybody else is told.

    Raises
    ------
    DraftError
        Naming ``lon`` or ``address``, and what to do.
    """
    if draft.lon is None or draft.lat is None:
        places = atlas.locate([math.nan], [math.nan])
    else:
        places = atlas.locate([draft.lon], [draft.lat])
    if not places.placed[0] and draft.channel != IMPORT:
        raise DraftError([Problem("lon", _advice(places[0]))])
    return places


def _advice(place: Place) -> str:
    if "swapped" in place.flags:
        return (
            f"Longitude and latitude have changed places: send lon={place.lat} and lat={place.lon}, "
            "or move the pin into the city."
        )
    if "fallback_point" in place.flags:
        return (
            "This coordinate stands for an address that was not found. "
            "Put the pin on the map, or give the address."
        )
    return "This point is outside the city. Move the pin into the city, or give an address in it."
