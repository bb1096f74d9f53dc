"""The rules' part of a city file: mistakes and conflicts are told; what is loaded decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from layers import cityfile as files
from layers.cityfile import CityDocument
from layers.models import City
from webapp.catalog import cityfile as catalog_file
from webapp.config import settings
from webapp.dispatch import cityfile
from webapp.dispatch.models import Rule
from webapp.dispatch.queries import assigner, rules

MAP = """\
[city]
slug = "town"
name = "Town"
time_zone = "UTC"
boundary = "works"

[layers.works]
kind = "zones"
file = "works.geojson"
fields = { id = "id" }
partition = true

[layers.market]
kind = "zones"
file = "market.geojson"
fields = { id = "id" }
"""
CATALOG = """
[[departments]]
code = "public-works"
name = "Public Works"
[[crews]]
code = "north"
name = "North"
department = "public-works"
[[crews]]
code = "south"
name = "South"
department = "public-works"
[[services]]
code = "pothole"
name = "Pothole"
group = "Streets"
department = "public-works"
[[services]]
code = "sign"
name = "Sign"
group = "Streets"
department = "public-works"
"""
RULES = """
[[rules]]
services = ["pothole", "sign"]
layer = "works"
zone = [1, "2"]
crew = "north"
[[rules]]
group = "Streets"
crew = "south"
"""

NOON = datetime(2026, 4, 22, 12, tzinfo=UTC)
Write = Callable[[str], CityDocument]


def geojson(path: Path, shapes: dict[str, shapely.Geometry]) -> None:
    features = [
        {"type": "Feature", "properties": {"id": zone}, "geometry": shapely.geometry.mapping(shape)}
        for zone, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Read a city file with this catalog and these rules: works areas 1 and 2, market areas that overlap."""
    geojson(
        tmp_path / "works.geojson", {"1": shapely.box(8, 47, 8.1, 47.1), "2": shapely.box(8.1, 47, 8.2, 47.1)}
    )
    geojson(
        tmp_path / "market.geojson",
        {"a": shapely.box(8, 47, 8.06, 47.1), "b": shapely.box(8.05, 47, 8.1, 47.1), "c": shapely.box(8.1, 47, 8.2, 47.1)},
    )  # fmt: skip

    def read(text: str) -> CityDocument:
        path = tmp_path / "city.toml"
        path.write_text(MAP + CATALOG + text)
        document, _ = files.read(path, settings())
        assert document is not None
        return document

    return read


def test_good_rules_have_no_findings(write: Write) -> None:
    assert cityfile.check(write(RULES)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "level", "said", "fix"),
    [
        ('"sign"]', '"sing"]', "error", '"services" of rule 1 names "sing"', 'mean "sign"'),
        ('group = "Streets"', 'group = "Street"', "error", '"group" of rule 5', 'mean "Streets"'),
        ('crew = "south"', 'crew = "sout"', "error", '"crew" of rule 5', 'mean "south"'),
        ('layer = "works"', 'layer = "work"', "error", '"layer" of rule 1', 'mean "works"'),
        ('"2"]', '"7"]', "error", 'Layer "works" has no zone "7"', "Known are: 1, 2"),
        ('zone = [1, "2"]\n', "", "error", "layer and zone belong together", "Set"),
        ('crew = "south"', 'crew = "south"\nowner = "County"', "error", "exactly one of crew", "Set"),
        ('group = "Streets"', 'group = "Streets"\nservices = ["sign"]', "error", "both services and a group", "Set"),
        ('crew = "south"', 'crew = "north"', "warning", "No rule names 1 crews", "Add [[rules]]"),
        ('crew = "south"', 'crew = "south"\nzones = 1', "error", 'unknown key "zones"', 'mean "zone"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_fix(
    write: Write, right: str, wrong: str, level: str, said: str, fix: str
) -> None:
    assert right in RULES
    findings = cityfile.check(write(RULES.replace(right, wrong)))
    told = [finding for finding in findings if said in finding.message]
    assert told, findings
    assert told[0].level == level
    assert fix in told[0].fix


def test_the_line_is_that_of_the_rule(write: Write) -> None:
    document = write(RULES.replace('crew = "south"', 'crew = "sout"'))
    finding = next(found for found in cityfile.check(document) if found.level == "error")
    assert document.text.splitlines()[(finding.line or 0) - 1] == 'crew = "sout"'


def test_a_rule_that_never_decides_is_told(write: Write) -> None:
    again = '[[rules]]\nservices = ["sign"]\nlayer = "works"\nzone = "2"\ncrew = "south"\n'
    (finding,) = cityfile.check(write(RULES + again))
    assert finding.message == "Rule 6 has a condition that rule 1 has already; the earlier one decides."


def test_rules_over_two_layers_that_can_both_hold_are_told(write: Write) -> None:
    market = '[[rules]]\nservices = ["sign"]\nlayer = "market"\nzone = "c"\ncrew = "south"\n'
    (finding,) = cityfile.check(write(RULES + market))
    assert 'Rules over "works" and over "market" can both hold for a pin (sign)' in finding.message
    assert 'those of "works" come first' in finding.message


def test_zones_that_overlap_and_go_to_different_crews_are_told(write: Write) -> None:
    rule = '[[rules]]\nservices = ["sign"]\nlayer = "market"\nzone = "{}"\ncrew = "{}"\n'
    rows = rule.format("b", "south") + rule.format("a", "north") + rule.format("c", "north")
    (finding,) = cityfile.check(write(rows))
    assert 'Zones "a" and "b" of "market" overlap' in finding.message
    assert "rule 1 comes first in the file and decides, not rule 2" in finding.message


def test_zones_that_overlap_and_go_to_one_crew_are_no_conflict(write: Write) -> None:
    rule = '[[rules]]\nservices = ["sign"]\nlayer = "market"\nzone = ["a", "b"]\ncrew = "south"\n'
    idle = '[[rules]]\ncrew = "north"\n'
    assert cityfile.check(write(rule + idle)) == []


def test_what_is_loaded_decides_and_a_second_load_replaces_it(session: Session, write: Write, atlas) -> None:  # type: ignore[no-untyped-def]
    city = City(
        slug="town", name="Town", time_zone="UTC", languages=["en"], metric_srid=32632, snap_radius_m=60,
        fallback_points=[], details={}, file_sha256="", loaded_at=func.clock_timestamp(),
    )  # fmt: skip
    session.add(city)
    session.flush()

    def load(text: str) -> None:
        document = write(text)
        catalog_file.load(session, city, document)
        cityfile.load(session, city, document)
        session.flush()
        session.refresh(city)

    load(RULES)
    stored = rules(session, city.id)
    assert [(rule.id, rule.service_id, rule.zone, rule.service_group) for rule in stored] == [
        (1, 1, "1", None),
        (2, 1, "2", None),
        (3, 2, "1", None),
        (4, 2, "2", None),
        (5, None, None, "Streets"),
    ]
    anywhere = atlas.locate([float("nan")], [float("nan")])
    assert assigner(session, city).assign(1, anywhere, NOON).why == "Pothole goes to South (rule 5)"
    assert assigner(session, city) is assigner(session, city)

    load('[[rules]]\nowner = "The county"\n')
    assert session.scalar(select(func.count()).select_from(Rule)) == 1
    assert assigner(session, city).assign(1, anywhere, NOON).owner == "The county"
