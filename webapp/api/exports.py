"""``/api/exports``: whole collections as CSV and as GeoParquet 1.1, streamed.

They are the collections of OGC API – Features, with the same properties, filters and rights, and are read as
its pages are: each a statement of its own that goes on after the last row seen. So memory stays what one page
takes, nothing is missed or told twice while data changes, and a slow reader keeps no transaction open, which
would hold back the clean-up of all tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from flask import Blueprint, Response, current_app, request
from sqlalchemy.orm import Session, sessionmaker

from webapp.api import geoparquet, spreadsheet
from webapp.api.answers import for_programs
from webapp.api.features.collections import Features
from webapp.api.features.here import here
from webapp.api.features.items import WholeQuery, moment, seen, wanted
from webapp.api.features.queries import Wanted, page
from webapp.api.query import read
from webapp.people.access import PUBLIC, access

PATH = "/api/exports"
MEDIA_TYPES = {"csv": spreadsheet.MEDIA_TYPE, "parquet": geoparquet.MEDIA_TYPE}

blueprint = Blueprint("exports", __name__, url_prefix=PATH)
for_programs(blueprint)

_AT_ONCE = 10_000

Pages = Iterator[list[Sequence[Any]]]


@blueprint.get("/<collection_id>.<any('csv', 'parquet'):form>")
@access(PUBLIC)
def export(collection_id: str, form: str) -> Response:
    """Answer all features of a collection, or those that the parameters ask for."""
    at = here()
    features = at.collection(collection_id)
    query, equal = read(WholeQuery, request.query_string, also=[each.name for each in features.properties])
    asked = wanted(features, query, equal, at.systems, ZoneInfo(at.city.time_zone), limit=_AT_ONCE)
    write: Callable[[Features, Pages], Iterator[Any]] = _csv if form == "csv" else geoparquet.pieces
    return Response(
        write(features, _pages(current_app.extensions["session"], features, asked)),
        content_type=MEDIA_TYPES[form],
        headers={
            "Content-Disposition": f'attachment; filename="{features.id}.{form}"',
            "Cache-Control": "private, no-store" if at.private else "no-store",
        },
    )


def _pages(sessions: sessionmaker[Session], features: Features, asked: Wanted) -> Pages:
    while True:
        # The request's own session ends before the answer is read.
        with sessions() as session:
            rows = page(session, features, asked)
        yield rows
        if len(rows) < asked.limit:
            return
        asked = replace(asked, after=seen(features, rows[-1], asked))


def _csv(features: Features, pages: Pages) -> Iterator[str]:
    """Yield the lines of a file. Points are two columns, other shapes are WKT: both as GDAL knows them."""
    point = features.shape == "point"
    where = ["lon", "lat"] if point else ["WKT"]
    names = [each.name for each in features.properties]
    ids = slice(1, 1) if "id" in names else slice(1, 2)
    yield spreadsheet.lines([[*["id"][: ids.stop - 1], *names, *where]])
    for rows in pages:
        shapes = shapely.from_wkb([row[2] and bytes(row[2]) for row in rows])
        cells = map(_lonlat if point else _wkt, shapes)
        yield spreadsheet.lines(
            [*row[ids], *map(_cell, row[3:]), *place] for row, place in zip(rows, cells, strict=True)
        )


def _lonlat(point: shapely.Point | None) -> Sequence[float | None]:
    return (None, None) if point is None else (round(point.x, 7), round(point.y, 7))


def _wkt(shape: shapely.Geometry | None) -> Sequence[str | None]:
    return (None if shape is None else shapely.to_wkt(shape, rounding_precision=7),)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, (str, int, float)) else moment(value)
