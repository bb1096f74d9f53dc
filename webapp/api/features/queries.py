"""Reads features: one statement a page, however deep. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import BigInteger, Select, SQLColumnExpression, func, literal, select, tuple_
from sqlalchemy.orm import Session

from webapp.api.features.collections import Features
from webapp.api.features.when import Interval


@dataclass(frozen=True)
class Seen:
    """The place of a feature in the order in which a collection is read."""

    key: int
    time: datetime | None = None
    """Where the order is by time."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which features to read; what is left out is not asked for."""

    version: str
    after: Seen | None = None
    """The last one seen."""
    limit: int
    region: shapely.Geometry | None = None
    """EPSG:4326, lon lat: features that touch it."""
    interval: Interval | None = None
    """Of collections without a time it asks for nothing."""
    equal: Sequence[tuple[SQLColumnExpression[Any], Any]] = ()
    condition: SQLColumnExpression[bool] | None = None


def page(session: Session, features: Features, wanted: Wanted) -> list[Sequence[Any]]:
    """Return up to ``limit`` features after the last one seen, as rows of key, id, WKB and properties.

    The pages of a walk repeat no feature, and miss none that was there when it began.

    Raises
    ------
    LookupError
        If no walk of that version can go on.
    """
    query = _rows(features, wanted.version)
    order: list[SQLColumnExpression[Any]] = [features.key]
    if by_time(features, wanted) and features.time is not None:
        order.insert(0, features.time)
    if wanted.after is not None:
        last = [wanted.after.time, wanted.after.key][-len(order) :]
        here, there = tuple_(*order), tuple_(*map(literal, last))
        query = query.where(here < there if features.newest_first else here > there)
    if wanted.region is not None:
        region = func.st_geomfromwkb(shapely.to_wkb(wanted.region), 4326)
        query = query.where(func.st_intersects(features.geometry, region))
    if wanted.interval is not None and features.time is not None:
        if wanted.interval.begin is not None:
            query = query.where(features.time >= wanted.interval.begin)
        if wanted.interval.end is not None:
            query = query.where(features.time <= wanted.interval.end)
    for column, value in wanted.equal:
        # As wide as can be asked for: a smaller column's own type would overflow.
        query = query.where(column == (literal(value, BigInteger) if type(value) is int else value))
    if wanted.condition is not None:
        query = query.where(wanted.condition)
    sorted_by = [each.desc() if features.newest_first else each.asc() for each in order]
    # Without the ORM, which would handle each row once more: these are plain columns.
    return list(session.connection().execute(query.order_by(*sorted_by).limit(wanted.limit)))


def by_time(features: Features, wanted: Wanted) -> bool:
    """Say whether features are read in the order of their times, their keys after that.

    Where an interval is asked for they are, so that those of long ago are found as quickly as the latest.
    """
    return wanted.interval is not None and features.time is not None


def one(session: Session, features: Features, feature_id: str) -> Sequence[Any] | None:
    """Return the feature with this id, None where there is none that the caller may see."""
    column = features.feature_id
    value: Any = feature_id
    if column is features.key:
        if not (feature_id.isascii() and feature_id.isdecimal() and len(feature_id) < 19):
            return None
        value = int(feature_id)
    elif "\x00" in feature_id:
        return None
    query = _rows(features, features.version).where(column == value).order_by(features.key).limit(1)
    return session.execute(query).one_or_none()


def _rows(features: Features, version: str) -> Select[Any]:
    columns: list[Any] = [
        each.column.label(f"property_{place}") for place, each in enumerate(features.properties)
    ]
    return (
        select(
            features.key.label("key"),
            features.feature_id.label("feature_id"),
            func.st_asbinary(features.geometry).label("shape"),
            *columns,
        )
        .select_from(features.source)
        .where(*features.conditions(version))
    )
