"""Everything that intake needs of a city, from this process's memory."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import current_atlas
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.assignment import Assigner
from webapp.dispatch.priority import Prioritizer
from webapp.dispatch.queries import assigner, prioritizer
from webapp.intake.choosing import current_model
from webapp.intake.matching import CityMatching, city_matching


@dataclass(frozen=True, slots=True)
class Desk:
    """A city's map, catalog, rules and matching, all of one moment."""

    city: City
    atlas: Atlas
    catalog: Catalog
    assigner: Assigner
    prioritizer: Prioritizer
    matching: CityMatching


def desk_of(session: Session, city: City) -> Desk:
    """Return the desk of a city."""
    current = catalog(session, city)
    matching = city_matching(current, current_model(session, city))
    return Desk(
        city,
        current_atlas(session, city),
        current,
        assigner(session, city),
        prioritizer(session, city),
        matching,
    )
