"""Reports a second from a file to committed tickets, everything decided, beside what any load must cost.

The floor is PostgreSQL taking in the finished rows: a bare COPY of them into the same tables, with the same
indexes, from files in its own format. Beside both stands the way of a program that sends one report after the
other: the live ``submit``, a commit each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet
from psycopg import Connection, sql
from sqlalchemy.orm import Session

import geo
from bench import cities
from bench.cities import City
from bench.measure import Run, cpu_of, machine, measure, ratios
from layers.queries import city_by_slug
from webapp.catalog.queries import catalog
from webapp.db import session_on
from webapp.intake.bulk.columns import read_map
from webapp.intake.bulk.files import ReportsFile
from webapp.intake.bulk.load import BulkLoad
from webapp.intake.bulk.told import Reader
from webapp.intake.bulk.writing import alone, decide_and_store, writers
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.tickets import loading

REPORTS = 1_000_000
GOALS = {"reports_per_second": 20_000}
_ONE_BY_ONE = 1_000
_TABLES = ("ticket", "report", "timeline")
_COPY_OUT = sql.SQL("copy (select {} from {} order by id) to stdout (format binary)")
_COPY_IN = sql.SQL("copy {} ({}) from stdin (format binary)")


@dataclass(frozen=True)
class Loaded:
    """A file loaded into a copy of its city, measured."""

    run: Run
    decided: dict[str, int]
    python_s: float
    """CPU of our process."""
    postgres_s: float | None
    """CPU of the server processes that write; None where they are on another machine."""


def run(size: int | None = None) -> dict[str, Any]:
    """Load about `size` reports (a million) of the made-up city, and Boston's half year."""
    geo.warm()
    with cities.made_up_city() as city, cities.boston() as real:
        datasets = [_dataset(city, cities.made_up_reports(city, size or REPORTS))]
        if real is not None:
            datasets.append(_dataset(*real))
    return {
        "name": "load",
        "machine": machine("pgpq", "psycopg", "pyarrow", "numba"),
        "goals": GOALS,
        "datasets": datasets,
    }


def growth(size: int) -> Run:
    """Measure the load of about `size` reports of the made-up city, ten millions if need be."""
    geo.warm()
    with cities.made_up_city() as city:
        file = cities.made_up_reports(city, size)
        with city.copy() as url:
            return load(city, file, url).run


def _dataset(city: City, file: Path) -> dict[str, Any]:
    with city.copy() as url:
        ours = load(city, file, url)
        runs = [ours.run, _floor(city, url, ours.run.count), _one_by_one(city, file)]
    count, postgres_s = ours.run.count, ours.postgres_s
    return {
        "data": f"{count:,} reports of {city.slug}",
        "reports": count,
        "seconds": round(ours.run.seconds, 2),
        "reports_per_second": round(count / ours.run.seconds),
        "python_cpu_us": round(ours.python_s / count * 1e6, 1),
        "postgresql_cpu_us": None if postgres_s is None else round(postgres_s / count * 1e6, 1),
        "peak_mb": ours.run.peak_mb and round(ours.run.peak_mb),
        "decided": ours.decided,
        "times_as_fast_as": ratios(runs),
        "runs": [each.as_json() for each in runs],
    }


def load(city: City, file: Path, url: str) -> Loaded:
    """Load a file as ``pinward reports load`` does, the atlas included."""
    decided: dict[str, int] = {}
    postgres_s = 0.0

    def work() -> None:
        nonlocal postgres_s
        with session_on(url) as session, writers(session) as connections:
            row = city_by_slug(session, None)
            with alone(connections[0], row.id):
                bulk = BulkLoad(session, row, file, read_map(city.columns))
                for figures in decide_and_store(bulk, connections):
                    decided.update(
                        tickets=figures.tickets,
                        joined=figures.joined,
                        flagged=figures.flagged,
                        rejected=len(figures.rejected),
                    )
            postgres_s = sum(cpu_of(each.info.backend_pid) for each in connections)

    begin = time.process_time()
    run = measure("pinward", "from the file, everything decided", _rows(file), work)
    return Loaded(run, decided, time.process_time() - begin, postgres_s or None)


def _floor(city: City, url: str, count: int) -> Run:
    """Copy the rows of a database into the same tables of an empty copy of the city."""
    with psycopg.connect(url) as source, city.copy() as fresh, psycopg.connect(fresh) as target:
        pieces = [(table, _columns(source, table), city.folder / table) for table in _TABLES]
        for table, columns, path in pieces:
            statement = _COPY_OUT.format(columns, sql.Identifier(table))
            with path.open("wb") as file, source.cursor().copy(statement) as stream:
                file.writelines(stream)

        def work() -> None:
            loading.trust_keys(target)
            for table, columns, path in pieces:
                statement = _COPY_IN.format(sql.Identifier(table), columns)
                with path.open("rb") as file, target.cursor().copy(statement) as stream:
                    while piece := file.read(1 << 20):
                        stream.write(piece)
            target.commit()

        return measure("bare COPY", "finished rows, same tables, same indexes", count, work)


def _columns(connection: Connection[Any], table: str) -> sql.Composed:
    """Return the columns of a table that are not computed."""
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass"
        " and attnum > 0 and not attisdropped and attgenerated = ''",
        [f"public.{table}"],
    )
    return sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)


def _one_by_one(city: City, file: Path) -> Run:
    """Send the first reports of a file one after the other through the live submit."""
    with city.copy() as url, session_on(url) as session:
        row = city_by_slug(session, None)
        known = catalog(session, row)
        drafts = [read_draft(known, fields) for fields in islice(fields_of(city, file, session), _ONE_BY_ONE)]
        # With the atlas in memory, as in a web process.
        submit(session, row, drafts[0])
        session.rollback()

        def work() -> None:
            for draft in drafts:
                submit(session, row, draft)
                session.commit()

        return measure("one by one", "the live submit, a commit each", len(drafts), work)


def fields_of(city: City, file: Path, session: Session) -> Iterator[dict[str, Any]]:
    """Yield the fields of drafts for the reports of a file."""
    columns_map, known = read_map(city.columns), catalog(session, city_by_slug(session, None))
    reader = Reader(columns_map, known)
    for batch in ReportsFile(file, columns_map.columns.of_file(), columns_map.file).batches():
        told, _ = reader.read(batch)
        for i in range(len(told)):
            yield {
                "service_code": known.services[int(told.service_id[i])].code,
                "lon": told.lon[i],
                "lat": told.lat[i],
                "address": told.address[i] or "",
                "description": told.description[i],
                "channel": told.channel[i],
                "external_id": told.external_id[i],
            }


def _rows(file: Path) -> int:
    rows: int = pyarrow.parquet.read_metadata(file).num_rows
    return rows
