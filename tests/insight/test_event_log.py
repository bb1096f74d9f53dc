"""The event log: complete, nothing twice, nothing private, and as docs/data.md describes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from tests.api.conftest import move_ticket, street_pins
from webapp.catalog.queries import catalog
from webapp.cli.events import events
from webapp.config import CHECKOUT, settings
from webapp.db import session_on
from webapp.insight import event_log
from webapp.insight.event_log import FIELDS, Exported, export
from webapp.insight.jobs import write_event_log
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.storage import Folder
from webapp.tickets.models import Report, TimelineEntry

PRIVATE = {
    "name": "Quentin Zyxw",
    "email": "quentin@example.org",
    "phone": "2175550123",
    "description": "Rosebud",
}


@pytest.fixture
def session(demo_database: str) -> Iterator[Session]:
    with session_on(demo_database) as session:
        yield session


@pytest.fixture
def city(session: Session) -> City:
    return city_by_slug(session, "demo")


def report(session: Session, city: City, place: int, service: str = "graffiti") -> str:
    """Send a report with a contact, and return its number."""
    lon, lat = street_pins(current_atlas(session, city))[place]
    draft = read_draft(catalog(session, city), {"service_code": service, "lon": lon, "lat": lat} | PRIVATE)
    submit(session, city, draft)
    session.commit()
    return str(session.scalar(select(Report.tracking_number).order_by(Report.id.desc()).limit(1)))


def logged(folder: Path) -> list[dict[str, Any]]:
    """All events, as DuckDB reads them."""
    with duckdb.connect() as base:
        base.sql("set timezone = 'UTC'")
        found = base.sql(
            f"from read_parquet('{folder}/*/*/*/*.parquet', hive_partitioning = true) order by event_id"
        )
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_it_has_all_that_happened_once(session: Session, city: City, tmp_path: Path) -> None:
    numbers = [report(session, city, place) for place in range(2)]
    log = Folder(tmp_path)
    first = export(session, city, log)
    session.commit()
    assert first.events == len(logged(tmp_path)) > 2
    before = files(tmp_path)
    assert export(session, city, log) == Exported(0, 0)
    session.commit()
    move_ticket(session, city, numbers[0], "done", detail="fixed")
    report(session, city, 2, "housing")
    second = export(session, city, log)
    assert second.events > 0
    assert before.items() <= files(tmp_path).items()
    ids = session.scalars(select(TimelineEntry.id).order_by(TimelineEntry.id)).all()
    found = logged(tmp_path)
    assert [each["event_id"] for each in found] == ids
    done = next(each for each in found if each["kind"] == "done")
    assert (done["detail"], done["service_code"], done["public"], done["actor"]) == (
        "fixed",
        "graffiti",
        True,
        "staff",
    )
    assert {each["public"] for each in found if each["service_code"] == "housing"} == {False}
    assert {(each["city"], int(each["year"]), int(each["month"])) for each in found} == {
        ("demo", each["happened_at"].year, each["happened_at"].month) for each in found
    }


def test_it_tells_nothing_of_who_reported(session: Session, city: City, tmp_path: Path) -> None:
    number = report(session, city, 0)
    move_ticket(session, city, number, "declined", detail="misuse", note="Rosebud again")
    export(session, city, Folder(tmp_path))
    said = str(logged(tmp_path))
    assert not [word for word in (*PRIVATE.values(), number, "Rosebud") if word in said]


def test_a_killed_export_leaves_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, session: Session, city: City, tmp_path: Path
) -> None:
    monkeypatch.setattr(event_log, "AT_ONCE", 3)
    for place in range(3):
        report(session, city, place)
    # Some of it happened in another month: a step writes two files.
    session.execute(
        text(
            "insert into timeline (city_id, ticket_id, at, kind, actor)"
            " select city_id, id, '2026-04-30T23:59:59Z', 'in_progress', 'staff' from ticket"
        )
    )
    session.commit()
    total = session.scalar(text("select count(*) from timeline"))
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    export(session, city, Folder(whole))
    session.commit()
    kept = 0

    class Dying(Folder):
        def keep(self, name: str, content: bytes) -> None:
            nonlocal kept
            kept += 1
            if kept % 2 == 0:
                raise OSError("killed")
            super().keep(name, content)

    for _ in range(200):
        try:
            export(session, city, Dying(broken))
            break
        except OSError:
            session.rollback()
            kept += not kept % 4
    session.commit()
    export(session, city, Folder(broken))
    assert files(broken) == files(whole)
    assert len(logged(whole)) == total


def test_it_waits_for_who_still_writes(
    monkeypatch: pytest.MonkeyPatch, demo_database: str, session: Session, city: City, tmp_path: Path
) -> None:
    monkeypatch.setattr(event_log, "PATIENCE_S", 0.3)
    report(session, city, 0)
    log = Folder(tmp_path)
    with session_on(demo_database) as slow:
        slow.execute(
            text(
                "insert into timeline (city_id, ticket_id, kind, actor) select city_id, id, 'noted', 'staff' from ticket"
            )
        )
        report(session, city, 1)
        assert export(session, city, log) == Exported(0, 0)
        session.commit()
        slow.commit()
    export(session, city, log)
    assert len(logged(tmp_path)) == session.scalar(text("select count(*) from timeline"))


def test_only_one_writes_a_citys_log(
    demo_database: str, session: Session, city: City, tmp_path: Path
) -> None:
    report(session, city, 0)
    with session_on(demo_database) as other:
        assert export(other, city, Folder(tmp_path / "a")).events > 0
        assert export(session, city, Folder(tmp_path / "b")) == Exported(0, 0)
        other.commit()
        session.commit()
    assert export(session, city, Folder(tmp_path / "b")).events > 0


def test_the_command_and_the_job(
    monkeypatch: pytest.MonkeyPatch, demo_database: str, session: Session, city: City, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    report(session, city, 0)
    told = CliRunner().invoke(events, ["export", str(tmp_path / "mine")], catch_exceptions=False)
    count = len(logged(tmp_path / "mine"))
    assert told.output == f"{count} events in 1 file.\n"
    (tmp_path / "file").write_text("")
    told = CliRunner().invoke(events, ["export", str(tmp_path / "file")])
    assert (told.exit_code, "cannot be written" in told.output) == (1, True)
    write_event_log(0)
    assert len(logged(settings().home / "events")) == count


def test_the_page_of_data_is_true(
    session: Session, city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (CHECKOUT / "docs" / "data.md").read_text("utf-8")
    for name, field in FIELDS.items():
        assert f"| `{name}` | {field.kind} | {field.description} |" in page
    assert len(re.findall(r"^\| `\w+` \| \w+(?:\[.*\])? \| ", page, re.MULTILINE)) == len(FIELDS)
    numbers = [report(session, city, place) for place in range(3)]
    session.execute(
        text("update ticket set opened_at = '2026-05-03T00:00:00Z', due_at = '2026-05-05T00:00:00Z'")
    )
    session.execute(
        text(
            "insert into timeline (city_id, ticket_id, at, kind, actor)"
            " select city_id, id, timestamptz '2026-05-04T00:00:00Z' + (id - (select min(id) from ticket)) * interval '1 day',"
            " 'done', 'staff' from ticket"
        )
    )
    session.execute(
        text(
            "insert into timeline (city_id, ticket_id, at, kind, actor, data)"
            " select city_id, ticket_id, '2026-06-01T00:00:00Z', 'undone', 'staff', json_build_object('undoes', id)"
            " from timeline where kind = 'done' order by id desc limit 1"
        )
    )
    session.commit()
    export(session, city, Folder(tmp_path / "events"))
    (query,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as base:
        # Tickets took 24, 48 and 72 hours; the last was not done after all.
        assert base.sql(query.rstrip().rstrip(";")).fetchall() == [("graffiti", 2, 36.0, 0)]
    assert len(numbers) == 3


def test_its_files_carry_their_dictionary(session: Session, city: City, tmp_path: Path) -> None:
    report(session, city, 0)
    export(session, city, Folder(tmp_path))
    (path,) = tmp_path.rglob("*.parquet")
    schema = pq.read_schema(path)
    assert {field.name: field.metadata[b"description"].decode() for field in schema} == {
        name: field.description for name, field in FIELDS.items()
    }
    assert json.loads((tmp_path / "city=demo" / "position.json").read_text())["event_id"] > 0
