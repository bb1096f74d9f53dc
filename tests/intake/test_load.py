"""``pinward reports load``: every row is kept or named, whatever the file; a second load adds nothing."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.intake.conftest import FALLBACK, pin
from tests.intake.reports_files import COLUMNS, Desk, desk, loading_url, row

__all__ = ["desk", "loading_url"]


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
