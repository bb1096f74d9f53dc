"""``/api/exports``: whole collections as CSV, XLSX, GeoJSON and GeoParquet 1.1, streamed.

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

from flask import Blueprint, Response, current_app, request
from sqlalchemy.orm import Session, sessionmaker

from webapp import spreadsheets
from webapp.api import geojson, geoparquet, spreadsheet
from webapp.api.answers import for_programs
from webapp.api.features.collections import Features
from webapp.api.features.here import here
from webapp.api.features.items import WholeQuery, seen, wanted
from webapp.api.features.queries import Wanted, page
from webapp.api.query import read
from webapp.people.access import PUBLIC, access

PATH = "/api/exports"
Pages = Iterator[list[Sequence[Any]]]
Write = Callable[[Features, Pages], Iterator[Any]]
FORMS: dict[str, tuple[str, Write]] = {
    "csv": (spreadsheets.CSV, spreadsheet.csv_pieces),
    "xlsx": (spreadsheets.XLSX, spreadsheet.xlsx_pieces),
    "geojson": (geojson.MEDIA_TYPE, geojson.pieces),
    "parquet": (geoparquet.MEDIA_TYPE, geoparquet.pieces),
}
"""Media type and writer of each form."""
MEDIA_TYPES = {name: media_type for name, (media_type, _write) in FORMS.items()}

blueprint = Blueprint("exports", __name__, url_prefix=PATH)
for_programs(blueprint)

PAGE = 10_000


@blueprint.get("/<collection_id>.<any('csv', 'xlsx', 'geojson', 'parquet'):form>")
@access(PUBLIC)
def export(collection_id: str, form: str) -> Response:
    """Answer all features of a collection, or those that the parameters ask for."""
    at = here()
    features = at.collection(collection_id)
    query, equal = read(WholeQuery, request.query_string, also=[each.name for each in features.properties])
    asked = wanted(features, query, equal, at.systems, ZoneInfo(at.city.time_zone), limit=PAGE)
    media_type, write = FORMS[form]
    return Response(
        write(features, pages(current_app.extensions["session"], features, asked)),
        content_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{features.id}.{form}"',
            "Cache-Control": "private, no-store" if at.private else "no-store",
        },
    )


def pages(sessions: sessionmaker[Session], features: Features, asked: Wanted) -> Pages:
    """Yield what is asked for, `Wanted.limit` features a page, each read in a transaction of its own."""
    while True:
        # The request's own session ends before the answer is read.
        with sessions() as session:
            rows = page(session, features, asked)
        yield rows
        if len(rows) < asked.limit:
            return
        asked = replace(asked, after=seen(features, rows[-1], asked))
