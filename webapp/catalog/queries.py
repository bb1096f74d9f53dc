"""Reads the catalog of a city."""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.articles import read_articles
from webapp.catalog.calendars import Calendar
from webapp.catalog.models import Crew, Department, Holiday, Question, Service
from webapp.catalog.snapshot import (
    Catalog,
    Condition,
    CrewEntry,
    DepartmentEntry,
    QuestionEntry,
    ServiceEntry,
)
from webapp.catalog.targets import TargetEntry, in_order, parse_season

_kept: dict[int, Catalog] = {}


def catalog(session: Session, city: City) -> Catalog:
    """Return the catalog of ``city``: the one kept from last time unless the city file was loaded since."""
    kept = _kept.get(city.id)
    if kept is None or kept.version != city.loaded_at:
        kept = _kept[city.id] = read_catalog(session, city)
    return kept


def read_catalog(session: Session, city: City) -> Catalog:
    """Read the catalog of ``city`` from the database."""
    questions = _questions(session, city.id)
    services = session.scalars(
        select(Service).where(Service.city_id == city.id).order_by(Service.position, Service.id)
    )
    crews = session.scalars(select(Crew).where(Crew.city_id == city.id).order_by(Crew.id))
    departments = session.scalars(
        select(Department).where(Department.city_id == city.id).order_by(Department.id)
    )
    return Catalog(
        city_id=city.id,
        version=city.loaded_at,
        calendar=_calendar(session, city),
        departments=MappingProxyType({row.id: _department(row) for row in departments}),
        crews=MappingProxyType({row.id: _crew(row) for row in crews}),
        services=MappingProxyType({row.id: _service(row, questions[row.id]) for row in services}),
        articles=MappingProxyType(read_articles(session, city.id)),
    )


def _calendar(session: Session, city: City) -> Calendar:
    own = session.execute(select(Holiday.day, Holiday.name).where(Holiday.city_id == city.id))
    return Calendar(
        time_zone=city.time_zone,
        own_holidays=MappingProxyType({day: name for day, name in own}),  # noqa: C416  (rows are not pairs)
        **city.details.get("calendar", {}),
    )


def _questions(session: Session, city_id: int) -> defaultdict[int, list[QuestionEntry]]:
    found: defaultdict[int, list[QuestionEntry]] = defaultdict(list)
    rows = session.scalars(select(Question).where(Question.city_id == city_id).order_by(Question.position))
    for row in rows:
        found[row.service_id].append(
            QuestionEntry(
                position=row.position,
                code=row.code,
                datatype=row.datatype,
                required=row.required,
                variable=row.variable,
                text=row.text,
                hint=row.hint,
                options=tuple(row.options),
                only_if=Condition(row.only_if["question"], frozenset(row.only_if["answers"]))
                if row.only_if
                else None,
                translations=row.translations,
            )
        )
    return found


def _department(row: Department) -> DepartmentEntry:
    return DepartmentEntry(row.id, row.code, row.name, row.email, row.phone)


def _crew(row: Crew) -> CrewEntry:
    return CrewEntry(row.id, row.code, row.name, row.department_id, row.retired_at is not None)


def _target(row: dict[str, Any]) -> TargetEntry:
    return TargetEntry(
        row["hours"],
        row.get("priority"),
        tuple(row.get("districts", ())),
        parse_season(row["season"]) if row.get("season") else None,
    )


def _service(row: Service, questions: list[QuestionEntry]) -> ServiceEntry:
    return ServiceEntry(
        id=row.id,
        code=row.code,
        name=row.name,
        group=row.group,
        description=row.description,
        keywords=tuple(row.keywords),
        icon=row.icon,
        type=row.type,
        department_id=row.department_id,
        target_hours=row.target_hours,
        target_clock="business" if row.target_clock == "business" else "calendar",
        targets=in_order([_target(each) for each in row.targets]),
        public=row.public,
        check_first=row.check_first,
        active=row.active,
        asset_kind=row.asset_kind,
        street_classes=frozenset(row.street_classes),
        notice=row.notice,
        duplicates=row.duplicates,
        translations=row.translations,
        questions=tuple(questions),
    )
