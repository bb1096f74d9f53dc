"""What is wrong with a map is found, measured and placed; what can be repaired is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.cityfile import read
from layers.features import features
from layers.findings import Finding
from layers.lines import whole_lines
from layers.osm import cut_at_nodes
from tests.layers.town import (
    CITY,
    Sheet,
    area_sheet,
    boundary_sheet,
    council_sheet,
    degrees,
    light_sheet,
    street_sheet,
    write_town,
)
from webapp.config import settings

Findings = Callable[[Path], list[Finding]]


def test_a_sound_town_has_nothing_wrong(tmp_path: Path, findings_of: Findings) -> None:
    assert findings_of(write_town(tmp_path)) == []


@pytest.mark.parametrize("srid", [3857, 32610, 2193])
def test_a_metric_crs_whose_metres_are_none_in_the_city_is_refused(
    tmp_path: Path, findings_of: Findings, srid: int
) -> None:
    city = CITY.replace("metric_srid = 26986", f"metric_srid = {srid}")
    (found,) = findings_of(write_town(tmp_path, city=city))
    assert (found.level, found.line) == ("error", 6)
    assert re.search(rf"EPSG:{srid} .* makes 1,[23]\d\d m of 1,000 m", found.message), found
    assert "32619" in found.fix


def test_a_neighbouring_zone_of_utm_will_do(tmp_path: Path, findings_of: Findings) -> None:
    city = CITY.replace("metric_srid = 26986", "metric_srid = 32618")
    assert findings_of(write_town(tmp_path, city=city)) == []


@pytest.mark.parametrize(
    ("layer", "written", "said", "fix"),
    [
        ("council", "EPSG:2249", "EPSG:4326", 'crs = "EPSG:2249"'),
        ("council", "EPSG:4326", "EPSG:2249", 'crs = "EPSG:4326"'),
        ("council", "EPSG:2249", "EPSG:26986", 'crs = "EPSG:2249"'),
        ("lights", "EPSG:32619", "EPSG:26986", 'crs = "EPSG:26919"'),
        ("streets", "EPSG:3857", "EPSG:26986", 'crs = "EPSG:3857"'),
    ],
)
def test_lying_crs_is_refused(
    tmp_path: Path, findings_of: Findings, layer: str, written: str, said: str, fix: str
) -> None:
    sheets = {"council": council_sheet, "lights": light_sheet, "streets": street_sheet}
    city = CITY.replace(f'file = "{layer}.geojson"', f'file = "{layer}.gpkg"')
    path = write_town(tmp_path, city=city)
    sheets[layer]().write(tmp_path / f"{layer}.gpkg", crs=written, said=said)
    found = findings_of(path)
    assert [(finding.level, finding.message.split(":")[0]) for finding in found] == [("error", layer)]
    assert fix in found[0].fix, found[0]
    if "crs = " in found[0].fix and "such as" not in found[0].fix:
        # The advice, followed, puts it right.
        advice = re.search(r'crs = "[^"]+"', found[0].fix)[0]
        path.write_text(city.replace(f'file = "{layer}.gpkg"', f'file = "{layer}.gpkg"\n{advice}'))
        assert not [finding for finding in findings_of(path) if finding.level == "error"]


def test_swapped_coordinates_are_refused(tmp_path: Path, findings_of: Findings) -> None:
    path = write_town(tmp_path)
    file = tmp_path / "lights.geojson"
    file.write_text(re.sub(r"\[(-71[^,]*), (42[^\]]*)\]", r"[\2, \1]", file.read_text()))
    found = findings_of(path)
    assert [finding.level for finding in found] == ["error"]
    assert "swapped" in found[0].fix


def test_boundary_with_a_lying_crs_is_refused_alone(tmp_path: Path, findings_of: Findings) -> None:
    path = write_town(tmp_path, city=CITY.replace('"boundary.geojson"', '"boundary.gpkg"'))
    boundary_sheet().write(tmp_path / "boundary.gpkg", crs="EPSG:2249", said="EPSG:4326")
    found = findings_of(path)
    assert [finding.message.split(":")[0] for finding in found] == ["boundary"]


def test_layer_of_another_city_is_refused(tmp_path: Path, findings_of: Findings) -> None:
    elsewhere = Sheet()
    elsewhere.add(shapely.box(50_000, 0, 51_000, 1000), id="1", name="Worcester")
    found = findings_of(write_town(tmp_path, council=elsewhere))
    assert [finding.level for finding in found] == ["error"]
    assert "nothing lies inside the city's boundary" in found[0].message


def test_layer_that_reaches_far_outside_is_told(tmp_path: Path, findings_of: Findings) -> None:
    lights = light_sheet()
    for number in range(4):
        lights.add(shapely.Point(20_000, number), id=f"far {number}", street="")
    found = findings_of(write_town(tmp_path, lights=lights))
    assert [finding.level for finding in found] == ["warning"]
    assert "4 of 13 features lie far outside" in found[0].message


WORLD = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]


def write_feature(path: Path, kind: str, coordinates: object, **row: object) -> None:
    """Put one more feature, drawn in degrees, at the beginning of a GeoJSON file."""
    found = json.loads(path.read_text())
    shape = {"type": kind, "coordinates": coordinates}
    found["features"].insert(0, {"type": "Feature", "properties": row, "geometry": shape})
    path.write_text(json.dumps(found))


@pytest.mark.parametrize(
    ("layer", "row"), [("council", {"id": "0", "name": "World"}), ("boundary", {"id": "0"})]
)
def test_what_goes_around_the_globe_is_refused_by_name(
    tmp_path: Path, findings_of: Findings, layer: str, row: dict[str, str]
) -> None:
    path = write_town(tmp_path)
    write_feature(tmp_path / f"{layer}.geojson", "Polygon", [WORLD], **row)
    said = [finding.message for finding in findings_of(path) if finding.level == "error"]
    assert any(
        message.startswith(f"{layer}: 1 feature reaches around half of the globe: ") for message in said
    )


def test_coordinates_that_are_nowhere_are_left_out(tmp_path: Path, findings_of: Findings) -> None:
    path = write_town(tmp_path)
    row = {"id": "x", "name": "X", "lf": 0, "lt": 0, "rf": 0, "rt": 0, "zip": "", "class": ""}
    write_feature(tmp_path / "streets.geojson", "LineString", [[1e300, 1e300], [-1e300, 5.0]], **row)
    (found,) = findings_of(path)
    assert found.level == "warning"
    assert "1 of 25 features left out" in found.message


def test_two_halves_that_cross_in_the_middle_are_where_they_are(
    tmp_path: Path, findings_of: Findings
) -> None:
    """Their area adds up to nothing, so their middle could be anywhere."""
    bow_tie = shapely.Polygon([(-150, -150), (350, 350), (350, -150), (-150, 350)])
    sheet = Sheet()
    sheet.add(bow_tie, id="1", name="West")
    found = findings_of(write_town(tmp_path, council=sheet))
    assert {finding.level for finding in found} == {"warning"}
    assert "repaired" in found[0].message


def test_polygon_that_crosses_itself_is_repaired_and_placed(tmp_path: Path, findings_of: Findings) -> None:
    council = council_sheet()
    council.shapes[0] = shapely.Polygon([(150, -150), (350, 350), (150, 350), (350, -150)])
    path = write_town(tmp_path, council=council)
    (invalid,) = [finding for finding in findings_of(path) if "invalid" in finding.message]
    assert invalid.level == "warning"
    crossing = degrees(shapely.Point(250, 100))
    lon, lat = (float(number) for number in re.search(r"\[(\S+) (\S+)\]", invalid.message).groups())
    assert (lon, lat) == pytest.approx((crossing.x, crossing.y), abs=1e-5)
    document, _ = read(path, settings())
    repaired, _ = features(document, "council")
    assert shapely.is_valid(repaired.geometry).all()
    # Both lobes of the bow are kept.
    assert len(repaired.geometry[1].geoms) == 2


def test_overlap_and_gap_are_measured(tmp_path: Path, findings_of: Findings) -> None:
    council = council_sheet()
    council.shapes[1] = shapely.union(shapely.box(-150, -150, 150, 350), shapely.box(150, 0, 160, 50))
    council.shapes[0] = shapely.difference(council.shapes[0], shapely.box(150, 200, 153, 300))
    messages = [finding.message for finding in findings_of(write_town(tmp_path, council=council))]
    (overlap,) = [message for message in messages if "overlap" in message]
    (gap,) = [message for message in messages if "gap" in message]
    assert "District West and District East (500 m²" in overlap
    assert "District West and District East (300 m²" in gap


def test_uncovered_ground_is_told(tmp_path: Path, findings_of: Findings) -> None:
    council = council_sheet()
    council.shapes[0] = shapely.box(150, -150, 250, 350)
    found = findings_of(write_town(tmp_path, council=council))
    assert "0.050 km² of the city are in none of its zones" in found[0].message


def test_layer_not_called_a_partition_may_overlap(tmp_path: Path, findings_of: Findings) -> None:
    areas = area_sheet()
    areas.add(shapely.box(0, 0, 300, 300), id="third", **{"class": ""})
    assert findings_of(write_town(tmp_path, areas=areas)) == []


def test_missing_and_repeated_ids(tmp_path: Path, findings_of: Findings) -> None:
    lights = light_sheet()
    lights.rows[0]["id"] = None
    lights.rows[1]["id"] = lights.rows[2]["id"]
    path = write_town(tmp_path, lights=lights)
    messages = [finding.message for finding in findings_of(path)]
    assert "lights: 1 of 9 features without an id." in messages
    assert any("1 id occurs more than once; numbered apart: 02-102" in message for message in messages)
    document, _ = read(path, settings())
    ids = features(document, "lights")[0].columns["source_id"]
    assert len(set(ids)) == 9
    assert {"02-102", "02-102#2"} <= set(ids)


def test_polygons_of_one_id_are_one_zone(tmp_path: Path, findings_of: Findings) -> None:
    council = council_sheet(names=("1", "1"))
    path = write_town(tmp_path, council=council)
    assert any("their polygons are joined: 1" in finding.message for finding in findings_of(path))
    document, _ = read(path, settings())
    (whole,) = features(document, "council")[0].geometry
    assert whole.area == pytest.approx(degrees(shapely.box(-150, -150, 350, 350)).area, rel=1e-3)


def test_unnamed_and_pointlike_segments(tmp_path: Path, findings_of: Findings) -> None:
    streets = street_sheet()
    streets.rows[0]["name"] = None
    streets.rows[1]["lf"] = "none"
    streets.add(shapely.LineString([(5, 5), (5, 5)]), **{**streets.rows[2], "id": "dot"})
    messages = [finding.message for finding in findings_of(write_town(tmp_path, streets=streets))]
    assert "streets: 1 of 24 segments without a name." in messages
    assert "streets: 1 segment of no length left out." in messages
    assert "streets: 1 house number left out, no numbers: none." in messages


def test_ids_without_a_field_stay_when_other_features_come(tmp_path: Path) -> None:
    city = CITY.replace('fields = { id = "id", street = "street" }', 'fields = { street = "street" }')

    def ids(sheet: Sheet, folder: str) -> list[str]:
        document, _ = read(write_town(tmp_path / folder, city=city, lights=sheet), settings())
        found: list[str] = features(document, "lights")[0].columns["source_id"]
        return found

    more = light_sheet()
    more.shapes.insert(0, shapely.Point(50, 50))
    more.rows.insert(0, {"id": "new", "street": ""})
    assert ids(more, "more")[1:] == ids(light_sheet(), "before")


def test_street_in_pieces_shares_its_numbers() -> None:
    halves = shapely.MultiLineString([[(0, 0), (0, 0.001)], [(0, 0.002), (0, 0.003)]])
    numbers = np.array([[2], [40], [1], [39]])
    pieces = whole_lines(np.array([halves], dtype=object), numbers, cut=False)
    assert pieces.shared == 1
    assert pieces.numbers.tolist() == [[2, 22], [20, 40], [1, 21], [19, 39]]


def test_parts_drawn_on_are_one_piece() -> None:
    drawn_on = shapely.MultiLineString([[(0, 0), (0, 1)], [(0, 1), (0, 2)]])
    pieces = whole_lines(np.array([drawn_on], dtype=object), np.zeros((4, 1), np.int64), cut=False)
    assert [line.wkt for line in pieces.lines] == ["LINESTRING (0 0, 0 1, 0 2)"]


ways = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=7), min_size=1, max_size=6
)


@given(ways)
def test_cutting_at_nodes_keeps_every_edge_and_ends_at_each_crossing(
    drawn: list[list[tuple[int, int]]],
) -> None:
    lines = np.array([shapely.LineString(way) for way in drawn], dtype=object)
    pieces, way = cut_at_nodes(lines)
    joined = [[] for _ in drawn]
    for piece, number in zip(pieces, way, strict=True):
        coords = [tuple(pair) for pair in piece.coords]
        assert len(coords) > 1
        joined[number] += coords if not joined[number] else coords[1:]
    assert [[tuple(map(float, node)) for node in original] for original in drawn] == joined
    uses: dict[tuple[float, ...], int] = {}
    for original in drawn:
        for node in original:
            uses[node] = uses.get(node, 0) + 1
    assert all(uses[tuple(map(int, node))] == 1 for piece in pieces for node in piece.coords[1:-1])
