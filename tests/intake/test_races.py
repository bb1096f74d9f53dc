"""Two at once: they find each other, a repeat gets the first answer, and a crash leaves nothing half done."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.projection import projection
from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.intake.conftest import pin
from webapp.catalog.queries import catalog
from webapp.db import driver, make_engine
from webapp.intake.claims import CELL_M, cell_claims
from webapp.intake.draft import read_draft
from webapp.intake.submit import Receipt, submit


@pytest.fixture
def shared_village(committed: Callable[[str], str], village_template: str) -> Iterator[Engine]:
    """A village where commits are real, its atlas and catalog in this process's memory already."""
    engine = make_engine(committed(village_template), pool_size=20)
    with Session(engine) as session:
        city = city_by_slug(session, None)
        current_atlas(session, city)
        catalog(session, city)
    yield engine
    engine.dispose()


def send(engine: Engine, start: Barrier, at: tuple[float, float], **fields: Any) -> Receipt:
    with Session(engine) as session:
        city = city_by_slug(session, None)
        told = {"service_code": "light", "lon": at[0], "lat": at[1]} | fields
        draft = read_draft(catalog(session, city), told)
        start.wait()
        receipt = submit(session, city, draft)
        session.commit()
        return receipt


def spots_on_cell_edges() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Pairs of pins 4 m apart on both sides of a cell's edge or corner, the pairs farther apart than any reach."""
    metric = projection(26986)
    west, south = metric.to_metric(*pin(0, 0))
    edge_x, edge_y = math.ceil(west / CELL_M) * CELL_M, math.ceil(south / CELL_M) * CELL_M
    middles = [(edge_x, south + 50.0 * step) for step in range(10)]
    middles += [(west + 50.0 * step, edge_y) for step in range(10)]
    middles = [middle for middle in middles if math.dist(middle, (edge_x, edge_y)) > 60] + [(edge_x, edge_y)]
    return [(metric.to_lonlat(x - 1.5, y - 1.5), metric.to_lonlat(x + 1.5, y + 1.5)) for x, y in middles]


def test_two_who_report_one_lamp_at_once_find_each_other(shared_village: Engine) -> None:
    pairs = spots_on_cell_edges()
    assert len(pairs) >= 15
    with ThreadPoolExecutor(2) as threads:
        for a, b in pairs:
            start = Barrier(2)
            one, other = threads.map(lambda at, start=start: send(shared_village, start, at), (a, b))
            assert one.ticket_id == other.ticket_id
            assert {one.decision, other.decision} == {"none", "joined"}
    with Session(shared_village) as session:
        assert session.scalar(text("select count(*) from ticket")) == len(pairs)
        assert session.scalar(text("select count(*) from ticket where report_count = 2")) == len(pairs)


def test_two_pins_within_reach_always_claim_a_common_cell() -> None:
    reach = 150.0
    for x in (0.0, 0.001, CELL_M - 0.001, CELL_M / 2, -CELL_M):
        mine = set(cell_claims(1, x, x, reach))
        for turn in range(16):
            angle = turn * math.pi / 8
            other = cell_claims(1, x + reach * math.cos(angle), x + reach * math.sin(angle), 1.0)
            assert mine & set(other)
    assert not set(cell_claims(1, 0, 0, reach)) & set(cell_claims(2, 0, 0, reach))


def test_one_submission_sent_many_times_at_once_is_one_report(shared_village: Engine) -> None:
    start = Barrier(6)
    with ThreadPoolExecutor(6) as threads:
        receipts = list(
            threads.map(
                lambda _: send(shared_village, start, pin(140, 102), idempotency_key="once"), range(6)
            )
        )
    assert len({receipt.tracking_number for receipt in receipts}) == 1
    assert sorted(receipt.repeated for receipt in receipts) == [False] + 5 * [True]
    with Session(shared_village) as session:
        assert session.scalar(text("select count(*) from report")) == 1


def test_a_retry_after_a_crash_is_answered_as_if_nothing_had_been(shared_village: Engine) -> None:
    """The first worker dies between writing and committing, while the retry already waits."""
    written, dead = Event(), Event()

    def die() -> None:
        with Session(shared_village) as session:
            city = city_by_slug(session, None)
            lon, lat = pin(140, 102)
            told = {"service_code": "light", "lon": lon, "lat": lat, "idempotency_key": "k"}
            submit(session, city, read_draft(catalog(session, city), told))
            process = driver(session).info.backend_pid
            written.set()
            dead.wait(30)
            with shared_village.connect() as other:
                other.execute(text("select pg_terminate_backend(:process)"), {"process": process})
            with pytest.raises(DBAPIError):
                session.execute(text("select 1"))

    def retry() -> Receipt:
        written.wait(30)
        return send(shared_village, Barrier(1), pin(140, 102), idempotency_key="k")

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(die), threads.submit(retry)
        _until_somebody_waits(shared_village)
        dead.set()
        first.result(30)
        receipt = second.result(30)
    assert not receipt.repeated
    with Session(shared_village) as session:
        assert session.scalars(text("select tracking_number from report")).all() == [receipt.tracking_number]
        assert session.scalar(text("select count(*) from ticket")) == 1


def _until_somebody_waits(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(3000):
            waiting = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
            if connection.scalar(waiting):
                return
            connection.execute(text("select pg_sleep(0.01)"))
    pytest.fail("nobody ever waited for the claim")
