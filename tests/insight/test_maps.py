"""A map for a page: ours from the first byte to the last, and safe to hand any label."""

from __future__ import annotations

import json
import re

import folium
import pytest
import shapely
from folium.plugins import HeatMap

from webapp.insight.maps import Files, heat_map

FILES = Files("/static/leaflet.js", "/static/heat.js", "/static/ground.js", "/tiles/{z}/{x}/{y}.mvt", 16)
ISLANDS = shapely.MultiPolygon(
    [shapely.box(-71.2, 42.3, -71.1, 42.4).difference(shapely.box(-71.16, 42.34, -71.14, 42.36)).difference(shapely.box(-71.19, 42.31, -71.1899, 42.3101)), shapely.box(-71.0, 42.3, -70.9, 42.4)]
)  # fmt: skip


@pytest.fixture(scope="module")
def page() -> str:
    return heat_map(
        FILES, label='</script> "West" & co', outline=ISLANDS, points="/heat.json?a=1&b=2", nonce="n0nce"
    )


def test_everything_is_loaded_from_here(page: str) -> None:
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == [FILES.leaflet, FILES.ground, FILES.heat]
    assert "http" not in page


def test_folium_s_own_classes_stay_as_they_were(page: str) -> None:
    assert page
    assert folium.Map.default_js[0][1].startswith("https://")
    assert HeatMap.default_js[0][1].startswith("https://")


def test_each_script_carries_the_nonce_and_there_are_no_styles(page: str) -> None:
    assert re.findall(r"<script(?! src)[^>]*>", page) == ['<script nonce="n0nce">']
    assert "<style" not in page
    assert not re.search(r"\sstyle=", page)


def test_a_label_cannot_leave_its_place(page: str) -> None:
    assert 'aria-label="&lt;/script&gt; &#34;West&#34; &amp; co"' in page
    assert page.count("</script>") == 4


def test_the_points_come_by_address(page: str) -> None:
    (address,) = re.findall(r"pinward\.heat\(\w+, \w+, (.*)\);", page)
    assert json.loads(address) == "/heat.json?a=1&b=2"


def test_the_outline_has_its_parts_and_holes(page: str) -> None:
    parts = [json.loads(text) for text in re.findall(r"L\.polygon\(\s*(\[.*\]),\n", page)]
    assert [len(rings) for rings in parts] == [2, 1]
    assert [42.3, -71.1] in parts[0][0]
    assert "[[42.3, -71.2], [42.4, -70.9]]" in page
