"""The rules in force: rows as a city file has them, kept with each publication, and what assignment reads.

The city file is where rules come from. Those that an administrator publishes stay in force until the rules of
the file change: loading an unchanged file takes nothing back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from webapp.catalog.models import Crew, Department, Service
from webapp.dispatch.models import Publication, Rule
from webapp.dispatch.sections import RuleRow


def digest(rows: Sequence[RuleRow]) -> str:
    """Return the SHA-256 of rules, by which it is seen that they changed."""
    return hashlib.sha256(json.dumps([row.model_dump() for row in rows]).encode()).hexdigest()


def load(session: Session, city_id: int, rows: Sequence[RuleRow]) -> bool:
    """Put the rules of a city file into force, unless they are those loaded last; say whether it did.

    The caller commits.
    """
    latest, sha = latest_publication(session, city_id), digest(rows)
    if latest is not None and latest.file_sha256 == sha:
        return False
    session.add(Publication(city_id=city_id, rules=[row.model_dump() for row in rows], file_sha256=sha))
    put(session, city_id, rows)
    return True


def latest_publication(session: Session, city_id: int) -> Publication | None:
    """Return the publication whose rules are in force; None in a city loaded before there were any."""
    return session.scalars(
        select(Publication).where(Publication.city_id == city_id).order_by(Publication.id.desc()).limit(1)
    ).one_or_none()


def in_force(session: Session, city_id: int) -> list[RuleRow]:
    """Return the rules in force, in their order."""
    return rules_of(session, city_id, latest_publication(session, city_id))


def rules_of(session: Session, city_id: int, latest: Publication | None) -> list[RuleRow]:
    """Return the rules of the latest publication, or where there is none those that are stored."""
    if latest is not None:
        return [RuleRow(**row) for row in latest.rules]
    return [_row(rule) for rule in session.execute(_STORED.where(Rule.city_id == city_id))]


def put(session: Session, city_id: int, rows: Sequence[RuleRow]) -> None:
    """Store rules for assignment to read, each with one service and one zone. The caller commits."""
    services = _ids(session, Service, city_id)
    crews = _ids(session, Crew, city_id)
    departments = _ids(session, Department, city_id)
    session.execute(delete(Rule).where(Rule.city_id == city_id))
    values = [
        {
            "city_id": city_id,
            "id": number,
            "service_id": services[service] if service else None,
            "service_group": row.group,
            "layer": row.layer,
            "zone": zone,
            "street_class": row.street_class,
            "street_owner": row.street_owner,
            "asset_owner": row.asset_owner,
            "hours": row.hours,
            "crew_id": crews[row.crew] if row.crew else None,
            "department_id": departments[row.department] if row.department else None,
            "owner": row.owner,
        }
        for number, (row, service, zone) in enumerate(single(rows), start=1)
    ]
    if values:
        session.execute(insert(Rule), values)


def single(rows: Sequence[RuleRow]) -> Iterator[tuple[RuleRow, str | None, str | None]]:
    """Yield each rule with one of its services and one of its zones at a time: as they are numbered."""
    for row in rows:
        for service in row.services or [""]:
            for zone in row.zone or [""]:
                yield row, service or None, zone or None


def numbered(rows: Sequence[RuleRow]) -> list[tuple[int, RuleRow]]:
    """Return rules with their numbers: of the first that each is stored as."""
    found, number = [], 1
    for row in rows:
        found.append((number, row))
        number += max(len(row.services), 1) * max(len(row.zone), 1)
    return found


def _ids(session: Session, model: type[Service | Crew | Department], city_id: int) -> dict[str, int]:
    rows = session.execute(select(model.code, model.id).where(model.city_id == city_id))
    return {code: number for code, number in rows}  # noqa: C416  (rows are not pairs)


_STORED = (
    select(
        Service.code.label("service"),
        Rule.service_group,
        Rule.layer,
        Rule.zone,
        Rule.street_class,
        Rule.street_owner,
        Rule.asset_owner,
        Rule.hours,
        Crew.code.label("crew"),
        Department.code.label("department"),
        Rule.owner,
    )
    .outerjoin(Service, (Service.city_id == Rule.city_id) & (Service.id == Rule.service_id))
    .outerjoin(Crew, (Crew.city_id == Rule.city_id) & (Crew.id == Rule.crew_id))
    .outerjoin(Department, (Department.city_id == Rule.city_id) & (Department.id == Rule.department_id))
    .order_by(Rule.id)
)


def _row(stored: Any) -> RuleRow:
    return RuleRow(
        services=[stored.service] if stored.service else [],
        group=stored.service_group,
        layer=stored.layer,
        zone=[stored.zone] if stored.zone else [],
        street_class=stored.street_class,
        street_owner=stored.street_owner,
        asset_owner=stored.asset_owner,
        hours=stored.hours,
        crew=stored.crew,
        department=stored.department,
        owner=stored.owner,
    )
