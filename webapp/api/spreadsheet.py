"""Features as CSV and XLSX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import shapely

from webapp.api.features.collections import Features
from webapp.api.features.items import moment
from webapp.spreadsheets import lines, workbook


def csv_pieces(features: Features, pages: Iterable[list[Sequence[Any]]]) -> Iterator[str]:
    """Yield a file of features, a piece for each page."""
    yield lines([_names(features)])
    for rows in pages:
        yield lines(_rows(features, rows))


def xlsx_pieces(features: Features, pages: Iterable[list[Sequence[Any]]]) -> Iterator[bytes]:
    """Yield a file of features; it is written whole before its first byte is sent."""
    return workbook(
        features.title, _names(features), (row for page in pages for row in _rows(features, page))
    )


def _names(features: Features) -> list[str]:
    names = [each.name for each in features.properties]
    where = ["lon", "lat"] if features.shape == "point" else ["WKT"]
    return [*([] if "id" in names else ["id"]), *names, *where]


def _rows(features: Features, rows: list[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield the cells of features. Points are two columns, other shapes are WKT: both as GDAL knows them."""
    ids = slice(1, 1) if "id" in (each.name for each in features.properties) else slice(1, 2)
    shapes = shapely.from_wkb([row[2] and bytes(row[2]) for row in rows])
    places = map(_lonlat if features.shape == "point" else _wkt, shapes)
    for row, place in zip(rows, places, strict=True):
        yield [*row[ids], *map(cell, row[3:]), *place]


def _lonlat(point: shapely.Point | None) -> Sequence[float | None]:
    return (None, None) if point is None else (round(point.x, 7), round(point.y, 7))


def _wkt(shape: shapely.Geometry | None) -> Sequence[str | None]:
    return (None if shape is None else shapely.to_wkt(shape, rounding_precision=7),)


def cell(value: Any) -> Any:
    """Return a value as a cell has it: times as RFC 3339 writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return moment(value) if isinstance(value, (datetime, date)) else value
