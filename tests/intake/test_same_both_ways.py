"""The live path and the bulk path are one: on real reports of Boston they decide the same, field by field."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from webapp.catalog.queries import catalog
from webapp.cli import main
from webapp.config import CHECKOUT, settings
from webapp.db import make_engine
from webapp.intake.bulk import files
from webapp.intake.bulk.columns import read_map
from webapp.intake.bulk.files import ReportsFile
from webapp.intake.bulk.told import Reader, Told
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit

WEST, SOUTH, EAST, NORTH = -71.085, 42.335, -71.055, 42.360
"""Back Bay to downtown, with the fall-back point."""

# Low enough for the two paths to have something to differ in, whatever the model.
MORE_REPEATS = text(
    """update service set duplicates = '{"auto": 0.05, "flag": 0.01}';
       update city set loaded_at = clock_timestamp()"""
)
DECIDED = text(
    """
    select report.external_id, report.channel, report.description, report.requested_at, report.due_at,
           st_astext(report.geom), report.address, report.street, report.house_number, report.postcode,
           report.segment_id, report.side, report.along_m, report.snap_m, report.asset_id, report.place_flags,
           report.zones::text, report.edition_ids, report.duplicate_decision,
           round(report.duplicate_score::numeric, 4), original.external_id, report.duplicate_reasons::text,
           (select array_agg(first.external_id order by place)
              from unnest(report.suggestions) with ordinality as suggested(ticket_id, place)
             cross join lateral (select external_id from report as other
                                  where other.ticket_id = suggested.ticket_id order by id limit 1) as first),
           opener.external_id, ticket.status, ticket.opened_at, ticket.latest_at, ticket.due_at, ticket.closed_at,
           st_astext(ticket.geom), ticket.address, ticket.segment_id, ticket.side, ticket.along_m,
           ticket.zones::text, ticket.district, ticket.department_id, ticket.crew_id, ticket.service_area,
           ticket.assigned_why, ticket.report_count, case when ticket.open then ticket.match_keys end,
           (select array_agg(kind order by kind) from timeline where report_id = report.id)
      from report
      join ticket on ticket.id = report.ticket_id
      left join report as original on original.id = report.duplicate_of
     cross join lateral (select external_id from report as other where other.ticket_id = ticket.id
                          order by id limit 1) as opener
     order by report.external_id"""
)


@pytest.fixture(scope="module")
def slice_of_boston(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundreds of reports that lie near each other in space and time."""
    table = pyarrow.parquet.read_table(shared_data / "boston" / "reports_2011h2.parquet")
    lon, lat = table["longitude"], table["latitude"]
    inside = pc.and_(
        pc.and_(pc.greater(lon, WEST), pc.less(lon, EAST)),
        pc.and_(pc.greater(lat, SOUTH), pc.less(lat, NORTH)),
    )
    path = tmp_path_factory.mktemp("boston") / "slice.parquet"
    # A file's own promises would hide that both ways compute the same ones.
    pyarrow.parquet.write_table(table.filter(inside).slice(0, 600).drop_columns(["target_dt"]), path)
    return path


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city's own columns map, without the promises."""
    given = (CHECKOUT / "cities" / "boston" / "reports.toml").read_text()
    path = tmp_path_factory.mktemp("boston") / "reports.toml"
    path.write_text(given.replace('due_at = "target_dt"\n', ""))
    return path


def replay(session: Session, told: Told) -> None:
    """Submit reports one by one, and close each ticket when the last of its reports was closed."""
    city = city_by_slug(session, None)
    closings: list[tuple[datetime, int]] = []
    last: dict[int, datetime | None] = {}
    for i in range(len(told)):
        requested_at, closed_at = (_moment(moments[i]) for moments in (told.requested_at, told.closed_at))
        assert requested_at is not None
        _close(session, closings, last, requested_at)
        current = catalog(session, city)
        fields = {
            "service_code": current.services[int(told.service_id[i])].code,
            "lon": told.lon[i], "lat": told.lat[i],
            "address": told.address[i] or "", "description": told.description[i],
            "external_id": told.external_id[i], "requested_at": requested_at, "channel": told.channel[i],
        }  # fmt: skip
        receipt = submit(session, city, read_draft(current, fields), now=requested_at)
        before = last.get(receipt.ticket_id, requested_at)
        last[receipt.ticket_id] = None if before is None or closed_at is None else max(before, closed_at)
        until = last[receipt.ticket_id]
        if until is not None:
            heapq.heappush(closings, (until, receipt.ticket_id))
        session.execute(
            text("update report set closed_at = :at where id = :id"),
            {"at": closed_at, "id": receipt.report_id},
        )
    _close(session, closings, last, datetime.max.replace(tzinfo=UTC))


def _close(
    session: Session, closings: list[tuple[datetime, int]], last: dict[int, datetime | None], now: datetime
) -> None:
    while closings and closings[0][0] <= now:
        at, ticket_id = heapq.heappop(closings)
        if last[ticket_id] == at:
            session.execute(
                text("update ticket set status = 'done', closed_at = :at where id = :id"),
                {"at": at, "id": ticket_id},
            )


def _moment(instant: Any) -> datetime | None:
    moment = instant.astype(datetime)
    return None if moment is None else moment.replace(tzinfo=UTC)


@pytest.mark.shared
def test_the_live_and_the_bulk_path_decide_the_same(
    committed: Callable[[str], str],
    boston_template: str,
    slice_of_boston: Path,
    columns: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for way in ("bulk", "bulk in small batches", "live"):
        url = committed(boston_template)
        monkeypatch.setattr(files, "BATCH", 83 if way == "bulk in small batches" else 20_000)
        engine = make_engine(url)
        with Session(engine) as session:
            session.execute(MORE_REPEATS)
            session.commit()
            if way == "live":
                columns_map = read_map(columns)
                file = ReportsFile(slice_of_boston, columns_map.columns.of_file(), columns_map.file)
                reader = Reader(columns_map, catalog(session, city_by_slug(session, None)))
                (batch,) = file.batches()
                replay(session, reader.read(batch)[0])
            else:
                monkeypatch.setenv("DATABASE_URL", url)
                settings.cache_clear()
                command = ["reports", "load", str(slice_of_boston), "--columns", str(columns), "--json"]
                result = CliRunner().invoke(main, command)
                assert json.loads(result.stdout)["kept"] == 600
            session.commit()
            found.append([tuple(row) for row in session.execute(DECIDED)])
        engine.dispose()
    bulk, small_batches, live = found
    for decision in ("none", "flagged", "joined"):
        assert sum(decision in row for row in bulk) >= 20
    assert any(["fallback_point"] in row for row in bulk)
    for one, other in ((bulk, small_batches), (bulk, live)):
        assert len(one) == len(other) == 600
        for a, b in zip(one, other, strict=True):
            assert a == b
