"""Publishing: editions, all or nothing, and what loading again does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from layers import cityfile
from layers.check import check
from layers.models import Asset, City, Edition, Layer, Segment, Zone
from layers.publish import publish
from layers.queries import current_editions, served_city, source_ids
from tests.layers.town import CITY, council_sheet, light_sheet, write_town
from webapp.cli import main
from webapp.config import Settings, settings

Load = Callable[[Path], City]


def editions(session: Session, city: City) -> dict[str, int]:
    return {layer.name: edition.id for edition, layer in current_editions(session, city.id)}


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_town_is_stored_whole(session: Session, town: City) -> None:
    assert (town.slug, town.name, town.metric_srid, town.snap_radius_m) == (
        "town",
        "Springfield",
        26986,
        60.0,
    )
    assert town.details["bounds"] == pytest.approx([-71.1018, 42.2986, -71.0957, 42.3031], abs=2e-4)
    assert [count(session, model) for model in (Segment, Zone, Asset)] == [24, 5, 9]
    assert list(editions(session, town)) == ["streets", "boundary", "council", "areas", "lights"]
    segment = session.scalars(select(Segment).where(Segment.source_id == "Elm St-1")).one()
    assert (segment.name, segment.class_, segment.left_from, segment.right_to) == (
        "Elm St",
        "residential",
        102,
        139,
    )
    assert segment.left_zip == "02100"
    assert session.scalar(select(func.ST_SRID(Segment.geom)).limit(1)) == 4326


def test_metric_crs_is_the_utm_zone_unless_named(load: Load, tmp_path: Path) -> None:
    city = load(write_town(tmp_path, city=CITY.replace("metric_srid = 26986\n", "")))
    assert city.metric_srid == 32619


def test_loading_again_changes_nothing(session: Session, load: Load, tmp_path: Path) -> None:
    path = write_town(tmp_path)
    first = editions(session, load(path))
    assert editions(session, load(path)) == first
    assert [count(session, model) for model in (City, Edition, Segment)] == [1, 5, 24]


def test_only_the_changed_layer_gets_an_edition(session: Session, load: Load, tmp_path: Path) -> None:
    city = load(write_town(tmp_path))
    first = editions(session, city)
    sheet = light_sheet()
    sheet.rows[0]["id"] = "renamed"
    load(write_town(tmp_path, lights=sheet))
    second = editions(session, city)
    assert {name for name in first if first[name] != second[name]} == {"lights"}
    # The old edition stays as it was, for tickets that were located in it.
    old = session.scalars(select(Asset.source_id).where(Asset.edition_id == first["lights"])).all()
    assert len(old) == 9
    assert "renamed" not in old


def test_section_of_a_layer_counts_as_a_change(session: Session, load: Load, tmp_path: Path) -> None:
    city = load(write_town(tmp_path))
    first = editions(session, city)
    load(write_town(tmp_path, city=CITY.replace("District {name}", "Ward {name}")))
    second = editions(session, city)
    assert {name for name in first if first[name] != second[name]} == {"council"}
    names = session.scalars(select(Zone.name).where(Zone.edition_id == second["council"]).order_by(Zone.id))
    assert names.all() == ["Ward West", "Ward East"]


def test_layer_that_left_the_file_is_out_of_use(session: Session, load: Load, tmp_path: Path) -> None:
    city = load(write_town(tmp_path))
    load(write_town(tmp_path, city=CITY[: CITY.index("[layers.lights]")]))
    assert "lights" not in editions(session, city)
    assert count(session, Asset) == 9
    load(write_town(tmp_path))
    assert "lights" in editions(session, city)
    assert count(session, Layer) == 5


def test_vanished_ids_are_told(session: Session, load: Load, tmp_path: Path) -> None:
    load(write_town(tmp_path))
    sheet = council_sheet(names=("2", "3"))
    document, _ = cityfile.read(write_town(tmp_path, council=sheet), settings())
    city_map = check(document, previous=source_ids(session, "town"))
    assert [finding.message for finding in city_map.findings] == [
        "council: 1 of 2 ids of the current edition are gone: 1."
    ]
    publish(session, city_map)
    kept = session.scalars(
        select(Edition.findings)
        .join(Layer, Layer.id == Edition.layer_id)
        .where(Layer.name == "council", Edition.current)
    ).one()
    assert [finding["message"] for finding in kept] == [finding.message for finding in city_map.findings]


def test_nothing_is_seen_before_the_commit(session: Session, load: Load, tmp_path: Path) -> None:
    with session.begin_nested() as savepoint:
        load(write_town(tmp_path))
        savepoint.rollback()
    assert [count(session, model) for model in (City, Edition, Segment, Zone)] == [0, 0, 0, 0]


def test_served_city(session: Session, load: Load, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="pinward city load"):
        served_city(session, Settings())
    load(write_town(tmp_path / "a"))
    other = load(write_town(tmp_path / "b", city=CITY.replace('"town"', '"other"')))
    assert served_city(session, Settings()).slug == "town"
    assert served_city(session, Settings(PINWARD_CITY="other")).id == other.id
    with pytest.raises(LookupError, match="other, town"):
        served_city(session, Settings(PINWARD_CITY="elsewhere"))


REST = """
[calendar]
business_hours = "Mon-Fri 08:00-17:00"
[[departments]]
code = "works"
name = "Works"
[[crews]]
code = "all"
name = "Everybody"
department = "works"
[[services]]
code = "pothole"
name = "Pothole"
group = "Streets"
department = "works"
[[rules]]
layer = "council"
zone = ["1", "2"]
crew = "all"
"""


@pytest.fixture
def pinward(committed_database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line on a database of its own."""
    monkeypatch.setenv("DATABASE_URL", committed_database)
    settings.cache_clear()
    return lambda *words: CliRunner().invoke(main, words)


def test_command_line(pinward: Callable[..., Result], tmp_path: Path) -> None:
    path = write_town(tmp_path, city=CITY + REST)
    checked = pinward("city", "check", str(path))
    assert (checked.exit_code, checked.stdout) == (0, "0 errors, 0 warnings.\n"), checked.stderr
    loaded = pinward("city", "load", str(path))
    assert loaded.exit_code == 0, loaded.stderr
    assert "Loaded Springfield; 0 layers are unchanged." in loaded.stdout
    again = json.loads(pinward("city", "load", str(path), "--json").stdout)
    assert [layer["new"] for layer in again["layers"]] == [False] * 5

    place = json.loads(pinward("locate", "-71.0990", "42.3001", "--json").stdout)
    assert (place["street"], place["placed"]) == ("Elm St", True)
    assert "Elm St" in pinward("locate", "-71.0990", "42.3001").stdout
    nowhere = pinward("locate", "nan", "42.3", "--json")
    assert (nowhere.exit_code, json.loads(nowhere.stdout)["flags"]) == (1, ["not_a_point"])
    assert pinward("locate", "-71.0990", "42.3001", "--city", "elsewhere").exit_code == 1
    found = pinward("find", "elm", "st", "&", "park", "av", "--json")
    assert json.loads(found.stdout)[0]["address"] == "Elm St & Park Ave"
    assert pinward("find", "xyzzy").exit_code == 1

    path.write_text(
        (CITY + REST).replace('crew = "all"', 'crew = "nobody"').replace("council.geojson", "x.geojson")
    )
    refused = pinward("city", "load", str(path))
    assert refused.exit_code == 1
    assert "x.geojson" in refused.stderr
    assert "nobody" in refused.stderr
    assert "Nothing was loaded: 2 errors" in refused.stderr
    unhappy = pinward("city", "check", str(path), "--json")
    assert unhappy.exit_code == 1
    assert json.loads(unhappy.stdout)["errors"] == 2


def test_command_line_without_a_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@/nothing?host={tmp_path}")
    settings.cache_clear()
    path = write_town(tmp_path / "town", city=CITY + REST)
    assert CliRunner().invoke(main, ["city", "check", str(path)]).exit_code == 0
    refused = CliRunner().invoke(main, ["city", "load", str(path)])
    assert refused.exit_code == 1
    assert "pinward database start" in refused.stderr
