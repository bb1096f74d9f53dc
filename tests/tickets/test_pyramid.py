"""The pyramid says what a count of the tickets would, whatever was done to them and in whatever way."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.layers.test_tiles import decoded
from tests.tickets.conftest import NOON, Town
from webapp.catalog.models import Service
from webapp.cli import main
from webapp.config import settings as process_settings
from webapp.tickets import loading, pyramid, tiles
from webapp.tickets.models import Ticket, TicketDelta
from webapp.tickets.tiles import MOST_TICKETS, ticket_tile

LON, LAT = -71.1, 42.3
SECRET = 2
"""A service whose tickets only staff may see."""


@pytest.fixture
def town(town: Town) -> Town:
    """The town, with a service that is not public."""
    town.session.add(
        Service(
            city_id=town.city_id, id=SECRET, code="housing", name="Housing", group="", description="", keywords=[],
            icon="", department_id=1, duplicates={}, translations={}, position=2, public=False,
        )
    )  # fmt: skip
    town.session.flush()
    return town


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    x = (lon + 180) / 360
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    last = 2**z - 1
    return z, int(np.clip(x * 2**z, 0, last)), int(np.clip(y * 2**z, 0, last))


def copied(town: Town, places: list[tuple[float, float]], **columns: Any) -> list[int]:
    """Copy tickets in as a bulk load does; return their ids."""
    bare, count = town.connection, len(places)
    given = town.ticket(**columns)
    table = {
        name: [value] * count for name, value in given.items() if value is not None and name not in ("zones",)
    }
    ids = loading.reserve_ids(bare, "ticket", count)
    points = shapely.points(np.array(places))
    table |= {
        "id": ids,
        "zones": ["{}"] * count,
        "geom": shapely.to_wkb(shapely.set_srid(points, 4326), include_srid=True),
    }
    loading.trust_keys(bare)
    loading.copy(bare, Ticket, pa.table(table))
    bare.execute("set local session_replication_role to origin")
    return [int(each) for each in ids]


def counted(town: Town, folder: Path, *, public_only: bool) -> dict[int, int]:
    """How many tickets the tiles of each zoom hold together."""
    shown = "and service.public" if public_only else ""
    rows = town.session.execute(
        text(
            "select st_x(ticket.geom), st_y(ticket.geom) from ticket"
            " join service on service.city_id = ticket.city_id and service.id = ticket.service_id"
            f" where ticket.city_id = :city_id and open {shown}"
        ),
        {"city_id": town.city_id},
    ).all()
    found = {}
    for z in range(19):
        for tile, expected in Counter(tile_of(*row, z) for row in rows).items():
            body = ticket_tile(town.session, town.city_id, *tile, public_only=public_only)
            features = decoded(body, folder, tile)["tickets"]
            assert sum(feature["count"] for feature in features) == expected
        found[z] = len(rows)
    return found


# In one spot, in one street, in one city, anywhere, and where the map ends.
PLACES = st.one_of(
    st.just((LON, LAT)),
    st.tuples(st.floats(LON, LON + 0.001), st.floats(LAT, LAT + 0.001)),
    st.tuples(st.floats(LON, LON + 0.2), st.floats(LAT, LAT + 0.2)),
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
    st.sampled_from([(180.0, 90.0), (-180.0, -90.0), (0.0, 0.0), (180.0, 85.06)]),
)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "open",
                "load",
                "close",
                "reopen",
                "move",
                "merge",
                "hand over",
                "delete",
                "turn",
                "fold",
                "join",
            ]
        ),
        st.integers(0, 1000),
        st.lists(PLACES, min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=14,
)


def do(town: Town, ids: list[int], deed: str, number: int, places: list[tuple[float, float]]) -> None:
    """Do one of the things that are done to tickets, by whatever statement."""
    session, service = town.session, 1 + number % 2
    if deed in ("open", "load") or not ids:
        if deed == "load":
            ids += copied(town, places, service_id=service, status="new" if number % 3 else "done",
                          closed_at=None if number % 3 else NOON)  # fmt: skip
        else:
            lon, lat = places[0]
            geom = f"SRID=4326;POINT({lon!r} {lat!r})" if number % 5 else None
            ids.append(town.open(service_id=service, geom=geom).ticket_id)
        return
    statements = {
        "close": "status = 'done', closed_at = now()",
        "reopen": "status = 'reopened', closed_at = null, merged_into = null",
        "move": f"geom = st_setsrid(st_makepoint({places[0][0]!r}, {places[0][1]!r}), 4326)",
        "merge": f"status = 'merged', closed_at = now(), merged_into = {ids[0]}",
        "hand over": f"service_id = {service}",
        "join": "report_count = report_count + 1",
    }
    ticket_id = ids[number % len(ids)]
    if deed in statements:
        unless = "and merged_into is null" if deed == "close" else ""
        session.execute(text(f"update ticket set {statements[deed]} where id = {ticket_id} {unless}"))
    elif deed == "delete":
        loading.trust_keys(town.connection)
        session.execute(text(f"delete from ticket where id = {ticket_id}"))
        town.connection.execute("set local session_replication_role to origin")
        ids.remove(ticket_id)
    elif deed == "turn":
        session.execute(text(f"update service set public = not public where id = {SECRET}"))
    elif deed == "fold":
        pyramid.fold(session, town.city_id)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_the_pyramid_is_what_a_count_of_the_tickets_would_be(town: Town, deeds: list[Any]) -> None:
    with town.session.begin_nested() as savepoint:
        ids: list[int] = []
        for deed, number, places in deeds:
            do(town, ids, deed, number, places)
        assert pyramid.wrong_cells(town.session, town.city_id) == 0
        while pyramid.fold(town.session, town.city_id):
            pass
        assert pyramid.wrong_cells(town.session, town.city_id) == 0
        assert town.session.query(TicketDelta).count() == 0
        savepoint.rollback()


@pytest.mark.parametrize("folded", [False, True])
def test_every_open_ticket_is_in_one_tile_of_each_zoom(town: Town, tmp_path: Path, folded: bool) -> None:
    rng = np.random.default_rng(3)
    crowd = rng.normal((LON, LAT), 0.0001, (MOST_TICKETS + 20, 2)).tolist()
    ids = copied(town, [*crowd, (LON + 1, LAT), (180.0, 90.0), (-180.0, -90.0)])
    copied(town, rng.normal((LON, LAT), 0.01, (30, 2)).tolist(), service_id=SECRET)
    if folded:
        assert pyramid.fold(town.session, town.city_id) == len(ids) + 30
    # Not folded, whatever came before.
    town.session.execute(text(f"update ticket set status = 'done', closed_at = now() where id = {ids[0]}"))
    assert set(counted(town, tmp_path / "public", public_only=True).values()) == {len(ids) - 1}
    assert set(counted(town, tmp_path / "all", public_only=False).values()) == {len(ids) + 29}


def test_a_single_ticket_is_itself_at_every_zoom(town: Town, tmp_path: Path) -> None:
    ticket_id = town.open().ticket_id
    town.open(geom="SRID=4326;POINT(10 10)", service_id=SECRET)
    pyramid.fold(town.session, town.city_id)
    for z in (2, 9, 13, 14, 18):
        tile = tile_of(LON, LAT, z)
        body = ticket_tile(town.session, town.city_id, *tile, public_only=True)
        (ticket,) = decoded(body, tmp_path, tile)["tickets"]
        assert (ticket["mvt_id"], ticket["service"], ticket["status"]) == (ticket_id, "pothole", "assigned")
        metres = 40_075_016.7 / 2**z / 4096
        where = shapely.Point(
            20037508.34 * LON / 180, 6378137 * np.log(np.tan(np.pi / 4 + np.radians(LAT) / 2))
        )
        assert ticket["shape"].distance(where) < 1.5 * metres
    hidden = tile_of(10, 10, 15)
    assert gzip.decompress(ticket_tile(town.session, town.city_id, *hidden, public_only=True)) == b""


@pytest.mark.parametrize("zoom", [3, 13, 15])
def test_the_last_one_left_in_a_cell_is_itself_before_it_is_counted(
    town: Town, tmp_path: Path, zoom: int
) -> None:
    """Closed and opened since the pyramid was counted last: who is left is told by the sum of all."""
    first, second, third = (town.open().ticket_id for _ in range(3))
    pyramid.fold(town.session, town.city_id)
    tile = tile_of(LON, LAT, zoom)

    def close(ticket_id: int) -> None:
        town.session.execute(
            text(f"update ticket set status = 'done', closed_at = now() where id = {ticket_id}")
        )

    def alone() -> tuple[int, str, str]:
        there = tiles.shown(town.session, town.city_id, *tile, public_only=True, most=-1)
        (ticket,) = decoded(tiles.encode(there, *tile), tmp_path, tile)["tickets"]
        return ticket["mvt_id"], ticket["service"], ticket["status"]

    close(first)
    close(third)
    assert alone() == (second, "pothole", "assigned")
    fourth = town.open().ticket_id
    close(second)
    assert alone() == (fourth, "pothole", "assigned")


def test_where_very_many_are_near_a_tile_stays_small(town: Town, tmp_path: Path) -> None:
    spots = np.random.default_rng(5).uniform((LON, LAT), (LON + 0.004, LAT + 0.003), (4 * MOST_TICKETS, 2))
    copied(town, spots.tolist())
    for z in (12, 14, 16):
        tile = tile_of(LON + 0.002, LAT + 0.0015, z)
        body = ticket_tile(town.session, town.city_id, *tile, public_only=True)
        assert len(decoded(body, tmp_path, tile)["tickets"]) <= max(MOST_TICKETS, pyramid.CELLS**2)
        assert len(body) < 100_000


def test_what_was_written_past_the_triggers_is_found_and_put_right(town: Town) -> None:
    copied(town, [(LON, LAT), (LON + 0.1, LAT)])
    pyramid.fold(town.session, town.city_id)
    town.session.execute(text("alter table ticket disable trigger user"))
    copied(town, [(LON, LAT)])
    town.session.execute(text("update ticket_pyramid set tickets = 7 where zoom = 3"))
    wrong = pyramid.wrong_cells(town.session, town.city_id)
    assert wrong == pyramid.DEEPEST + 1
    assert pyramid.repair(town.session, town.city_id) == wrong
    assert pyramid.wrong_cells(town.session, town.city_id) == 0


def test_cells_without_tickets_are_forgotten(town: Town) -> None:
    copied(town, [(LON, LAT)])
    pyramid.fold(town.session, town.city_id)
    town.session.execute(text("update ticket set status = 'done', closed_at = now()"))
    pyramid.fold(town.session, town.city_id)
    pyramid.drop_empty_cells(town.session)
    assert town.session.scalar(text("select count(*) from ticket_pyramid")) == 0


def test_the_command_says_what_is_wrong_and_puts_it_right(
    demo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(demo_database) as connection:
        connection.execute("insert into ticket_pyramid select id, 3, 1, 1, 5, true, 7, 8, 9, 10 from city")
    monkeypatch.setenv("DATABASE_URL", demo_database)
    process_settings.cache_clear()
    found = CliRunner().invoke(main, ["database", "pyramid"])
    assert (found.exit_code, "1 cell wrong" in found.output) == (1, True), found.output
    assert CliRunner().invoke(main, ["database", "pyramid", "--repair"]).exit_code == 0
    assert "no cell wrong" in CliRunner().invoke(main, ["database", "pyramid"]).output
