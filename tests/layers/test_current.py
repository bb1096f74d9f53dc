"""Running processes take up a new edition by themselves, and ask the database next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from layers import cityfile, current
from layers.check import check
from layers.current import current_atlas
from layers.models import City
from layers.publish import publish
from layers.queries import city_by_slug
from tests.layers.town import light_sheet, lonlat, write_town
from webapp.config import settings
from webapp.db import make_engine

Load = Callable[[Path], City]


def other_lights(folder: Path) -> Path:
    """Write the town with the light at one crossing renamed."""
    sheet = light_sheet()
    sheet.rows[0]["id"] = "renamed"
    return write_town(folder, lights=sheet)


def light_at_corner(session: Session, city: City) -> str:
    return current_atlas(session, city).locate_one(*lonlat(5, 5)).assets["street_light"].id


def test_atlas_is_kept_and_asks_nothing(
    session: Session, town: City, sql_counter: Callable[[], Iterator[list[str]]]
) -> None:
    first = current_atlas(session, town)
    with sql_counter() as statements:
        assert current_atlas(session, town) is first
        first.locate_one(*lonlat(5, 5))
    assert statements == []


def test_once_in_a_while_one_statement_asks_for_the_version(
    session: Session,
    town: City,
    sql_counter: Callable[[], Iterator[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = current_atlas(session, town)
    assert current.CHECK_EVERY_S <= 2.0
    monkeypatch.setattr(current, "CHECK_EVERY_S", 0.0)
    with sql_counter() as statements:
        assert current_atlas(session, town) is first
    assert len(statements) == 1


def test_new_edition_is_taken_up(
    session: Session, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = load(write_town(tmp_path))
    assert light_at_corner(session, city) == "00-100"
    before = current_atlas(session, city)
    load(other_lights(tmp_path))
    monkeypatch.setattr(current, "CHECK_EVERY_S", 0.0)
    assert light_at_corner(session, city) == "renamed"
    after = current_atlas(session, city)
    assert after is not before
    assert after.edition_ids != before.edition_ids
    # What did not change is not read again.
    assert after.segments is before.segments
    assert after.zones["council"] is before.zones["council"]


def test_change_of_the_city_alone_is_taken_up(
    session: Session, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_town(tmp_path)
    city = load(path)
    assert current_atlas(session, city).city.snap_radius_m == 60
    path.write_text(path.read_text().replace("[city]", "[city]\nsnap_radius_m = 33"))
    load(path)
    monkeypatch.setattr(current, "CHECK_EVERY_S", 0.0)
    assert current_atlas(session, city).city.snap_radius_m == 33


def test_edition_that_cannot_be_loaded_leaves_the_old_one(
    session: Session, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = load(write_town(tmp_path))
    before = current_atlas(session, city)
    load(other_lights(tmp_path))
    monkeypatch.setattr(current, "CHECK_EVERY_S", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(current, "load_atlas", lambda *_: 1 / 0)
        assert current_atlas(session, city) is before
    # The session is still usable, and the next look finds the edition.
    assert light_at_corner(session, city) == "renamed"


def test_city_without_an_edition_says_what_to_do(session: Session, town: City) -> None:
    publish_nothing = City(
        slug="empty", name="Empty", time_zone="UTC", languages=["en"], metric_srid=26986, snap_radius_m=60.0,
        fallback_points=[], details={}, file_sha256="", district_layer=None, boundary_layer=None,
    )  # fmt: skip
    session.add(publish_nothing)
    session.flush()
    with pytest.raises(LookupError, match="pinward city load"):
        current_atlas(session, publish_nothing)


@pytest.fixture
def two_engines(committed_database: str) -> Iterator[tuple[Engine, Engine]]:
    """Two processes' worth of connections to one database."""
    engines = make_engine(committed_database), make_engine(committed_database)
    yield engines
    for engine in engines:
        engine.dispose()


def test_other_processes_see_what_is_committed_and_threads_share_one_atlas(
    two_engines: tuple[Engine, Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "CHECK_EVERY_S", 0.0)
    web, loader = two_engines

    def seen() -> str:
        with Session(web) as session:
            return light_at_corner(session, city_by_slug(session, "town"))

    with Session(loader) as session:
        publish_town(session, write_town(tmp_path))
        session.commit()
    assert seen() == "00-100"
    with Session(loader) as session:
        publish_town(session, other_lights(tmp_path))
        assert seen() == "00-100"
        session.commit()
    assert seen() == "renamed"

    atlases = []

    def take() -> None:
        with Session(web) as session:
            atlases.append(current_atlas(session, city_by_slug(session, "town")))

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(atlases) == 4
    assert len({id(atlas) for atlas in atlases}) == 1


def publish_town(session: Session, path: Path) -> None:
    document, _ = cityfile.read(path, settings())
    assert document is not None
    publish(session, check(document))
