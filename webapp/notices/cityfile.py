"""The part of a city file that is about telling others: quiet hours, and back offices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from layers.cityfile import CityDocument
from layers.findings import Finding, did_you_mean
from layers.models import City
from webapp.catalog.queries import read_catalog as stored_catalog
from webapp.catalog.reading import parse_rows
from webapp.catalog.reading import read as read_catalog
from webapp.notices.models import BackOffice
from webapp.notices.sections import BackOfficeRow, QuietHoursSection

SECTION = "back_offices"
KEYS = "PINWARD_BACK_OFFICE_KEYS"


def check(document: CityDocument) -> list[Finding]:
    """Return what is wrong with the quiet hours and back offices of a city file, and which have no key."""
    rows, findings = parse_rows(document, document, BackOfficeRow, SECTION)
    findings += _quiet_hours(document)[1]
    if findings:
        return findings
    return [*_unknown(document, rows), *_twice(document, rows), *_unreachable(document, rows)]


def load(session: Session, city: City, document: CityDocument) -> None:
    """Store quiet hours and back offices of a file without errors, after its catalog. The caller commits.

    A code keeps its id: what was sent there names it. One that vanished from the file is retired.
    """
    quiet_hours, _ = _quiet_hours(document)
    if quiet_hours is not None:
        city.details = {**city.details, "quiet_hours": quiet_hours.model_dump(mode="json")}
    rows, _ = parse_rows(document, document, BackOfficeRow, SECTION)
    known = {
        office.code: office
        for office in session.scalars(select(BackOffice).where(BackOffice.city_id == city.id))
    }
    catalog = stored_catalog(session, city)
    departments = {each.code: each.id for each in catalog.departments.values()}
    free = max((office.id for office in known.values()), default=0) + 1
    for row in rows:
        office = known.pop(row.code, None)
        if office is None:
            office = BackOffice(city_id=city.id, id=free, code=row.code)
            session.add(office)
            free += 1
        office.endpoint, office.form, office.jurisdiction_id = row.endpoint, row.format, row.jurisdiction
        office.department_id = departments[row.department] if row.department else None
        office.crew_id = catalog.crew_by_code[row.crew].id if row.crew else None
        office.services, office.states, office.retired_at = dict(row.services), dict(row.states), None
    for office in known.values():
        office.retired_at = office.retired_at or func.now()
    session.flush()


def _quiet_hours(document: CityDocument) -> tuple[QuietHoursSection | None, list[Finding]]:
    if document.get("quiet_hours") is None:
        return None, []
    return document.parse(QuietHoursSection, "quiet_hours")


def _unknown(document: CityDocument, rows: list[BackOfficeRow]) -> Iterator[Finding]:
    """Yield an error for each department, crew and service that is not in the file."""
    catalog = read_catalog(document)
    departments = [each.code for each in catalog.departments]
    crews = [each.code for each in catalog.crews]
    services = [each.code for each in catalog.services]
    for number, row in enumerate(rows):
        named: list[tuple[str, Iterable[str], list[str]]] = [
            ("department", filter(None, [row.department]), departments),
            ("crew", filter(None, [row.crew]), crews),
            ("services", row.services, services),
        ]
        for key, values, known in named:
            for value in values:
                if value not in known:
                    message = f'"{key}" names "{value}", which is not in the file.'
                    yield document.error(message, did_you_mean(value, known), SECTION, number, key)


def _twice(document: CityDocument, rows: list[BackOfficeRow]) -> Iterator[Finding]:
    """Yield an error for each back office with the code, the department or the crew of one before it."""
    for key in ("code", "department", "crew"):
        seen: set[str] = set()
        for number, row in enumerate(rows):
            value = getattr(row, key)
            if value in seen:
                message = f'Two back offices have the {key} "{value}".'
                yield document.error(message, "Keep one of them.", SECTION, number, key)
            if value is not None:
                seen.add(value)


def _unreachable(document: CityDocument, rows: list[BackOfficeRow]) -> Iterator[Finding]:
    """Yield a warning for each back office that nothing can be sent to."""
    slug = document.city.slug if document.city else ""
    for number, row in enumerate(rows):
        if f"{slug}/{row.code}" not in document.settings.back_office_keys:
            message = f'The back office "{row.code}" has no key here: nothing can be sent to it.'
            fix = f'Set {KEYS} to {{"{slug}/{row.code}": "the key it gave you"}} for the job worker.'
            yield document.warning(message, fix, SECTION, number)
        if row.endpoint.startswith("http:") and not document.settings.hooks_inside:
            message = f'The endpoint of "{row.code}" does not begin with https://.'
            fix = "Write https://, or set PINWARD_HOOKS_INSIDE in a closed network."
            yield document.warning(message, fix, SECTION, number, "endpoint")
