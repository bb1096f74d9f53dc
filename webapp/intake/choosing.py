"""Which model matches a city's reports: the one that comes with Pinward, or one fitted to the city's answers.

Fitted models are rows that never change, so a process keeps those it has read. ``city.duplicate_model_id``
comes with the city at each request: another choice is noticed at the next one. The caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from geo.duplicates import Model
from layers.models import City
from webapp.intake import duplicates
from webapp.intake.models import DuplicateChoice, DuplicateModel
from webapp.people.models import Staff

log = structlog.get_logger()

_kept: dict[tuple[int, int], Model] = {}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted to a city's answers."""

    id: int
    fitted_at: datetime
    by: str | None
    """Who asked for it; None: the nightly job."""
    answers: dict[str, Any]
    held_back: dict[str, Any]
    refused: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """That a model was taken into use."""

    id: int
    at: datetime
    by: str | None
    model_id: int | None
    """None: the one that comes with Pinward."""


def current_model(session: Session, city: City) -> Model:
    """Return the model in use: the one that comes with Pinward where this version cannot read the other."""
    if city.duplicate_model_id is None:
        return duplicates.shipped()
    key = city.id, city.duplicate_model_id
    if key not in _kept:
        row = session.get_one(DuplicateModel, {"city_id": key[0], "id": key[1]})
        try:
            _kept[key] = duplicates.loads(row.model)
        except duplicates.ModelError as error:
            log.warning("duplicate_model_unreadable", city=city.slug, model=row.id, error=str(error))
            _kept[key] = duplicates.shipped()
    return _kept[key]


def choose(session: Session, city: City, model_id: int | None, *, by: Staff | None) -> None:
    """Take a model into use; None is the one that comes with Pinward.

    Raises
    ------
    LookupError
        Where the city has no model of that number; the text says what to do.
    """
    if model_id is not None and session.get(DuplicateModel, {"city_id": city.id, "id": model_id}) is None:
        raise LookupError(f"There is no model {model_id}. `pinward duplicates show` lists them.")
    if model_id == city.duplicate_model_id:
        return
    session.add(DuplicateChoice(city_id=city.id, model_id=model_id, staff_id=by.id if by else None))
    city.duplicate_model_id = model_id
    session.flush()


def fitted_models(session: Session, city_id: int, limit: int = 50) -> Sequence[Fitted]:
    """Return the models fitted to a city's answers, the latest first."""
    row = DuplicateModel
    query = (
        select(row.id, row.fitted_at, Staff.name.label("by"), row.answers, row.held_back, row.refused)
        .outerjoin(Staff, and_(Staff.city_id == row.city_id, Staff.id == row.staff_id))
        .where(row.city_id == city_id)
        .order_by(row.id.desc())
        .limit(limit)
    )
    return [Fitted(**found._mapping) for found in session.execute(query)]


def choices(session: Session, city_id: int, limit: int = 50) -> Sequence[Chosen]:
    """Return which models were taken into use, the latest first."""
    row = DuplicateChoice
    query = (
        select(row.id, row.at, Staff.name.label("by"), row.model_id)
        .outerjoin(Staff, and_(Staff.city_id == row.city_id, Staff.id == row.staff_id))
        .where(row.city_id == city_id)
        .order_by(row.id.desc())
        .limit(limit)
    )
    return [Chosen(**found._mapping) for found in session.execute(query)]
