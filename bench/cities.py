"""Whole cities in databases of their own, for the benchmarks that write. Dropped in the end.

They are made on the server of the settings (DATABASE_URL, else the private cluster), whose role must be
allowed to make databases.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.datasets import CHECKOUT, shared_data
from webapp.config import settings
from webapp.db import SEARCH_PATH

SEGMENTS = 20_000
"""Street segments of the made-up city: a city of half a million people."""


@dataclass(frozen=True)
class City:
    """A city without reports, in a template database."""

    slug: str
    template: str
    folder: Path
    """For files, gone in the end."""
    columns: Path
    """The columns map of its files of reports."""
    segments: int = SEGMENTS
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the URL of a fresh copy of the database, dropped at the end."""
        name = f"{self.template}_{next(self._numbers)}"
        with _database(name, template=self.template) as url:
            yield url


@contextmanager
def made_up_city(segments: int = SEGMENTS) -> Iterator[City]:
    """Make Alder Falls, of about so many segments."""
    source = CHECKOUT / "cities" / "demo"
    with (
        tempfile.TemporaryDirectory(prefix="pinward-bench-") as folder,
        _database("pinward_bench_demo") as url,
    ):
        _pinward(url, folder, "database", "migrate")
        _pinward(url, folder, "demo", "make", "--size", str(segments), "--reports", "1")
        _pinward(url, folder, "city", "load", str(source / "city.toml"))
        yield City("demo", "pinward_bench_demo", Path(folder), source / "reports.toml", segments)


def made_up_reports(city: City, reports: int) -> Path:
    """Return a file of about so many reports of two years from Alder Falls."""
    size = ("--size", str(city.segments), "--reports", str(reports))
    _pinward("", str(city.folder), "demo", "make", *size)
    made = city.folder / "demo" / "reports.parquet"
    return made.rename(city.folder / f"reports_{reports}.parquet")


@contextmanager
def boston() -> Iterator[tuple[City, Path] | None]:
    """Load Boston; give it with its file of half a year's reports, or None where its files are not here."""
    data = shared_data()
    if data is None:
        yield None
        return
    source = CHECKOUT / "cities" / "boston"
    with (
        tempfile.TemporaryDirectory(prefix="pinward-bench-") as folder,
        _database("pinward_bench_boston") as url,
    ):
        _pinward(url, folder, "database", "migrate")
        _pinward(url, folder, "city", "load", str(source / "city.toml"))
        city = City("boston", "pinward_bench_boston", Path(folder), source / "reports.toml")
        yield city, data / "boston" / "reports_2011h2.parquet"


@contextmanager
def _database(name: str, template: str = "template1") -> Iterator[str]:
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    make = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
    # A copied database has not got this, and programs that are not ours do not ask for it.
    path = sql.SQL("alter database {} set search_path to {}").format(
        sql.Identifier(name), sql.SQL(SEARCH_PATH)
    )
    with psycopg.connect(settings().database, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(make)
        connection.execute(path)
        try:
            yield urlunsplit(urlsplit(settings().database)._replace(path=f"/{name}"))
        finally:
            connection.execute(drop)


def _pinward(url: str, home: str, *arguments: str) -> None:
    """Run a command on a database; its words go to the standard error."""
    environment = os.environ | {"DATABASE_URL": url, "PINWARD_HOME": home}
    program = Path(sys.executable).with_name("pinward")
    subprocess.run([program, *arguments], env=environment, check=True, stdout=sys.stderr)
