"""Tables as CSV (RFC 4180) and XLSX that a spreadsheet takes for what they are: words, not formulas."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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


def _sheet(book: Any, title: str, number: int, names: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet(f"{title} {number + 1}" if number else title)
    sheet.write_row(0, 0, names, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: people's words may begin with ``=``."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
