"""Items: the features of a collection, a page at a time, as GeoJSON (RFC 7946) in the CRS asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import orjson
import shapely
from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlalchemy import SQLColumnExpression
from sqlalchemy.orm import Session

from webapp.api.features.collections import Features
from webapp.api.features.cql import FilterError, Lang
from webapp.api.features.crs import CRS84, BoxError, Crs
from webapp.api.features.filters import condition
from webapp.api.features.queries import Seen, Wanted, by_time, page
from webapp.api.features.when import interval
from webapp.api.query import Query, Whole, bad, decimals

MOST_ITEMS = 10_000
ITEMS = 100
"""Where no limit is given."""
_CURSOR = re.compile(r"([0-9a-f]{1,20})\.(\d{1,18})(?:\.(-?\d{1,16}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _box(value: object) -> object:
    return decimals(value, 4, 6) if isinstance(value, str) else value


def _cursor(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _CURSOR.fullmatch(value)
    if match is None:
        raise ValueError("It was not given by an earlier answer")
    if match[3] is None:
        return match[1], Seen(int(match[2]))
    return match[1], Seen(int(match[2]), _EPOCH + timedelta(microseconds=int(match[3])))


Box = Annotated[
    tuple[float, ...],
    BeforeValidator(_box),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}),
]
Cursor = Annotated[
    tuple[str, Seen],
    BeforeValidator(_cursor),
    WithJsonSchema({"type": "string", "pattern": f"^{_CURSOR.pattern}$"}),
]


class FormQuery(Query):
    """What every route takes."""

    f: Literal["json", "html"] | None = Field(
        default=None, description="json or html; without it, what the Accept header prefers"
    )


class OneQuery(FormQuery):
    """What the route of one feature takes."""

    crs: str = Field(default=CRS84, description="the URI of a CRS that the collection lists")


class WholeQuery(Query):
    """Which features of a collection to give, besides those of which a property has a value."""

    bbox: Box | None = Field(
        default=None,
        description="west,south,east,north, or six numbers with heights: features that touch the box",
    )
    bbox_crs: str = Field(default=CRS84, alias="bbox-crs", description="the URI of the CRS of bbox")
    datetime: str | None = Field(
        default=None,
        description="an instant, a day of the city's, or an interval begin/end, of which either may be ..",
    )
    filter: str | None = Field(
        default=None, description="a condition in CQL2, such as report_count > 3 AND street LIKE 'Main%'"
    )
    filter_lang: Lang = Field(
        default="cql2-text", alias="filter-lang", description="cql2-text or cql2-json: how filter is written"
    )
    filter_crs: str = Field(
        default=CRS84, alias="filter-crs", description="the URI of the CRS of coordinates in filter"
    )


class ItemsQuery(WholeQuery, OneQuery):
    """What the route of a collection's features takes, besides its properties."""

    limit: Whole = Field(
        default=ITEMS, ge=1, le=MOST_ITEMS, description=f"how many features, from 1 to {MOST_ITEMS:,}"
    )
    cursor: Cursor | None = Field(default=None, description="where to go on, as the next link says it")


def system(name: str, uri: str, systems: dict[str, Crs]) -> Crs:
    """Return the CRS that a parameter names.

    Raises
    ------
    RequestError
        400 where it is not offered.
    """
    if uri not in systems:
        raise bad(name, f"is not offered here; there are: {', '.join(systems)}.")
    return systems[uri]


def items(
    session: Session,
    features: Features,
    query: ItemsQuery,
    filters: dict[str, str],
    systems: dict[str, Crs],
    zone: ZoneInfo,
) -> tuple[list[Sequence[Any]], str | None]:
    """Return a page of rows, and the cursor of the next where there is one.

    Raises
    ------
    RequestError
        400 for a parameter that means nothing here.
    """
    # One more than asked for tells whether there is a next page.
    asked = wanted(features, query, filters, systems, zone, limit=query.limit + 1)
    if query.cursor is not None:
        version, after = query.cursor
        asked = replace(asked, version=version, after=after)
        if (after.time is None) == by_time(features, asked):
            raise bad("cursor", "was given for another question: begin again.")
    try:
        rows = page(session, features, asked)
    except LookupError:
        raise bad("cursor", "is out of date, since the city's map has changed: begin again.") from None
    if len(rows) <= query.limit:
        return rows, None
    rows = rows[: query.limit]
    return rows, _next_cursor(asked.version, seen(features, rows[-1], asked))


def wanted(
    features: Features,
    query: WholeQuery,
    filters: dict[str, str],
    systems: dict[str, Crs],
    zone: ZoneInfo,
    *,
    limit: int,
) -> Wanted:
    """Return which features a query asks for, from the first one on.

    Raises
    ------
    RequestError
        400 for a parameter that means nothing here.
    """
    return Wanted(
        version=features.version,
        limit=limit,
        region=_region(query, systems),
        interval=_interval(query, zone),
        equal=[_equal(features, name, text) for name, text in filters.items()],
        condition=_condition(features, query, systems, zone),
    )


def seen(features: Features, row: Sequence[Any], asked: Wanted) -> Seen:
    """Return the place of a row in the order in which it was read."""
    if not by_time(features, asked):
        return Seen(row[0])
    place = next(i for i, each in enumerate(features.properties) if each.column is features.time)
    return Seen(row[0], row[3 + place])


def _next_cursor(version: str, last: Seen) -> str:
    if last.time is None:
        return f"{version}.{last.key}"
    return f"{version}.{last.key}.{(last.time - _EPOCH) // timedelta(microseconds=1)}"


def _region(query: WholeQuery, systems: dict[str, Crs]) -> shapely.Geometry | None:
    crs = system("bbox-crs", query.bbox_crs, systems)
    if query.bbox is None:
        return None
    try:
        return crs.region(query.bbox)
    except BoxError as error:
        raise bad("bbox", f"{error}. It is in {crs.uri}.") from None


def _interval(query: WholeQuery, zone: ZoneInfo) -> Any:
    if query.datetime is None:
        return None
    try:
        return interval(query.datetime, zone)
    except ValueError as error:
        described = ItemsQuery.model_fields["datetime"].description
        raise bad("datetime", f"{error}. It takes: {described}.") from None


def _condition(
    features: Features, query: WholeQuery, systems: dict[str, Crs], zone: ZoneInfo
) -> SQLColumnExpression[bool] | None:
    crs = system("filter-crs", query.filter_crs, systems)
    if query.filter is None:
        return None
    try:
        return condition(query.filter, query.filter_lang, features, crs, zone)
    except FilterError as error:
        raise bad("filter", f"{error}.") from None


def _equal(features: Features, name: str, text: str) -> tuple[Any, Any]:
    found = next(each for each in features.properties if each.name == name)
    try:
        return found.column, found.parse(text)
    except ValueError as error:
        raise bad(name, f"{error}.") from None


def feature_texts(features: Features, rows: Sequence[Sequence[Any]], crs: Crs, base: str = "") -> list[str]:
    """Return each row as a GeoJSON Feature.

    Parameters
    ----------
    base
        For a feature alone: its links as JSON, with the comma before them.
    """
    shapes = crs.from_lonlat(shapely.from_wkb([None if row[2] is None else bytes(row[2]) for row in rows]))
    names = [each.name for each in features.properties]
    texts = []
    for row, shape in zip(rows, shapely.to_geojson(shapes), strict=True):
        properties = dict(zip(names, row[3:], strict=True))
        texts.append(
            f'{{"type":"Feature","id":{plain(row[1])},"geometry":{shape or "null"},'
            f'"properties":{plain(properties)}{base}}}'
        )
    return texts


def plain(value: object) -> str:
    """Return a value as JSON; times in UTC and whole, so that a filter by them finds them again."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()


def moment(value: object) -> str:
    """Return a time as RFC 3339 writes it, whole."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in text")
