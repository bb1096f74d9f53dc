"""``[[tables]]`` of a city file: departments, crews, services and rules out of the city's own data files.

Each entry adds rows to one section. With ``key`` there is one row for each different value of that column; in
its other fields stands what is commonest beside it. Without ``key`` each line of the file is a row. A row
that the city file itself has under the same code goes first: what it says wins, field by field.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from pydantic import Field

from layers.cityfile import CityDocument
from layers.findings import Finding, did_you_mean
from layers.sections import Section
from webapp.catalog.sections import slug

CODES = ("code", "department", "crew", "services")
"""Fields that hold codes: what the file says there is made into one."""


class TableRow(Section):
    """``[[tables]]``."""

    rows: Literal["departments", "crews", "services", "rules"] = Field(
        description="departments, crews, services or rules"
    )
    file: str = Field(
        description="path of a .csv or .parquet file, relative to the city file, or with ${SHARED}"
    )
    key: str | None = Field(
        default=None, description="the column with one row of ours for each different value"
    )
    fields: dict[str, str] = Field(min_length=1, description='{ our field = "column of the file" }')
    formats: dict[str, str] = Field(default={}, description='{ our field = "a text with {}" }, as "{} days"')
    set: dict[str, Any] = Field(default={}, description="{ our field = value } that every row has")


class _TableError(Exception):
    """What is wrong with a data file."""


def expanded(document: CityDocument) -> tuple[CityDocument, list[Finding]]:
    """Return the document with the rows of its tables in their sections, after the rows written by hand."""
    data = {**document.data}
    findings: list[Finding] = []
    for number in range(len(document.get("tables") or ())):
        table, mistakes = document.parse(TableRow, "tables", number)
        findings += mistakes
        if table is None:
            continue
        try:
            rows = _rows(document, table)
        except _TableError as error:
            fix = "Correct file, key or fields of this [[tables]]."
            findings.append(document.error(f"{table.file}: {error}", fix, "tables", number))
            continue
        written = data.get(table.rows, [])
        if isinstance(written, list):
            data[table.rows] = _merged(written, rows)
    return dataclasses.replace(document, data=data), findings


def _rows(document: CityDocument, table: TableRow) -> list[dict[str, Any]]:
    wanted = [table.key] if table.key else []
    wanted += [column for column in table.fields.values() if column not in wanted]
    columns = _read(document, table.file, wanted)
    lines = _commonest(columns, table.key) if table.key else columns.to_pylist()
    return [_row(table, line) for line in lines]


def _row(table: TableRow, line: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = dict(table.set)
    if table.key and table.rows != "rules":
        row["code"] = slug(line[table.key])
    for field, column in table.fields.items():
        value = line.get(column)
        if not value:
            continue
        value = table.formats.get(field, "{}").format(value)
        value = slug(value) if field in CODES else value
        row[field] = [value] if field == "services" else value
    return row


def _read(document: CityDocument, file: str, wanted: list[str]) -> pa.Table:
    """Return the wanted columns of a file as text."""
    path = document.resolve(file)
    try:
        if path.suffix == ".parquet":
            known = pyarrow.parquet.read_schema(path).names
            _known(wanted, known)
            table = pyarrow.parquet.read_table(path, columns=wanted)
        else:
            # As text: a column of 02, 03, 1A must not depend on which of them the first block holds.
            as_text = pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=True
            )
            table = pyarrow.csv.read_csv(path, convert_options=as_text)
            _known(wanted, table.column_names)
            table = table.select(wanted)
    except (OSError, pa.ArrowException) as error:
        raise _TableError(f"cannot be read: {error}.") from error
    return pa.table({name: pc.cast(table[name], pa.string()) for name in wanted})


def _known(wanted: list[str], known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise _TableError(f'has no column "{name}". {did_you_mean(name, known)}')


def _commonest(columns: pa.Table, key: str) -> list[dict[str, str]]:
    """Return a line for each value of ``key``, in order, with the commonest value of each other column."""
    present = columns.filter(pc.is_valid(columns[key]))
    values = sorted(pc.unique(present[key]).to_pylist())
    lines: dict[str, dict[str, str]] = {value: {key: value} for value in values}
    for name in columns.column_names:
        if name == key:
            continue
        pairs = present.filter(pc.is_valid(present[name]))
        counted = pairs.group_by([key, name]).aggregate([([], "count_all")]).to_pylist()
        # Of two equally common values the first by alphabet, so that no load differs from the next.
        for pair in sorted(counted, key=lambda pair: (-pair["count_all"], pair[name])):
            lines[pair[key]].setdefault(name, pair[name])
    return list(lines.values())


def _merged(written: list[Any], rows: list[dict[str, Any]]) -> list[Any]:
    """Return the rows so far, completed by those of a table with the same code, and the table's others."""
    by_code = {row["code"]: row for row in rows if "code" in row}
    merged = [
        {**by_code.pop(row.get("code"), {}), **row} if isinstance(row, dict) else row for row in written
    ]
    return merged + [row for row in rows if "code" not in row or row["code"] in by_code]
