"""Reads the assignment rules of a city."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.assignment import Assigner
from webapp.dispatch.models import Rule
from webapp.dispatch.priority import Prioritizer
from webapp.dispatch.rules import RuleEntry
from webapp.dispatch.watching import priority_rules

_kept: dict[int, tuple[Catalog, Assigner, Prioritizer]] = {}


def assigner(session: Session, city: City) -> Assigner:
    """Return the rules of ``city`` ready to use: those kept unless the city file was loaded since."""
    return _current(session, city)[1]


def prioritizer(session: Session, city: City) -> Prioritizer:
    """Return the priorities of ``city`` ready to use, kept like its rules."""
    return _current(session, city)[2]


def _current(session: Session, city: City) -> tuple[Catalog, Assigner, Prioritizer]:
    current = catalog(session, city)
    kept = _kept.get(city.id)
    if kept is None or kept[0] is not current:
        by_rules = Assigner(current, rules(session, city.id))
        kept = _kept[city.id] = (current, by_rules, Prioritizer(current, priority_rules(city)))
    return kept


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
            hours=row.hours,
            crew_id=row.crew_id,
            department_id=row.department_id,
            owner=row.owner,
        )
        for row in rows
    ]
