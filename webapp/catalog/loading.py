"""Stores the catalog's sections of a city file, with ids that stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.articles import describe
from webapp.catalog.calendars import Calendar
from webapp.catalog.deadlines import parse_target
from webapp.catalog.models import Article, Crew, Department, Holiday, Question, Service
from webapp.catalog.reading import CatalogFile
from webapp.catalog.sections import (
    ArticleRow,
    CalendarSection,
    CrewRow,
    DepartmentRow,
    QuestionRow,
    ServiceRow,
)

Coded = TypeVar("Coded", Department, Crew, Service, Article)


def store(session: Session, city: City, catalog: CatalogFile) -> None:
    """Store the catalog of a city file.

    A code keeps its id for ever: old tickets name it. Services that vanished from the file become inactive,
    crews are retired, departments stay as they were.
    """
    _load_calendar(session, city, catalog.calendar)
    departments = _load_departments(session, city.id, catalog.departments)
    _load_crews(session, city.id, catalog.crews, departments)
    services = _load_services(session, city, catalog, departments)
    _load_questions(session, city.id, catalog.services, services)
    _load_articles(session, city.id, catalog.articles)
    # Web processes compare it to notice that what they keep is old.
    city.loaded_at = func.clock_timestamp()
    session.flush()


def _load_calendar(session: Session, city: City, calendar: CalendarSection) -> None:
    city.details = {**city.details, "calendar": calendar.model_dump(exclude={"holidays"})}
    session.execute(delete(Holiday).where(Holiday.city_id == city.id))
    session.add_all(Holiday(city_id=city.id, day=row.day, name=row.name) for row in calendar.holidays)


def _load_departments(session: Session, city_id: int, rows: list[DepartmentRow]) -> dict[str, int]:
    found = _by_code(session, Department, city_id, [row.code for row in rows])
    for row in rows:
        department = found[row.code]
        department.name, department.email, department.phone = row.name, row.email, row.phone
    session.flush()
    return {code: department.id for code, department in found.items()}


def _load_crews(session: Session, city_id: int, rows: list[CrewRow], departments: dict[str, int]) -> None:
    found = _by_code(session, Crew, city_id, [row.code for row in rows])
    named = {row.code for row in rows}
    for row in rows:
        crew = found[row.code]
        crew.name, crew.department_id, crew.retired_at = row.name, departments[row.department], None
    for code, crew in found.items():
        if code not in named and crew.retired_at is None:
            crew.retired_at = func.now()
    session.flush()


def _load_services(
    session: Session, city: City, catalog: CatalogFile, departments: dict[str, int]
) -> dict[str, int]:
    found = _by_code(session, Service, city.id, [row.code for row in catalog.services])
    for service in found.values():
        service.active = False
    calendar = catalog.calendar.calendar(city.time_zone)
    for position, row in enumerate(catalog.services):
        _describe(found[row.code], row, calendar)
        found[row.code].department_id = departments[row.department]
        found[row.code].position = position
    session.flush()
    return {code: service.id for code, service in found.items()}


def _describe(service: Service, row: ServiceRow, calendar: Calendar) -> None:
    target = parse_target(row.target, calendar) if row.target else None
    service.name = row.name
    service.group = row.group
    service.description = row.description
    service.keywords = list(row.keywords)
    service.icon = row.icon
    service.type = row.type
    service.target_hours = target.hours if target else None
    service.target_clock = target.clock if target else "calendar"
    service.targets = [
        target.model_dump(exclude={"target"}) | {"hours": parse_target(target.target, calendar).hours}
        for target in row.targets
    ]
    service.public = row.public
    service.check_first = row.check_first
    service.active = True
    service.asset_kind = row.asset
    service.street_classes = list(row.street_classes)
    service.notice = row.notice
    service.duplicates = row.duplicates.model_dump(exclude_none=True)
    service.translations = {
        language: words.model_dump(exclude_defaults=True) for language, words in row.translations.items()
    }


def _load_questions(session: Session, city_id: int, rows: list[ServiceRow], services: dict[str, int]) -> None:
    session.execute(delete(Question).where(Question.city_id == city_id))
    session.add_all(
        _question(city_id, services[row.code], position, question)
        for row in rows
        for position, question in enumerate(row.questions, start=1)
    )


def _load_articles(session: Session, city_id: int, rows: list[ArticleRow]) -> None:
    found = _by_code(session, Article, city_id, [row.code for row in rows])
    for article in found.values():
        article.active = False
    for position, row in enumerate(rows):
        describe(found[row.code], row, position)
    session.flush()


def _question(city_id: int, service_id: int, position: int, row: QuestionRow) -> Question:
    return Question(
        city_id=city_id,
        service_id=service_id,
        position=position,
        code=row.code,
        datatype=row.datatype,
        required=row.required,
        variable=row.variable,
        text=row.text,
        hint=row.hint,
        options=[option.model_dump() for option in row.options],
        only_if=row.only_if.model_dump() if row.only_if else None,
        translations={
            language: words.model_dump(exclude_defaults=True) for language, words in row.translations.items()
        },
    )


def _by_code(session: Session, model: type[Coded], city_id: int, codes: Iterable[str]) -> dict[str, Coded]:
    """Return all rows of a city by code, with new ones, numbered onwards, for codes that are new."""
    found = {row.code: row for row in session.scalars(select(model).where(model.city_id == city_id))}
    free = max((row.id for row in found.values()), default=0) + 1
    for code in codes:
        if code not in found:
            found[code] = model(city_id=city_id, id=free, code=code)
            session.add(found[code])
            free += 1
    return found
