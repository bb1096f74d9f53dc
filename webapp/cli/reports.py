"""``pinward reports``: load reports from a file, and export them."""

from __future__ import annotations

import csv
import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from psycopg import Connection
from sqlalchemy.orm import Session

from layers.findings import counted
from layers.models import City
from layers.queries import current_editions
from webapp.cli.city_session import city_session
from webapp.cli.console import Failure
from webapp.config import settings
from webapp.db import driver
from webapp.intake.bulk.columns import MapError, read_map
from webapp.intake.bulk.load import BulkLoad, Figures
from webapp.intake.bulk.told import Rejected
from webapp.intake.bulk.writing import alone, decide_and_store, writers
from webapp.tickets.export import export as all_reports
from webapp.tickets.export import export_schema

CITY = click.option("--city", "slug", help="Short name of the city, where the database has several.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def reports() -> None:
    """Load reports from a file, and export them."""


@reports.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--columns", required=True, type=click.Path(path_type=Path), help="The columns map, a TOML file."
)
@click.option("--rejects", type=click.Path(path_type=Path), help="Where to list the rows that are not kept.")
@CITY
@AS_JSON
def load(file: Path, columns: Path, rejects: Path | None, slug: str | None, as_json: bool) -> None:
    """Load the reports of FILE (CSV or Parquet): locate, match, assign and promise as if they were sent.

    The file's own states, closing times and promises are kept. Loading a file again adds nothing; a load that
    was interrupted goes on where it stopped. Rows that cannot be kept are listed with the reason; then the
    exit code is 4.

    For example: pinward reports load reports.parquet --columns cities/boston/reports.toml
    """
    begin = time.monotonic()
    with city_session(slug) as (session, city), writers(session) as connections:
        try:
            columns_map = read_map(columns)
            with alone(connections[0], city.id):
                figures = _load(BulkLoad(session, city, file, columns_map), connections)
        except MapError as error:
            raise Failure(str(error), "Correct the file or the columns map, and load again.") from error
    listed = _list(rejects or settings().home / "rejects" / f"{file.stem}.csv", figures.rejected)
    _tell(figures, time.monotonic() - begin, listed, as_json)
    if listed is not None:
        raise SystemExit(4)


@reports.command()
@click.argument("out", type=click.Path(path_type=Path))
@CITY
@AS_JSON
def export(out: Path, slug: str | None, as_json: bool) -> None:
    """Write all reports with what was decided about them to OUT (.parquet or .csv), a row each.

    Nothing is told of who made them. In CSV, the values of a list are joined by semicolons.
    """
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise Failure(f"{out.name} is neither .parquet nor .csv.", "Name a file that ends in one of these.")
    begin = time.monotonic()
    with city_session(slug) as (session, city):
        layers = _zone_layers(session, city)
        batches = all_reports(driver(session), city.id, layers)
        schema = export_schema(layers)
        rows = (
            _write_csv(out, schema, batches)
            if out.suffix.lower() == ".csv"
            else _write_parquet(out, schema, batches)
        )
    figures = {
        "rows": rows,
        "columns": len(schema),
        "file": str(out),
        "seconds": round(time.monotonic() - begin, 2),
    }
    click.echo(
        json.dumps(figures, indent=1)
        if as_json
        else f"{counted(rows, 'report', 'reports')} written to {out}."
    )


def _load(bulk: BulkLoad, connections: Sequence[Connection[Any]]) -> Figures:
    with click.progressbar(length=len(bulk), label="Loading reports", file=sys.stderr) as bar:
        for figures in decide_and_store(bulk, connections):
            bar.update(figures.rows - bar.pos)
    return bulk.figures


def _list(path: Path, rejected: Sequence[Rejected]) -> Path | None:
    """Write the rows that were not kept to a file; return it, or None where there are none."""
    if not rejected:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(Rejected)])
        writer.writerows(astuple(row) for row in sorted(rejected, key=lambda row: row.row))
    return path


def _tell(figures: Figures, seconds: float, listed: Path | None, as_json: bool) -> None:
    found = {
        "rows": figures.rows,
        "kept": figures.kept,
        "already_there": figures.known,
        "rejected": len(figures.rejected),
        "tickets": figures.tickets,
        "joined": figures.joined,
        "flagged": figures.flagged,
        "seconds": round(seconds, 2),
        "reports_per_second": round(figures.kept / seconds),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "rejects": str(listed) if listed else None,
    }
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    click.echo(
        f"{figures.kept:,} of {counted(figures.rows, 'row', 'rows')} kept, {figures.known:,} were there "
        f"already, {len(figures.rejected):,} rejected{f' (listed in {listed})' if listed else ''}.\n"
        f"{counted(figures.tickets, 'ticket', 'tickets')} opened, {figures.joined:,} reports joined one, "
        f"{figures.flagged:,} flagged for staff.\n"
        f"{seconds:.1f} s, {found['reports_per_second']:,} reports a second, at most {found['peak_mb']:,} MB."
    )


def _zone_layers(session: Session, city: City) -> list[str]:
    return [layer.name for _, layer in current_editions(session, city.id) if layer.kind == "zones"]


def _write_parquet(out: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
    rows = 0
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += len(batch)
    return rows


def _write_csv(out: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
    rows = 0
    flat = pa.schema(
        [(field.name, pa.string() if pa.types.is_list(field.type) else field.type) for field in schema]
    )
    with pyarrow.csv.CSVWriter(out, flat) as writer:
        for batch in batches:
            columns = [
                pc.binary_join(column, ";") if pa.types.is_list(column.type) else column for column in batch
            ]
            writer.write_batch(pa.record_batch(columns, schema=flat))
            rows += len(batch)
    return rows
