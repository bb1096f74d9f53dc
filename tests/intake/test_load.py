"""``pinward reports load``: every row is kept or named, whatever the file; a second load adds nothing."""

from __future__ import annotations

import csv
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
from tests.intake.conftest import FALLBACK, pin
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


def test_a_report_is_located_assigned_promised_and_told(desk: Desk) -> None:
    lon, lat = pin(149, 104)
    told = row(
        "A-1", lon=lon, lat=lat, words=" It is\r\n<b>dark</b> ", place="9 Elm St", source="Call Centre"
    )
    figures = desk.load(desk.file([told]))
    assert (figures["rows"], figures["kept"], figures["rejected"], figures["tickets"]) == (1, 1, 0, 1)
    assert desk.rows(
        "select external_id, channel, description, address, street, asset_id, zones ->> 'council', closed_at,"
        " requested_at, due_at, updated_at, duplicate_decision, answers, media_urls from report"
    ) == [
        (
            "A-1", "call_centre", "It is\n<b>dark</b>", "9 Elm St", "Street 2", "L11", "1", None,
            datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 4, 15, tzinfo=UTC),
            datetime(2026, 3, 2, 15, tzinfo=UTC), "none", {}, [],
        )
    ]  # fmt: skip
    assert desk.rows(
        "select status, crew.code, service_area, district, matchable, report_count, st_x(geom) = st_x(geom)"
        " from ticket join crew on crew.id = crew_id"
    ) == [("assigned", "west", "Area 1", "1", True, 1, True)]
    assert desk.rows("select kind, actor, at from timeline") == [
        ("received", "import", datetime(2026, 3, 2, 15, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"id": " "}, "id", "is empty"),
        ({"kind": "volcano"}, "kind", "'volcano', no service"),
        ({"kind": ""}, "kind", "no service"),
        ({"opened": ""}, "opened", "is empty"),
        ({"opened": "soon"}, "opened", "'soon', no time"),
        ({"opened": "2026-02-30 10:00"}, "opened", "no time"),
        ({"opened": "1492-10-12"}, "opened", "no time"),
        ({"opened": "2060-01-01"}, "opened", "in the future"),
        ({"closed": "later"}, "closed", "'later', no time"),
        ({"state": "closed"}, "closed", "is empty, but the report is closed"),
        ({"state": "pending"}, "state", "under [status]"),
        ({"lon": "71° W"}, "lon", "'71° W', no number"),
        ({"lat": "42,36"}, "lat", "no number"),
    ],
)
def test_a_row_that_cannot_be_kept_is_named_with_the_reason(
    desk: Desk, wrong: dict[str, Any], field: str, reason: str
) -> None:
    figures = desk.load(desk.file([row(1), row(2) | wrong, row(3)]), exit_code=4)
    assert (figures["rows"], figures["kept"], figures["rejected"]) == (3, 2, 1)
    with Path(figures["rejects"]).open() as file:
        listed = list(csv.DictReader(file))
    assert [(each["row"], each["external_id"], each["field"]) for each in listed] == [
        ("3", str((row(2) | wrong)["id"]).strip(), field)
    ]
    assert reason in listed[0]["reason"]
    assert desk.rows("select external_id from report order by 1") == ["1", "3"]


def test_rows_with_too_few_or_too_many_values_are_named(desk: Desk) -> None:
    file = desk.file([row(1), row(2), row(3, words='said "so",\nand left')])
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], lines[1], "7,light\n", *lines[2:], "8" + 20 * ",x" + "\n"]))
    figures = desk.load(file, exit_code=4)
    assert (figures["rows"], figures["kept"], figures["rejected"]) == (5, 3, 2)
    assert "3,,,has 2 values for 10 columns" in Path(figures["rejects"]).read_text()
    assert desk.rows("select description from report where external_id = '3'") == ['said "so",\nand left']


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


def test_pins_without_a_place_are_kept_flagged_never_matched_never_on_a_map(desk: Desk) -> None:
    odd = [
        row("fallback", lon=FALLBACK[0], lat=FALLBACK[1]),
        row("fallback too", lon=FALLBACK[0], lat=FALLBACK[1]),
        row("none", lon="", lat=""),
        row("nan", lon="nan", lat="nan"),
        row("sea", lon=0, lat=0),
        row("swapped", lon=row(1)["lat"], lat=row(1)["lon"]),
        row("moon", lon=1e9, lat=-1e9),
    ]
    assert desk.load(desk.file(odd))["kept"] == 7
    flags = dict(desk.rows("select external_id, array_to_string(place_flags, ' ') from report"))
    assert flags == {
        "fallback": "fallback_point", "fallback too": "fallback_point", "none": "not_a_point",
        "nan": "not_a_point", "sea": "outside", "swapped": "swapped", "moon": "not_a_point",
    }  # fmt: skip
    assert desk.rows(
        "select count(*) from report where segment_id is not null or duplicate_score is not null"
    ) == [0]
    assert desk.rows("select external_id from report where geom is null order by 1") == [
        "moon",
        "nan",
        "none",
    ]
    assert desk.rows("select distinct geom is null, crew_id, status, matchable from ticket") == [
        (True, None, "new", False)
    ]


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2025-11-02 01:30:00", "2025-11-02 05:30:00"),
        ("2025-11-02 02:30:00", "2025-11-02 07:30:00"),
        ("2026-03-08 02:30:00", "2026-03-08 07:30:00"),
        ("2026-03-08 03:30:00", "2026-03-08 07:30:00"),
        ("2026-01-15T12:00:00.123456", "2026-01-15 17:00:00.123456"),
        ("2026-01-15", "2026-01-15 05:00:00"),
        ("2026-01-15T12:00:00Z", "2026-01-15 12:00:00"),
        ("2026-01-15T12:00:00+05:30", "2026-01-15 06:30:00"),
    ],
)
def test_a_local_time_means_one_instant_also_where_the_clock_jumps(desk: Desk, local: str, utc: str) -> None:
    desk.load(desk.file([row(1, local)]))
    assert desk.rows("select requested_at::timestamp::text from report") == [utc]


def test_times_in_the_files_own_way_and_zone(desk: Desk) -> None:
    own = '\n[file]\ntime_zone = "Asia/Kolkata"\ntime_format = "%d.%m.%Y %I:%M %p"\ndelimiter = ";"\nencoding = "latin-1"\n'
    file = desk.file([row(1, "15.01.2026 05:30 PM", words="Straße; dunkel")])
    rows = list(csv.reader(file.read_text().splitlines()))
    with file.open("w", encoding="latin-1", newline="") as out:
        csv.writer(out, delimiter=";").writerows(rows)
    desk.load(file, COLUMNS + own)
    assert desk.rows("select requested_at::timestamp::text, description from report") == [
        ("2026-01-15 12:00:00", "Straße; dunkel")
    ]


def test_the_files_own_state_closing_and_promise_are_kept(desk: Desk) -> None:
    promises = COLUMNS.replace(
        "[services]", '[status]\n"Fixed!" = "done"\n"No" = "declined"\n"Busy" = "in_progress"\n[services]'
    )
    promises = promises.replace("[columns]", '[columns]\ndue_at = "place"')
    rows = [
        row(1, state="Fixed!", closed="2026-03-02 11:00", place="2026-03-05"),
        row(2, state="No", closed="2026-03-02 12:00"),
        row(3, state="Busy"),
        row(4, state="Open", closed="2026-03-02 12:00"),
    ]
    desk.load(desk.file(rows), promises)
    assert desk.rows(
        "select external_id, status, open, report.closed_at::timestamp::text, report.due_at::timestamp::text,"
        " ticket.closed_at = report.closed_at, report.updated_at = report.closed_at"
        " from report join ticket on ticket.id = ticket_id order by 1"
    ) == [
        ("1", "done", False, "2026-03-02 16:00:00", "2026-03-05 05:00:00", True, True),
        ("2", "declined", False, "2026-03-02 17:00:00", None, True, True),
        ("3", "in_progress", True, None, None, None, None),
        ("4", "assigned", True, None, None, None, None),
    ]
    assert desk.rows("select kind from timeline where kind <> 'received' order by 1") == ["declined", "done"]


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


def test_parquet_with_its_own_types(desk: Desk) -> None:
    lon, lat = pin(149, 104)
    when = datetime(2026, 3, 2, 10)  # noqa: DTZ001  (a local time, as files have them)
    table = pa.table(
        {
            "id": pa.array([101000295613.0, 7.0]),
            "kind": pa.array(["Lamp broken", "Street Light Out"], pa.large_string()),
            "opened": pa.array([when, when], pa.timestamp("ms")),
            "lon": pa.array([lon, lon], pa.float32()),
            "lat": pa.array([lat, lat]),
            "closed": pa.nulls(2, pa.timestamp("us")),
            "state": pa.array(["open", "OPEN"]).dictionary_encode(),
            "words": pa.nulls(2),
            "place": pa.nulls(2),
            "source": pa.nulls(2),
            "more": pa.array([1, 2]),
        }
    )
    file = desk.folder / "reports.parquet"
    pyarrow.parquet.write_table(table, file)
    assert desk.load(file)["kept"] == 2
    assert desk.rows("select external_id, channel, requested_at from report order by 1") == [
        ("101000295613", "import", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("7", "import", datetime(2026, 3, 2, 15, tzinfo=UTC)),
    ]


def test_a_file_without_rows_is_loaded(desk: Desk) -> None:
    figures = desk.load(desk.file([]))
    assert (figures["rows"], figures["kept"]) == (0, 0)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("reports.xlsx", b"PK", "neither .csv nor .parquet"),
        ("reports.parquet", b"PAR1 cut off", "cannot be read"),
        ("reports.csv", b"", "cannot be read"),
        ("reports.csv", b"id,kind\n1,light\n", 'no column "opened"'),
        ("missing.csv", None, "cannot be read"),
        ("reports.csv", "id,kind,opened,lon,lat,closed,state,words,place,source\n1,light,,,,,,é,,".encode("latin-1"), "encoding"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(
    desk: Desk, name: str, content: bytes | None, complaint: str
) -> None:
    path = desk.folder / name
    if content is not None:
        path.write_bytes(content)
    result = desk.run("load", path, "--columns", desk.map())
    assert result.exit_code == 1
    assert complaint in result.output
    assert "What to do" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ("", "columns is missing"),
        ("[columns", "is not TOML"),
        (COLUMNS.replace('lat = "lat"\n', ""), "columns.lat is missing"),
        (COLUMNS + '\n[colour]\na = "b"', "there is no colour"),
        (COLUMNS + '\n[file]\ntime_zone = "Mars"', "time_zone is no time zone"),
        (COLUMNS + '\n[file]\ntime_format = "%d %z"', "no format without a zone"),
        (COLUMNS + '\n[file]\nencoding = "klingon"', "encoding is no encoding"),
        (COLUMNS + '\n[file]\ndelimiter = "::"', "delimiter"),
        (COLUMNS + '\n[status]\nOpen = "ajar"', "is none of open, new"),
    ],
)
def test_a_columns_map_that_is_wrong_is_refused_with_what_to_do(
    desk: Desk, columns: str, complaint: str
) -> None:
    result = desk.run("load", desk.file([row(1)]), "--columns", desk.map(columns))
    assert result.exit_code == 1
    assert complaint in result.output


def test_figures_are_told_in_words_too(desk: Desk) -> None:
    result = desk.run("load", desk.file([row(1), row(2)]), "--columns", desk.map())
    assert "2 of 2 rows kept, 0 were there already, 0 rejected." in result.output
