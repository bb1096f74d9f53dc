"""``pinward reports load`` by the batch: again, cut off, in whatever order, two batches at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from psycopg import Connection, errors
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.intake.conftest import pin
from tests.intake.reports_files import COLUMNS, Desk, desk, loading_url, row
from webapp.db import Base, driver
from webapp.intake.bulk import files, tables, writing
from webapp.intake.bulk.columns import read_map
from webapp.intake.bulk.load import BulkLoad
from webapp.intake.bulk.writing import alone, write
from webapp.tickets import loading
from webapp.tickets.models import Report
from webapp.tickets.tracking import new_numbers

__all__ = ["desk", "loading_url"]

EVERYTHING = (
    "select external_id, tracking_number, report.ticket_id, duplicate_of, duplicate_decision, report.closed_at,"
    " ticket.status, ticket.report_count, ticket.due_at, ticket.closed_at, ticket.latest_at"
    " from report join ticket on ticket.id = report.ticket_id order by external_id"
)


def test_a_second_load_adds_nothing_and_changes_nothing(desk: Desk) -> None:
    file = desk.file([row(n) for n in range(8)] + [row("again", lamp=1)])
    first = desk.load(file)
    assert (first["kept"], first["joined"], first["already_there"]) == (9, 1, 0)
    before = desk.rows(EVERYTHING), desk.rows("select count(*) from timeline")
    second = desk.load(file)
    assert (second["rows"], second["kept"], second["already_there"], second["rejected"]) == (9, 0, 9, 0)
    assert (desk.rows(EVERYTHING), desk.rows("select count(*) from timeline")) == before
    longer = desk.load(desk.file([row(n) for n in range(8)] + [row(20, "2026-03-03 10:00")]))
    assert (longer["kept"], longer["already_there"]) == (1, 8)


def test_an_id_that_comes_twice_in_a_file_is_kept_once_and_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 3)
    file = desk.file([row(1), row(1, words="in the batch"), row(3), row(4), row(5), row(6), row(7), row(3)])
    figures = desk.load(file, exit_code=4)
    assert (figures["kept"], figures["rejected"], figures["already_there"]) == (6, 2, 0)
    assert Path(figures["rejects"]).read_text().splitlines()[1:] == [
        "3,1,id,is the id of an earlier row",
        "9,3,id,is the id of an earlier row",
    ]


def test_reports_join_over_batches_as_in_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One lamp, reported six times in two weeks: closed, reported again, open at last."""
    lon, lat = pin(150, 105)
    times = [("02", "03"), ("02", "04"), ("05", "06"), ("07", ""), ("07", "08"), ("09", "10")]
    rows = [
        row(f"{n}", f"2026-03-{opened} 10:00", lon=lon, lat=lat, closed=closed and f"2026-03-{closed} 10:00", state="")
        for n, (opened, closed) in enumerate(times)
    ]  # fmt: skip
    columns = COLUMNS.replace('status = "state"\n', "")
    seen = []
    for batch in (100, 1, 2):
        monkeypatch.setattr(files, "BATCH", batch)
        desk.forget()
        assert desk.load(desk.file(rows), columns)["joined"] == 5
        seen.append(
            desk.rows("select status, open, report_count, due_at, closed_at, latest_at from ticket")
            + desk.rows("select external_id, duplicate_decision, closed_at from report order by external_id")
        )
    assert seen[0][0] == (
        "reopened", True, 6, datetime(2026, 3, 9, 14, tzinfo=UTC), None, datetime(2026, 3, 9, 14, tzinfo=UTC),
    )  # fmt: skip
    assert seen[0] == seen[1] == seen[2]


def test_the_order_of_the_file_does_not_matter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(n, f"2026-03-{1 + n // 2:02} {n % 24:02}:00", lamp=n % 9) for n in range(30)]
    found = []
    for turn, order in enumerate((rows, rows[::-1], rows[::3] + rows[1::3] + rows[2::3])):
        monkeypatch.setattr(files, "BATCH", 7 if turn else 100)
        desk.forget()
        figures = desk.load(desk.file(order))
        assert figures["kept"] == 30
        found.append(
            desk.rows(
                "select report.external_id, opener.external_id, report.duplicate_decision, report.requested_at"
                " from report left join report as opener on opener.id = report.duplicate_of order by 1"
            )
        )
    assert found[0] == found[1] == found[2]
    assert any(opener for _, opener, _, _ in found[0])


def test_a_load_that_was_cut_off_goes_on_where_it_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 4)
    file = desk.file([row(n, f"2026-03-{1 + n:02} 10:00", lamp=n % 4) for n in range(12)])
    columns_map = read_map(desk.map())
    with Session(desk.engine) as session, Session(desk.engine) as other:
        batches = BulkLoad(session, city_by_slug(session, None), file, columns_map).batches()
        write(driver(other), next(batches))
        other.commit()
        write(driver(other), next(batches))
        # … and here it dies, before it commits.
    assert desk.rows("select count(*) from report") == [4]
    figures = desk.load(file)
    assert (figures["kept"], figures["already_there"], figures["joined"]) == (8, 4, 8)
    assert desk.rows("select report_count from ticket") == [3, 3, 3, 3]


def test_one_load_at_a_time(desk: Desk) -> None:
    with Session(desk.engine) as session, alone(driver(session), city_by_slug(session, None).id):
        result = desk.run("load", desk.file([row(1)]), "--columns", desk.map())
    assert result.exit_code == 1
    assert "Another load of this city is running" in result.output
    assert desk.load(desk.file([row(1)]))["kept"] == 1


def test_a_number_that_is_taken_is_replaced(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.load(desk.file([row(1)]))
    taken = desk.rows("select tracking_number from report")
    numbers = iter([np.array(taken), np.array(new_numbers(1))])
    monkeypatch.setattr(tables, "new_numbers", lambda _: next(numbers))
    monkeypatch.setattr(writing, "new_numbers", lambda _: next(numbers))
    desk.load(desk.file([row(2)]))
    assert desk.rows("select count(distinct tracking_number) from report") == [2]
    assert next(numbers, None) is None


def test_batches_on_their_way_together_do_not_share_numbers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 4)
    monkeypatch.setattr(writing, "_WAIT_FOR_A_NUMBER", "50ms")
    same = new_numbers(4)
    monkeypatch.setattr(tables, "new_numbers", lambda count: same[:count])
    figures = desk.load(desk.file([row(n, f"2026-03-{1 + n:02} 10:00", lamp=n % 4) for n in range(12)]))
    assert (figures["kept"], figures["joined"]) == (12, 8)
    assert desk.rows("select count(distinct tracking_number) from report") == [12]
    assert desk.rows("select report_count from ticket") == [3, 3, 3, 3]


def test_a_batch_that_fails_takes_those_after_it_along(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH", 4)
    copies = iter(range(100))

    def fail_in_the_second(connection: Connection[Any], model: type[Base], rows: pa.Table) -> None:
        if model is Report and "7" in rows["external_id"].to_pylist():
            next(copies)
            raise errors.DiskFull("the disk is full")
        real(connection, model, rows)

    real = loading.copy
    monkeypatch.setattr(loading, "copy", fail_in_the_second)
    file = desk.file([row(n, f"2026-03-{1 + n:02} 10:00", lamp=n % 4) for n in range(12)])
    assert desk.run("load", file, "--columns", desk.map()).exit_code != 0
    assert next(copies) == 1
    assert desk.rows("select count(*) from report") == [4]
    monkeypatch.setattr(loading, "copy", real)
    figures = desk.load(file)
    assert (figures["kept"], figures["already_there"], figures["joined"]) == (8, 4, 8)
