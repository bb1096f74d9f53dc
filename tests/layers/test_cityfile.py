"""Mistakes in a city file are found, placed and explained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.cityfile import read
from layers.findings import Finding
from layers.tomlfile import line_numbers
from tests.layers.town import CITY, write_town
from webapp.config import settings

MISTAKES = [
    ('slug = "town"', 'slug = "My Town"', '"slug" in [city] is wrong', "boston"),
    ('name = "Springfield"', 'nam = "Springfield"', 'unknown key "nam"', 'Did you mean "name"?'),
    ('time_zone = "America/New_York"', 'time_zone = "Eastern"', "not a known time zone", "America/New_York"),
    ("metric_srid = 26986", "metric_srid = 2249", "US survey foot", "metres"),
    ("metric_srid = 26986", "metric_srid = 4326", "not projected", "metres"),
    ("[[-71.1003, 42.3003]]", "[[-71.1003, 142.3]]", "fallback_points", "longitude, latitude"),
    ("[[-71.1003, 42.3003]]", "[[nan, 42.3]]", "fallback_points", "longitude, latitude"),
    (
        'boundary = "boundary"',
        'boundary = "bondary"',
        "which the file does not have",
        'Did you mean "boundary"?',
    ),
    ('boundary = "boundary"', 'boundary = "streets"', "which the file does not have", "Known are"),
    ('asset = "street_light"', 'asset = "Street light"', '"asset" in [layers.lights]', "street_light"),
    ('name_format = "District {name}"', 'name_format = "District"', '"name_format"', "Ward {name}"),
    ('name_format = "District {name}"', 'name_format = "{0}"', '"name_format"', "Ward {name}"),
    (
        'fields = { id = "id", street = "street" }',
        'fields = { ident = "id" }',
        'unknown key "ident"',
        "Known are: id",
    ),
    ('[layers.council]\nkind = "zones"', '[layers.council]\nkind = "zone"', 'unknown kind "zone"', "zones"),
    ('[layers.council]\nkind = "zones"', "[layers.council]", "has no kind", "zones"),
    ('file = "lights.geojson"', "", 'has no "file"', "relative to the city file"),
    ("[city]", "[citi]", 'no section "citi"', 'Did you mean "city"?'),
]


@pytest.mark.parametrize(("right", "wrong", "message", "fix"), MISTAKES)
def test_mistake_is_explained_on_its_line(
    tmp_path: Path, right: str, wrong: str, message: str, fix: str
) -> None:
    assert right in CITY
    path = write_town(tmp_path, city=CITY.replace(right, wrong, 1))
    found = [f for f in read(path, settings())[1] if message in f.message and fix in f.fix]
    assert len(found) == 1, read(path, settings())[1]
    assert found[0].level == "error"
    line = path.read_text().split("\n")[found[0].line - 1]
    assert any(part and part in line for part in wrong.split("\n")) or line.startswith("["), line


def test_file_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    path = write_town(tmp_path, city=CITY.replace('slug = "town"', 'slug = "town'))
    document, findings = read(path, settings())
    assert document is None
    assert [(f.level, f.line) for f in findings] == [("error", 3)]


@pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), (b"\xff\xfe[city]", "not UTF-8")])
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "city.toml"
    if content is not None:
        path.write_bytes(content)
    document, findings = read(path, settings())
    assert document is None
    assert message in findings[0].message


def test_file_without_streets(tmp_path: Path) -> None:
    start, end = CITY.index("[layers.streets]"), CITY.index("[layers.boundary]")
    path = write_town(tmp_path, city=CITY[:start] + CITY[end:])
    assert [f.message for f in read(path, settings())[1]] == ["No layer has the city's streets."]


def test_every_mistake_is_told_at_once(tmp_path: Path, findings_of: Callable[[Path], list[Finding]]) -> None:
    city = CITY.replace('slug = "town"', 'slug = "My Town"').replace('asset = "street_light"', "asset = 7")
    city = city.replace('file = "areas.geojson"', 'file = "nowhere.geojson"')
    messages = "\n".join(finding.message for finding in findings_of(write_town(tmp_path, city=city)))
    for part in ("slug", "asset", "nowhere.geojson"):
        assert part in messages


def test_lines_of_tables_arrays_and_inline_keys() -> None:
    lines = line_numbers(
        "\n".join(
            [
                'title = "x"  # [not.a.table]',  # 1
                "[[services]]",  # 2
                'text = """',  # 3
                "[fake]",  # 4
                'code = 1"""',  # 5
                "[services.translations.es]",  # 6
                'name = "a"',  # 7
                "[[services]]",  # 8
                "questions = [",  # 9
                '  { code = "q" },',  # 10
                "]",  # 11
                'fields = { id = "i", "odd key".x = 1 }',  # 12
            ]
        )
    )
    assert lines[("title",)] == 1
    assert lines[("services", 0)] == 2
    assert lines[("services", 0, "text")] == 3
    assert ("fake",) not in lines
    assert lines[("services", 0, "translations", "es", "name")] == 7
    assert lines[("services", 1)] == 8
    assert lines[("services", 1, "questions", 0, "code")] == 9
    assert lines[("services", 1, "fields", "odd key", "x")] == 12


@given(st.lists(st.sampled_from(["a = 1", 'b = """\nx\n"""', "# a = 2", "", "c = [\n1,\n2]"]), unique=True))
def test_lines_are_where_the_keys_stand(statements: list[str]) -> None:
    text = "\n".join(statements)
    for keys, line in line_numbers(text).items():
        assert text.split("\n")[line - 1].startswith(str(keys[0]))
