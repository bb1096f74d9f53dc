"""A map for a page: ours from the first byte to the last, and safe to hand any label. In a file it needs nothing else."""

from __future__ import annotations

import json
import re
from io import BytesIO
from itertools import pairwise

import folium
import numpy as np
import pytest
import shapely
from folium.plugins import HeatMap, HeatMapWithTime
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geo.projection import projection
from webapp.insight.maps import packing
from webapp.insight.maps.base import FileFigure, Files, PageFigure, Streets, Tiles, map_of
from webapp.insight.maps.layers import Heat, HeatThroughTime, Shades
from webapp.insight.maps.picture import Ground, HeatSpots, ShadedAreas, Words, picture
from webapp.insight.maps.shades import COLOURS, steps

FILES = Files("/static/leaflet.js", "/static/heat.js", "/static/ground.js")
ISLANDS = shapely.MultiPolygon(
    [shapely.box(-71.2, 42.3, -71.1, 42.4).difference(shapely.box(-71.16, 42.34, -71.14, 42.36)).difference(shapely.box(-71.19, 42.31, -71.1899, 42.3101)), shapely.box(-71.0, 42.3, -70.9, 42.4)]
)  # fmt: skip
METRIC = projection(26986)
LABEL = '</script> "West" & co'


@pytest.fixture(scope="module")
def page() -> str:
    return map_of(
        PageFigure("n0nce", "heat"),
        FILES,
        Tiles("/tiles/{z}/{x}/{y}.mvt", 16),
        label=LABEL,
        outline=ISLANDS,
        layers=[
            Heat(FILES, "/heat.json?a=1&b=2"),
            HeatThroughTime(FILES, "/months.json"),
            Shades(["late"], "/a.json"),
        ],
    )


@pytest.fixture(scope="module")
def file() -> str:
    return map_of(
        FileFigure(lambda address: f"/* {address} */", "late"),
        FILES,
        Streets([packing.line(np.array([[-71.1, 42.3], [-71.09, 42.31]]))]),
        label=LABEL,
        outline=ISLANDS,
        layers=[Heat(FILES, {"step": 0.001, "blocks": [42300, -71100, 7]}), Shades(["late"], {"areas": [{"name": LABEL}]})],
    )  # fmt: skip


def test_everything_is_loaded_from_here(page: str) -> None:
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == [FILES.leaflet, FILES.ground, FILES.heat]
    assert "http" not in page


def test_a_file_loads_nothing(file: str) -> None:
    assert not re.findall(r"(?:src|href)=", file)
    assert "http" not in file
    assert all(
        f"<script>/* {address} */</script>" in file for address in (FILES.leaflet, FILES.heat, FILES.ground)
    )
    assert '"lines": [[-7110000, 4230000, 1000, 1000]]' in file


def test_folium_s_own_classes_stay_as_they_were(page: str, file: str) -> None:
    assert page
    assert file
    for each in (folium.Map, HeatMap, HeatMapWithTime):
        assert each.default_js[0][1].startswith("https://")


def test_each_script_carries_the_nonce_and_there_are_no_styles(page: str) -> None:
    assert re.findall(r"<script(?! src)[^>]*>", page) == ['<script nonce="n0nce">']
    assert "<style" not in page
    assert not re.search(r"\sstyle=", page)


def test_a_label_cannot_leave_its_place(page: str, file: str) -> None:
    for made, scripts in ((page, 4), (file, 4)):
        assert 'aria-label="&lt;/script&gt; &#34;West&#34; &amp; co"' in made
        assert made.count("</script>") == scripts


def test_figures_come_by_address(page: str) -> None:
    (address,) = re.findall(r"pinward\.heat\(\w+, \{.*\}, (.*)\);", page)
    assert json.loads(address) == "/heat.json?a=1&b=2"
    assert re.search(r'pinward\.start\("heat"\);</script>$', page)


def test_the_outline_has_its_parts_and_holes(page: str) -> None:
    parts = [json.loads(text) for text in re.findall(r"L\.polygon\(\s*(\[.*\]),\n", page)]
    assert [len(rings) for rings in parts] == [2, 1]
    assert [42.3, -71.1] in parts[0][0]
    assert "[[42.3, -71.2], [42.4, -70.9]]" in page


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=20))
def test_a_packed_line_is_the_line_to_a_metre(coords: list[tuple[float, float]]) -> None:
    told = np.cumsum(np.reshape(packing.line(np.array(coords)), (-1, 2)), axis=0) / packing.PER_DEGREE
    assert np.abs(told - coords).max() <= 0.51 / packing.PER_DEGREE


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6, allow_subnormal=False)), max_size=60))
def test_steps_rise_with_the_values_and_none_has_none(values: list[float | None]) -> None:
    found = steps(values)
    assert len(found.colours) == len(found.bounds) + 1 <= len(COLOURS)
    assert found.bounds == sorted(found.bounds)
    for value, step in zip(values, found.step, strict=True):
        if value is None:
            assert step is None
            continue
        assert step is not None
        assert step == 0 or value >= found.bounds[step - 1]
        assert step == len(found.bounds) or value < found.bounds[step]
    known = [value for value in values if value is not None]
    assert {step for step in found.step if step is not None} == set(range(len(found.colours) if known else 0))


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_told_apart_by_lightness_alone() -> None:
    light = [luminance(colour) for colour in COLOURS]
    assert light == sorted(light, reverse=True)
    assert min((a + 0.05) / (b + 0.05) for a, b in pairwise(light)) > 1.25


def test_a_picture_shows_what_it_is_given() -> None:
    outline = shapely.box(0, 0, 3000, 2000)
    ground = Ground(outline, np.array([shapely.LineString([(0, 0), (3000, 2000)])], dtype=object))
    words = Words("District 4", ["January"], "Tickets", ["Source: Springfield 311"])
    spot = HeatSpots(np.array([500.0]), np.array([500.0]), np.array([9]), "few", "many")
    shade = ShadedAreas(
        np.array([shapely.box(0, 0, 1500, 2000), shapely.box(1500, 0, 3000, 2000)], dtype=object),
        ["#253494", None], [("#253494", "3 and more")], "not shown",
    )  # fmt: skip
    nothing = HeatSpots(*(np.zeros(0) for _ in range(2)), np.zeros(0, np.int64), "few", "many")
    pictures = [np.array(Image.open(BytesIO(picture(ground, each, words))).convert("RGB")) for each in (spot, shade, nothing)]  # fmt: skip
    assert {each.shape for each in pictures} == {(900, 1600, 3)}
    left_of_it = [each[:, :1000].astype(int) for each in pictures]
    glowing, shaded, empty = ((np.ptp(each, axis=2) > 60).mean() for each in left_of_it)
    assert shaded > glowing > empty
    west, east = left_of_it[1][300:600, 250:350], left_of_it[1][300:600, 700:800]
    assert west.mean() < 120 < 240 < np.median(east)
