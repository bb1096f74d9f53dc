"""The figures of the council's page as files: by service as tables, by area with their outlines too."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from flask import Blueprint, Response

from webapp.insight.areas import MEASURES
from webapp.insight.maps import packing
from webapp.pages.council import services_of
from webapp.pages.council_choice import read_choice
from webapp.pages.council_figures import Shown, shown
from webapp.pages.places import atlas
from webapp.people.access import access, roles
from webapp.spreadsheets import CSV, XLSX, lines, workbook

blueprint = Blueprint("council_files", __name__, url_prefix="/council")
RULE = roles("council")

SERVICE_COLUMNS = ("service", "tickets", "reports", "open", "late", "median_days")
AREA_COLUMNS = ("id", "area", *MEASURES)
KINDS = (pa.string(), pa.string(), pa.int64(), *[pa.float64()] * (len(MEASURES) - 1))


@blueprint.get("/services.<any('csv', 'xlsx'):form>")
@access(RULE)
def services(form: str) -> Response:
    """Answer the figures of services; the address asks as the page's does."""
    rows = services_of(shown(atlas(), read_choice()))
    cells = [[row.name, *(getattr(row.figures, name) for name in SERVICE_COLUMNS[1:])] for row in rows]
    return _table("services", form, SERVICE_COLUMNS, cells)


@blueprint.get("/areas.<any('csv', 'xlsx', 'geojson', 'parquet'):form>")
@access(RULE)
def areas(form: str) -> Response:
    """Answer the figures of areas; those that the page does not show are empty."""
    what = shown(atlas(), read_choice())
    cells = [
        [row.key, row.name, *(getattr(row.figures, measure) for measure in MEASURES)] for row in what.rows
    ]
    if form in ("csv", "xlsx"):
        return _table("areas", form, AREA_COLUMNS, cells)
    if form == "geojson":
        return _file("areas.geojson", "application/geo+json", [_geojson(what, cells)])
    return _file("areas.parquet", "application/vnd.apache.parquet", [_parquet(what, cells)])


def _table(name: str, form: str, columns: Sequence[str], cells: Sequence[Sequence[Any]]) -> Response:
    if form == "csv":
        return _file(f"{name}.csv", CSV, [lines([columns, *cells])])
    return _file(f"{name}.xlsx", XLSX, workbook(name, columns, cells))


def _geojson(what: Shown, cells: Sequence[Sequence[Any]]) -> str:
    features = [
        {
            "type": "Feature",
            "id": row[0],
            "geometry": json.loads(shape),
            "properties": dict(zip(AREA_COLUMNS, row, strict=True)),
        }
        for row, shape in zip(cells, shapely.to_geojson(_outlines(what)), strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _parquet(what: Shown, cells: Sequence[Sequence[Any]]) -> bytes:
    """Return GeoParquet 1.1, in longitude and latitude."""
    shape = {"encoding": "WKB", "geometry_types": ["Polygon", "MultiPolygon"]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": shape}}
    columns = list(zip(*cells, strict=True)) or [()] * len(AREA_COLUMNS)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, KINDS, strict=True)]
    table = pa.table(
        [*arrays, pa.array(shapely.to_wkb(_outlines(what)).tolist(), pa.binary())],
        names=[*AREA_COLUMNS, "geometry"],
    )
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), sink, compression="zstd")
    return sink.getvalue()


def _outlines(what: Shown) -> Any:
    """Return the areas in EPSG:4326, as far as a city's map is exact."""
    if what.areas is None:
        return []
    return shapely.set_precision(packing.to_lonlat(what.areas.polygons, what.atlas.metric), 1e-7)


def _file(name: str, media_type: str, pieces: Iterable[str | bytes]) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(pieces, content_type=media_type, headers=headers)  # type: ignore[arg-type]
