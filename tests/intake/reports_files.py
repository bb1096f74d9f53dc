"""Files of reports for tests, and the command that loads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.fixtures.databases import Server
from tests.intake.conftest import pin
from webapp.cli import main
from webapp.config import settings
from webapp.db import make_engine

COLUMNS = """
[columns]
external_id = "id"
service = "kind"
requested_at = "opened"
lon = "lon"
lat = "lat"
closed_at = "closed"
status = "state"
description = "words"
address = "place"
channel = "source"

[services]
"Lamp broken" = "light"
"""
NAMES = ["id", "kind", "opened", "lon", "lat", "closed", "state", "words", "place", "source"]


@dataclass
class Desk:
    """A city in a database of its own, and a folder for files."""

    engine: Engine
    folder: Path

    def file(self, rows: list[dict[str, Any]], name: str = "reports.csv") -> Path:
        """Write rows as CSV."""
        path = self.folder / name
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, NAMES, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def map(self, columns: str = COLUMNS) -> Path:
        """Write a columns map."""
        path = self.folder / "map.toml"
        path.write_text(columns)
        return path

    def run(self, *arguments: object) -> Result:
        """Run ``pinward reports``."""
        return CliRunner().invoke(main, ["reports", *map(str, arguments)])

    def load(self, file: Path, columns: str = COLUMNS, *, exit_code: int = 0) -> dict[str, Any]:
        """Load a file and return the figures."""
        result = self.run("load", file, "--columns", self.map(columns), "--json")
        assert result.exit_code == exit_code, result.output + str(result.exception)
        figures: dict[str, Any] = json.loads(result.stdout)
        return figures

    def forget(self) -> None:
        """Empty the tables of reports and tickets."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("truncate timeline, notice, report, ticket cascade")

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a query, those of one column as values."""
        with Session(self.engine) as session:
            rows = session.execute(text(statement)).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def row(
    number: object, opened: str = "2026-03-02 10:00", *, lamp: int | None = None, **others: Any
) -> dict[str, Any]:
    """A report of a street light: the one of its number, if not of another."""
    at = lamp if lamp is not None else int(number) if str(number).isdigit() else 0
    lon, lat = pin(50 + 100 * (at % 5), 5 + 100 * (at // 5 % 6))
    return {"id": number, "kind": "light", "opened": opened, "lon": lon, "lat": lat, "state": "open"} | others


@pytest.fixture(scope="session")
def loading_url(database_server: Server, village_template: str) -> Iterator[str]:
    """URL of a copy of the village for tests that commit."""
    url = database_server.copy(village_template)
    yield url
    database_server.drop(url)


@pytest.fixture
def desk(loading_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The village without any report, where the commands find it."""
    monkeypatch.setenv("DATABASE_URL", loading_url)
    settings.cache_clear()
    engine = make_engine(loading_url)
    desk = Desk(engine, tmp_path)
    desk.forget()
    yield desk
    engine.dispose()
