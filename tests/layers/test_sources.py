"""Files of every format and CRS give the same layers; broken ones are refused with a reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import shapely

from layers.cityfile import read
from layers.features import Features, features
from layers.findings import Finding
from tests.layers.town import CITY, METRIC, Sheet, council_sheet, lonlat, write_town
from webapp.config import settings

BINARY = ["gpkg", "shp", "parquet", "fgb"]
FORMATS = [*BINARY, "geojson"]
Findings = Callable[[Path], list[Finding]]


def council(path: Path) -> tuple[Features | None, list[Finding]]:
    document, _ = read(path, settings())
    assert document is not None
    return features(document, "council")


def with_council(folder: Path, name: str, extra: str = "") -> Path:
    """Write the town with its districts in another file."""
    file = f'[layers.council]\nkind = "zones"\nfile = "{name}"\n{extra}'
    return write_town(
        folder, city=CITY.replace('[layers.council]\nkind = "zones"\nfile = "council.geojson"\n', file)
    )


def is_where_it_was_drawn(found: Features) -> bool:
    """Return whether the western district's corner is within a centimetre of where it was drawn."""
    x, y = METRIC.to_metric(*shapely.get_coordinates(found.geometry[0]).T)
    own_x, own_y = METRIC.to_metric(*lonlat(-150, -150))
    return bool(np.hypot(x - own_x, y - own_y).min() < 0.01)


@pytest.mark.parametrize(
    ("suffix", "crs"),
    # GeoJSON is always in longitude and latitude.
    [("geojson", "EPSG:4326"), *product(BINARY, ["EPSG:4326", "EPSG:2249", "EPSG:3857"])],
)
def test_every_format_in_every_crs_gives_the_same_zones(tmp_path: Path, suffix: str, crs: str) -> None:
    path = with_council(tmp_path, f"districts.{suffix}")
    council_sheet().write(tmp_path / f"districts.{suffix}", crs=crs)
    read_zones, findings = council(path)
    assert read_zones is not None
    assert not findings
    assert read_zones.columns["source_id"] == ["1", "2"]
    assert read_zones.columns["name"] == ["District West", "District East"]
    assert is_where_it_was_drawn(read_zones)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_file_cut_short_is_refused_without_a_warning(tmp_path: Path, suffix: str, share: float) -> None:
    path = with_council(tmp_path, f"districts.{suffix}")
    file = tmp_path / f"districts.{suffix}"
    council_sheet().write(file)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    nothing, findings = council(path)
    assert nothing is None
    assert [finding.level for finding in findings] == ["error"]
    assert f"districts.{suffix}" in findings[0].message or "no features" in findings[0].message


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_shapefile_without_a_part_is_refused(tmp_path: Path, part: str) -> None:
    path = with_council(tmp_path, "districts.shp")
    council_sheet().write(tmp_path / "districts.shp")
    (tmp_path / f"districts{part}").unlink()
    assert f"lacks its {part}" in council(path)[1][0].message


def test_shapefile_with_a_table_cut_short_is_refused(tmp_path: Path) -> None:
    path = with_council(tmp_path, "districts.shp")
    council_sheet().write(tmp_path / "districts.shp")
    table = tmp_path / "districts.dbf"
    table.write_bytes(table.read_bytes()[:-20])
    assert "districts.dbf is cut short" in council(path)[1][0].message


def test_file_without_crs_needs_one_named(tmp_path: Path) -> None:
    path = with_council(tmp_path, "districts.shp")
    council_sheet().write(tmp_path / "districts.shp", crs="EPSG:2249")
    (tmp_path / "districts.prj").unlink()
    nothing, findings = council(path)
    assert nothing is None
    assert "does not say in which CRS" in findings[0].message
    named = with_council(tmp_path, "districts.shp", 'crs = "EPSG:2249"\n')
    found, findings = council(named)
    assert found is not None
    assert not findings
    assert is_where_it_was_drawn(found)


def test_crs_of_the_city_file_wins_and_that_is_told(tmp_path: Path) -> None:
    path = with_council(tmp_path, "districts.gpkg", 'crs = "EPSG:2249"\n')
    council_sheet().write(tmp_path / "districts.gpkg", crs="EPSG:2249", said="EPSG:3857")
    found, findings = council(path)
    assert found is not None
    assert "the city file NAD83 / Massachusetts Mainland (ftUS), which is used" in findings[0].message
    assert is_where_it_was_drawn(found)


@pytest.mark.parametrize(
    ("extra", "message", "fix"),
    [
        ('table = "wards"\n', 'no table "wards"', "districts"),
        ("where = \"nam = 'East'\"\n", "is not understood", "OGR SQL"),
        ("where = \"name = 'North'\"\n", "no features that meet the condition", "where"),
        ('crs = "EPSG:99999999"\n', "not a known CRS", "EPSG:2249"),
    ],
)
def test_wrong_option_is_explained(tmp_path: Path, extra: str, message: str, fix: str) -> None:
    council_sheet().write(tmp_path / "districts.gpkg")
    nothing, findings = council(with_council(tmp_path, "districts.gpkg", extra))
    assert nothing is None
    assert message in findings[0].message
    assert fix in findings[0].fix


def test_condition_chooses_features(tmp_path: Path) -> None:
    council_sheet().write(tmp_path / "districts.gpkg")
    found, _ = council(with_council(tmp_path, "districts.gpkg", "where = \"name = 'East'\"\n"))
    assert found is not None
    assert found.columns["source_id"] == ["2"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_field_that_is_not_there_is_named(tmp_path: Path, suffix: str) -> None:
    sheet = council_sheet()
    sheet.rows = [{"ident": row["id"], "name": row["name"]} for row in sheet.rows]
    sheet.write(tmp_path / f"districts.{suffix}")
    nothing, findings = council(with_council(tmp_path, f"districts.{suffix}"))
    assert nothing is None
    assert 'has no field "id"' in findings[0].message
    assert "ident" in findings[0].fix


@pytest.mark.parametrize("content", [b"", b"not a map at all", b"PK\x03\x04 zip"])
def test_file_that_is_no_map_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "districts.gpkg").write_bytes(content)
    nothing, findings = council(with_council(tmp_path, "districts.gpkg"))
    assert nothing is None
    assert findings[0].level == "error"


def test_features_of_another_kind_are_refused(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.add(shapely.Point(0, 0), id="1", name="a")
    sheet.write(tmp_path / "districts.gpkg")
    nothing, findings = council(with_council(tmp_path, "districts.gpkg"))
    assert nothing is None
    assert "found: Point" in findings[0].message
    assert "needs polygons" in findings[0].fix


def test_feature_without_geometry_is_left_out_and_told(tmp_path: Path) -> None:
    sheet = council_sheet()
    sheet.add(None, id="3", name="Nowhere")  # type: ignore[arg-type]
    sheet.geojson(tmp_path / "districts.geojson")
    found, findings = council(with_council(tmp_path, "districts.geojson"))
    assert found is not None
    assert len(found) == 2
    assert "1 of 3 features left out" in findings[0].message


@pytest.mark.shared
def test_openstreetmap_extract(tmp_path: Path, shared_data: Path) -> None:
    shutil.copy(shared_data / "osm" / "liechtenstein.osm.pbf", tmp_path)
    path = tmp_path / "city.toml"
    path.write_text(OSM_CITY)
    document, findings = read(path, settings())
    assert not findings
    municipality, _ = features(document, "municipality")
    streets, _ = features(document, "streets")
    assert {"Vaduz", "Schaan", "Balzers"} <= set(municipality.columns["name"])
    assert len(municipality) == 11
    assert "Landstrasse" in streets.columns["name"]
    assert len(set(streets.columns["source_id"])) == len(streets)
    # Ways are cut where they meet: no end of a piece lies inside another piece that has a vertex there.
    ends = {tuple(line.coords[i]) for line in streets.geometry for i in (0, -1)}
    inner = [vertex for line in streets.geometry for vertex in line.coords[1:-1]]
    assert not ends.intersection(inner)


@pytest.mark.shared
def test_openstreetmap_extract_cut_short(tmp_path: Path, shared_data: Path) -> None:
    whole = (shared_data / "osm" / "liechtenstein.osm.pbf").read_bytes()
    (tmp_path / "liechtenstein.osm.pbf").write_bytes(whole[: len(whole) // 2])
    path = tmp_path / "city.toml"
    path.write_text(OSM_CITY)
    document, _ = read(path, settings())
    nothing, findings = features(document, "streets")
    assert nothing is None
    assert "damaged or cut short" in findings[0].message


OSM_CITY = """
[city]
slug = "liechtenstein"
name = "Liechtenstein"
time_zone = "Europe/Vaduz"
boundary = "municipality"
[layers.municipality]
kind = "zones"
file = "liechtenstein.osm.pbf"
where = "boundary = 'administrative' and admin_level = '8'"
[layers.streets]
kind = "segments"
file = "liechtenstein.osm.pbf"
"""
