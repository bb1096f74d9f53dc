"""Layers of points, read back by GDAL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.mvt import point_layer

EXTENT = 4096
HALF_WORLD_M = 20037508.342789244
KEYS = ("name", "count")
# GDAL gives ids as doubles where some feature has none.
IDS = st.one_of(st.just(0), st.integers(1, 2**53))
PLACES = st.tuples(st.integers(0, EXTENT - 1), st.integers(0, EXTENT - 1))
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


def read(layer: bytes, folder: Path) -> list[tuple[int, int, int, str | None, int | None]]:
    """Return x, y, id, name and count of the points of the tile of the whole world, as GDAL reads them."""
    path = folder / "0" / "0" / "0.mvt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(layer)
    meta, _, wkb, data = pyogrio.raw.read(f"MVT:{path}", layer="points")
    columns = dict(zip(meta["fields"], data, strict=True))
    nothing = [None] * len(wkb)
    found = shapely.get_coordinates(shapely.from_wkb(wkb))
    x = np.rint((found[:, 0] + HALF_WORLD_M) / (2 * HALF_WORLD_M) * EXTENT).astype(int)
    y = np.rint((HALF_WORLD_M - found[:, 1]) / (2 * HALF_WORLD_M) * EXTENT).astype(int)
    ids = [max(0, int(each)) if each == each else 0 for each in columns.get("mvt_id", [0] * len(wkb))]
    names = [each if isinstance(each, str) else None for each in columns.get("name", nothing)]
    counts = [None if each is None or each != each else int(each) for each in columns.get("count", nothing)]
    return list(zip(x.tolist(), y.tolist(), ids, names, counts, strict=True))


@settings(max_examples=60)
@given(
    points=st.lists(st.tuples(PLACES, IDS, st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=40),
    names=st.lists(NAMES, min_size=3, max_size=3),
    counts=st.lists(st.integers(0, 2**31), min_size=3, max_size=3),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, points: list, names: list[str], counts: list[int]
) -> None:
    places, ids, name, count = zip(*points, strict=True)
    tags = [(a, b if b < 0 else b + 3) for a, b in zip(name, count, strict=True)]
    layer = point_layer(
        "points",
        EXTENT,
        np.array(places),
        ids,
        keys=KEYS,
        values=names,
        numbers=counts,
        tags=np.array(tags),
    )
    expected = [
        (x, y, number, None if a < 0 else names[a], None if b < 0 else counts[b])
        for (x, y), number, a, b in zip(places, ids, name, count, strict=True)
    ]
    assert read(layer, tmp_path_factory.mktemp("tiles")) == expected


def test_without_points_there_is_no_layer() -> None:
    none = np.zeros((0, 2))
    assert point_layer("points", EXTENT, none, [], keys=KEYS, values=[], tags=none) == b""


def test_more_keys_than_a_feature_has_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match="10 keys"):
        point_layer("points", EXTENT, [(1, 1)], [1], keys=list("abcdefghij"), values=[], tags=[[-1] * 10])
