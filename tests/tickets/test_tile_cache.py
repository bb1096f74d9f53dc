"""Tiles that are kept: handed out again until something in them changes, and never a moment longer."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.layers.test_tiles import decoded, tile_at
from tests.tickets.conftest import Town
from webapp.tickets import pyramid, tile_cache
from webapp.tickets import tiles as ticket_tiles
from webapp.tickets.models import OPEN_STATUSES
from webapp.tickets.tile_cache import PublicTile, public_tile
from webapp.tickets.tiles import Shown

LON, LAT = -71.1, 42.3
ZOOMS = (0, 7, 12, 15, 16, 18)
ELSEWHERE = (-71.2, 42.3)


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_cache, "CHECK_EVERY_S", 0.0)


def tiles(town: Town) -> list[PublicTile]:
    return [public_tile(town.session, town.city_id, *tile_at(LON, LAT, z)) for z in ZOOMS]


def test_a_tile_is_made_once_until_something_in_it_changes(town: Town) -> None:
    town.open()
    kept, far = tiles(town), public_tile(town.session, town.city_id, *tile_at(*ELSEWHERE, 15))
    assert all(before is after for before, after in zip(kept, tiles(town), strict=True))
    # Counted elsewhere, the tickets are the same.
    pyramid.fold(town.session, town.city_id)
    assert all(before is after for before, after in zip(kept, tiles(town), strict=True))
    for change in (
        "geom = st_setsrid(st_makepoint(-71.10001, 42.30001), 4326)",
        "status = 'done', closed_at = now()",
        "status = 'reopened', closed_at = null",
    ):
        town.session.execute(text(f"update ticket set {change}"))
        now = tiles(town)
        assert all(before.etag != after.etag for before, after in zip(kept[2:], now[2:], strict=True))
        assert all(before is not after for before, after in zip(kept, now, strict=True))
        kept = now
    assert public_tile(town.session, town.city_id, *tile_at(*ELSEWHERE, 15)) is far


def features(body: bytes, folder: Path, tile: tuple[int, int, int]) -> list[str]:
    """What GDAL reads in a tile, in any order."""
    return sorted(repr(sorted(each.items(), key=str)) for each in decoded(body, folder, tile)["tickets"])


def by_postgis(town: Town, there: Shown, tile: tuple[int, int, int]) -> bytes:
    """The same points as PostGIS writes them."""
    z, x, y = tile
    size = 1 << pyramid.WORLD_BITS - z
    rows = [
        (number or None, count, there.codes.get(service), OPEN_STATUSES[status - 1] if status else None,
         (east - x * size) * 4096 // size, (south - y * size) * 4096 // size)
        for number, count, service, status, east, south in zip(
            *(column.tolist() for column in there[:6]), strict=True)
    ]  # fmt: skip
    found = town.connection.execute(
        "select st_asmvt(rows, 'tickets', 4096, 'shape', 'id') from (select id, count, service, status,"
        " st_makepoint(x, y) as shape from unnest(%s::bigint[], %s::integer[], %s::text[], %s::text[],"
        " %s::float8[], %s::float8[]) as row (id, count, service, status, x, y)) as rows",
        [list(column) for column in zip(*rows, strict=True)],
    ).fetchone()
    assert found is not None
    return gzip.compress(found[0])


def test_a_tile_cut_from_its_part_is_what_it_would_be_by_itself(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_tiles, "MOST_TICKETS", 4)
    spots = [(LON + 0.00003 * number**2, LAT + 0.0002 * (number // 2)) for number in range(24)]
    for lon, lat in spots:
        town.open(geom=f"SRID=4326;POINT({lon} {lat})")
    several = 0
    for tile in {tile_at(*spot, z) for spot in spots for z in (15, 16, 17, 18)}:
        there = ticket_tiles.shown(town.session, town.city_id, *tile, public_only=True, most=4)
        kept = public_tile(town.session, town.city_id, *tile).body
        several += int(there.tickets.max() > 1)
        itself = features(ticket_tiles.encode(there, *tile), tmp_path / "itself", tile)
        assert features(kept, tmp_path / "kept", tile) == itself
        assert features(by_postgis(town, there, tile), tmp_path / "postgis", tile) == itself
    assert several


def test_a_service_that_turns_private_takes_its_tickets_along(town: Town, tmp_path: Path) -> None:
    town.open()
    assert decoded(tiles(town)[-1].body, tmp_path, tile_at(LON, LAT, ZOOMS[-1]))["tickets"]
    town.session.execute(text("update service set public = false"))
    for z, tile in zip(ZOOMS, tiles(town), strict=True):
        assert decoded(tile.body, tmp_path, tile_at(LON, LAT, z)) == {}


def test_a_status_is_shown_late_but_not_long(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.open()
    before = tiles(town)[-1]
    town.session.execute(text("update ticket set status = 'in_progress'"))
    assert tiles(town)[-1] is before
    monkeypatch.setattr(tile_cache, "LONGEST_S", 0.0)
    with tile_cache._kept_lock:
        tile_cache._kept.clear()
    assert tiles(town)[-1].etag != before.etag


def test_so_many_tiles_are_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_cache, "MOST_TILES", 2)
    first = public_tile(town.session, town.city_id, 3, 1, 1)
    for x in range(4):
        public_tile(town.session, town.city_id, 3, x, 2)
    assert public_tile(town.session, town.city_id, 3, 1, 1) is not first
