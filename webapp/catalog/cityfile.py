"""The catalog's part of a city file: calendar, departments, crews, services and their questions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from layers.cityfile import CityDocument
from layers.findings import Finding
from layers.models import City
from webapp.catalog.loading import store
from webapp.catalog.reading import read


def check(document: CityDocument) -> list[Finding]:
    """Return what is wrong with the calendar, departments, crews and services of a city file."""
    return read(document).findings


def load(session: Session, city: City, document: CityDocument) -> None:
    """Store the calendar, departments, crews, services and questions of a city file without errors.

    Loading the same file again changes nothing. The caller commits.
    """
    store(session, city, read(document))
