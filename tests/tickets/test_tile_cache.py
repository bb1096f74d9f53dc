"""Tiles that are kept: handed out again until something in them changes, and never a moment longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.layers.test_tiles import decoded, tile_at
from tests.tickets.conftest import Town
from webapp.tickets import pyramid, tile_cache
from webapp.tickets.tile_cache import PublicTile, public_tile

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
