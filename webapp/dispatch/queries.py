"""Reads the assignment rules of a city."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.assignment import Assigner
from webapp.dispatch.models import Rule
from webapp.dispatch.rules import RuleEntry

_kept: dict[int, tuple[Catalog, Assigner]] = {}


def assigner(session: Session, city: City) -> Assigner:
    """Return the rules of ``city`` ready to use: those kept unless the city file was loaded since."""
    current = catalog(session, city)
    kept = _kept.get(city.id)
    if kept is None or kept[0] is not current:
        kept = _kept[city.id] = (current, Assigner(current, rules(session, city.id)))
    return kept[1]


def rules(session: Session, city_id: int) -> list[RuleEntry]:
    """Return the rules of a city in the order of its file."""
    rows = session.scalars(select(Rule).where(Rule.city_id == city_id).order_by(Rule.id))
    return [
        RuleEntry(
            id=row.id,
            service_id=row.service_id,
            service_group=row.service_group,
            layer=row.layer,
            zone=row.zone,
            street_class=row.street_class,
            street_owner=row.street_owner,
            asset_owner=row.asset_owner,
            crew_id=row.crew_id,
            department_id=row.department_id,
            owner=row.owner,
        )
        for row in rows
    ]
