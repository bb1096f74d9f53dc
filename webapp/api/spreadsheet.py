"""CSV (RFC 4180) and XLSX that a spreadsheet takes for what they are: people's words, not formulas."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import shapely

from webapp.api.features.collections import Features
from webapp.api.features.items import moment

MEDIA_TYPE = "text/csv; charset=utf-8"
XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575
"""Of a sheet below its first row: no spreadsheet reads more."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PIECE_BYTES = 1 << 18

Rows = Iterable[Sequence[Any]]


def lines(rows: Rows) -> str:
    """Return rows as lines of a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows(map(_harmless, row) for row in rows)
    return text.getvalue()


def workbook(title: str, names: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """Yield an XLSX file of one table, in as many sheets as it takes. Nothing in it is a formula."""
    # It takes a tenth of a second to import, and few ask for it.
    import xlsxwriter

    plain = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, plain) as book:
            bold = book.add_format({"bold": True})
            for place, row in enumerate(rows):
                on_sheet = place % MOST_ROWS
                if not on_sheet:
                    sheet = _sheet(book, title, place // MOST_ROWS, names, bold)
                sheet.write_row(on_sheet + 1, 0, row)
            if not book.worksheets():
                _sheet(book, title, 0, names, bold)
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


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


def _sheet(book: Any, title: str, number: int, names: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet(f"{title} {number + 1}" if number else title)
    sheet.write_row(0, 0, names, bold)
    sheet.freeze_panes(1, 0)
    return sheet


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


def _harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: people's words may begin with ``=``."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
