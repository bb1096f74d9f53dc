"""What the tiles hold."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from sqlalchemy.orm import Session

from layers import current, drawn
from layers.current import current_atlas
from layers.models import City
from layers.tiles import MAX_ZOOM, base_etag, base_tile
from tests.layers.town import CITY, lonlat, write_town

Load = Callable[[Path], City]


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    """Return the tile that holds a point."""
    size = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int((lon + 180) / 360 * size), int(y * size)


def decoded(body: bytes, folder: Path, tile: tuple[int, int, int]) -> dict[str, list[dict[str, Any]]]:
    """Return the features of a tile, by layer; ``shape`` in EPSG:3857."""
    z, x, y = tile
    path = folder / str(z) / str(x) / f"{y}.mvt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(body))
    layers = {}
    if path.stat().st_size:
        for name, _ in pyogrio.list_layers(path):
            meta, _, wkb, data = pyogrio.raw.read(path, layer=name)
            rows = zip(*data, shapely.from_wkb(wkb), strict=True)
            layers[str(name)] = [dict(zip([*meta["fields"], "shape"], row, strict=True)) for row in rows]
    return layers


@pytest.fixture
def base(session: Session, town: City, tmp_path: Path) -> Callable[[int], dict[str, list[dict[str, Any]]]]:
    """The base tile of a zoom that holds the middle of the town."""

    def read(zoom: int) -> dict[str, list[dict[str, Any]]]:
        tile = tile_at(*lonlat(100, 100), zoom)
        return decoded(base_tile(session, current_atlas(session, town), *tile), tmp_path, tile)

    return read


def test_close_up_every_segment_is_drawn_where_it_is(base: Callable[[int], Any]) -> None:
    streets = base(16)["streets"]
    assert len({street["mvt_id"] for street in streets}) == len(streets)
    assert {street["class"] for street in streets} == {"residential", "primary"}
    lon, lat = lonlat(100, 100)
    crossing = shapely.Point(
        20037508.34 * lon / 180, 6378137 * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
    )
    # Four pieces meet at the crossing in the middle of the town, each by itself.
    assert sum(street["shape"].distance(crossing) < 1 for street in streets) == 4


def test_zones_of_the_map_carry_their_class(base: Callable[[int], Any]) -> None:
    zones = {(zone["class"], zone["name"]) for zone in base(14)["zones"]}
    # The zone without a class, "everything", is no part of the picture.
    assert zones == {
        ("boundary", "town"),
        ("district", "District East"),
        ("district", "District West"),
        ("park", "common"),
    }


def test_from_afar_a_street_is_one_feature_and_small_ones_vanish(base: Callable[[int], Any]) -> None:
    assert len(base(14)["streets"]) == 6
    assert {street["class"] for street in base(11)["streets"]} == {"primary"}


def test_without_classes_the_longest_streets_are_the_main_ones(
    session: Session, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "ALWAYS", 1)
    city = load(
        write_town(tmp_path, city=CITY.replace('name = "name", class = "class", left', 'name = "name", left'))
    )
    atlas = current_atlas(session, city)

    def streets(zoom: int) -> list[dict[str, Any]]:
        tile = tile_at(*lonlat(100, 100), zoom)
        return decoded(base_tile(session, atlas, *tile), tmp_path, tile)["streets"]

    # Even where the whole town is a few pixels, the map is not empty.
    assert {street["class"] for street in streets(9)} == {"arterial"}
    near = streets(16)
    assert {street["class"] or "" for street in near} == {"arterial", ""}
    mains = {street["name"] for street in near if street["class"] == "arterial"}
    assert mains == {street["name"] for street in streets(9)}


def test_tile_elsewhere_is_empty(session: Session, town: City) -> None:
    assert gzip.decompress(base_tile(session, current_atlas(session, town), 10, 0, 0)) == b""


@pytest.mark.parametrize(
    ("z", "x", "y"), [(-1, 0, 0), (0, 1, 0), (3, 0, 8), (3, -1, 0), (MAX_ZOOM + 1, 0, 0)]
)
def test_tile_that_cannot_be_is_refused(session: Session, town: City, z: int, x: int, y: int) -> None:
    with pytest.raises(ValueError, match="there is no tile"):
        base_tile(session, current_atlas(session, town), z, x, y)


def test_tile_is_kept_until_the_map_changes(
    session: Session,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql_counter: Callable[[], Iterator[list[str]]],
) -> None:
    city = load(write_town(tmp_path))
    tile = tile_at(*lonlat(100, 100), 14)
    before = current_atlas(session, city)
    first = base_tile(session, before, *tile)
    with sql_counter() as statements:
        assert base_tile(session, before, *tile) == first
    assert statements == []
    load(write_town(tmp_path, city=CITY.replace("District {name}", "Ward {name}")))
    monkeypatch.setattr(current, "CHECK_EVERY_S", 0.0)
    after = current_atlas(session, city)
    assert base_etag(after) != base_etag(before)
    assert base_tile(session, after, *tile) != first
