"""The made-up city: whole, plausible, and the same for the same seed."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pyogrio.raw
import pytest
import shapely

import demo

UNTIL = datetime(2026, 5, 4, 12)  # noqa: DTZ001  (a table's local time has no zone)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    demo.write(folder, size=900, seed=7, until=UNTIL)
    return folder


def read(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    meta, _, shapes, columns = pyogrio.raw.read(path)
    return shapely.from_wkb(shapes), dict(zip(meta["fields"], columns, strict=True))


def test_streets_meet_only_at_their_ends(city: Path) -> None:
    lines, columns = read(city / "streets.gpkg")
    assert 700 < len(lines) < 1200
    assert len(set(columns["id"])) == len(lines)
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert len(first) == len(second) == 0


def test_house_numbers_grow_along_a_street_and_are_even_on_the_left(city: Path) -> None:
    _, columns = read(city / "streets.gpkg")
    numbered = columns["left_to"] > 0
    assert numbered.mean() > 0.95
    assert (columns["left_from"][numbered] % 2 == 0).all()
    assert (columns["right_from"][numbered] % 2 == 1).all()
    assert (columns["left_to"] >= columns["left_from"]).all()
    for street in np.unique(columns["name"][numbered]):
        mine = numbered & (columns["name"] == street)
        starts = np.sort(columns["left_from"][mine])
        ends = np.sort(columns["left_to"][mine])
        assert (ends[:-1] < starts[1:]).all(), street


@pytest.mark.parametrize("layer", ["council", "works", "neighborhoods"])
def test_districts_cover_the_city_once(city: Path, layer: str) -> None:
    (outline,), _ = read(city / "boundary.gpkg")
    areas, _ = read(city / f"{layer}.gpkg")
    assert shapely.is_valid(areas).all()
    assert shapely.area(shapely.union_all(areas)) == pytest.approx(outline.area, rel=1e-6)
    assert shapely.area(areas).sum() == pytest.approx(outline.area, rel=1e-6)


def test_two_years_of_reports_lie_in_the_city_and_end_on_time(city: Path) -> None:
    table = pyarrow.parquet.read_table(city / "reports.parquet")
    asked = table["requested_at"].to_numpy()
    (outline,), _ = read(city / "boundary.gpkg")
    inside = shapely.contains_xy(outline, table["lon"].to_numpy(), table["lat"].to_numpy())
    assert inside.mean() > 0.99
    assert (np.diff(asked) >= np.timedelta64(0)).all()
    assert asked[-1] <= np.datetime64(UNTIL)
    assert asked[0] >= np.datetime64(UNTIL - timedelta(days=731))
    still_open = table["closed_at"].null_count
    assert 0 < still_open < 0.1 * table.num_rows


def test_the_same_seed_gives_the_same_city(city: Path, tmp_path: Path) -> None:
    demo.write(tmp_path, size=900, seed=7, until=UNTIL)
    again, before = (pyarrow.parquet.read_table(folder / "reports.parquet") for folder in (tmp_path, city))
    assert again.equals(before)
    demo.write(tmp_path, size=900, seed=8, until=UNTIL)
    assert not pyarrow.parquet.read_table(tmp_path / "reports.parquet").equals(before)


def test_a_city_whose_corner_leaves_a_district_without_ground_is_drawn_all_the_same(tmp_path: Path) -> None:
    demo.write(tmp_path, size=1500, seed=311, until=UNTIL, reports=50)
    shapes, columns = read(tmp_path / "council.gpkg")
    assert len(shapes) == len(columns["id"]) < 7
