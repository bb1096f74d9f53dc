"""An area is redrawn, tried and published, open tickets are re-assigned, and all of it is taken back: in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from layers.current import load_atlas
from layers.queries import city_by_slug
from tests.browser.steps import assert_accessible, look, sign_in
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.dispatch import reassignment
from webapp.intake.draft import Draft
from webapp.intake.submit import submit

pytestmark = pytest.mark.browser
URL = "/admin/areas/works"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch, committed_database: str) -> Iterator[sessionmaker[Session]]:
    """Sessions on a demo city with an open pothole in the middle."""
    engine = make_engine(committed_database)
    sessions = make_session(engine)
    with sessions() as session:
        city = city_by_slug(session, "demo")
        lines = load_atlas(session, city.id).segments.lines.coords
        x, y = lines.min(axis=0) / 2 + lines.max(axis=0) / 2
        lon, lat = load_atlas(session, city.id).metric.to_lonlat(float(x), float(y))
        submit(session, city, Draft(service_code="pothole", lon=lon, lat=lat, answers={"where": "lane"}))
        session.commit()
    monkeypatch.setenv("DATABASE_URL", committed_database)
    settings.cache_clear()
    yield sessions
    engine.dispose()


@pytest.fixture
def live_app(work: sessionmaker[Session]) -> Flask:
    """The application on that city."""
    engine: Engine = work.kw["bind"]
    return create_app(settings(), engine=engine)


def crew(work: sessionmaker[Session]) -> str:
    with work() as session:
        found = text("select crew.code from ticket join crew on crew.id = crew_id")
        return str(session.execute(found).scalar_one())


def click_map(page: Page, right: int, down: int) -> None:
    """Click so many pixels right of and below the map's middle."""
    box = page.locator(".map__canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + down)


def drag(page: Page, locator: str, right: int, down: int) -> None:
    box = page.locator(locator).first.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=5)
    page.mouse.up()


def draw_by_keyboard(page: Page) -> None:
    """Set three corners under the cross in the map's middle, and give up."""
    page.get_by_role("button", name="Draw ground").click()
    page.locator(".map__canvas").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        expect(page.get_by_role("button", name="Done")).to_be_hidden()
        page.keyboard.press("Enter")
        page.keyboard.press(key)
        page.wait_for_timeout(400)  # The map glides to where the key sends it.
    expect(page.get_by_role("button", name="Done")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Done")).to_be_hidden()


def move_a_corner_by_keyboard(page: Page) -> None:
    """Move a corner of the chosen area, and back again by undoing it."""
    keys = page.get_by_role("application", name="Corners by keyboard")
    keys.focus()
    expect(keys).to_contain_text("Corner 1 of")
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(keys).to_contain_text(re.compile(r"Corner 2 of \d+, moved \d+ m"))
    page.keyboard.press("Escape")
    expect(keys).not_to_contain_text("moved")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Kept in the draft: Border moved.")).to_be_visible()
    expect(keys).to_be_focused()
    expect(keys).to_contain_text("Corner 2 of")
    page.get_by_role("button", name="Undo the last step").click()
    expect(page.get_by_text("Last: Ground given to another area")).to_be_visible()


@pytest.mark.parametrize("browser_page", ["desk"], indirect=True)
def test_an_area_is_redrawn_tried_published_and_taken_back(
    browser_page: Page, work: sessionmaker[Session], screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    sign_in(page, "administrator")
    before = crew(work)
    page.goto(URL)
    draw_by_keyboard(page)
    page.get_by_role("button", name="Draw ground").click()
    for right, down in ((-90, -90), (90, -90), (90, 90), (-90, 90)):
        click_map(page, right, down)
    page.get_by_role("button", name="Done").click()
    screenshot("drawn")
    page.get_by_label("Whose ground is it?").select_option("east" if before != "works-east" else "north")
    page.get_by_role("button", name="Keep in the draft").click()
    expect(page.get_by_text("Kept in the draft: Ground given to another area.")).to_be_visible()
    page.locator("summary", has_text="East").click()
    expect(page.locator(".corner").first).to_be_visible()
    screenshot("corners")
    assert_accessible(page)
    drag(page, ".corner--new", 8, 6)
    expect(page.get_by_text("Kept in the draft: Border moved.")).to_be_visible()
    page.get_by_role("button", name="Undo the last step").click()
    expect(page.get_by_text("Last: Ground given to another area")).to_be_visible()
    expect(page.get_by_text("to put right before publishing")).to_have_count(0)
    move_a_corner_by_keyboard(page)

    page.get_by_role("link", name="Try", exact=True).click()
    page.get_by_role("button", name="Try the open tickets").click()
    expect(page.get_by_text("1 of the open tickets would go to others")).to_be_visible()
    click_map(page, 0, 0)
    expect(page.get_by_text("By the draft").first).to_be_visible()
    screenshot("tried")
    assert_accessible(page)

    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.get_by_text("Redrawn areas:")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("The map and the rules are in force within seconds.")).to_be_visible()
    page.locator("[aria-labelledby=runs] a").first.click()
    with work() as session:
        city = city_by_slug(session, "demo")
        (run_id,) = reassignment.due(session, city.id, datetime.now(UTC))
        reassignment.complete(session, city, run_id)
    expect(page.get_by_text("1 went to others")).to_be_visible()
    assert crew(work) != before
    assert_accessible(page)
    page.get_by_role("button", name="Undo the re-assignment").click()
    expect(page.get_by_text("1 was given back")).to_be_visible()
    assert crew(work) == before

    page.goto(f"{URL}/publish")
    page.get_by_text("Use this again").first.click()
    page.get_by_text("Leave them with who has them").last.click()
    page.get_by_role("button", name="Use again what was in force").click()
    expect(page.get_by_text("In force again, as it was then.")).to_be_visible()


@pytest.mark.parametrize(
    ("browser_page", "scheme", "paths"),
    [
        ("phone", "light", ["/admin/areas/works", "/admin/areas/works/rules", "/unassigned"]),
        ("desk", "dark", ["/admin/areas", "/admin/areas/works", "/admin/areas/works/rules/0"]),
    ],
    indirect=["browser_page"],
)
def test_the_pages_of_areas_are_accessible_and_fit(
    browser_page: Page, scheme: str, paths: list[str], screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, "administrator")
    for path in paths:
        page.goto(path)
        look(page, screenshot, path.strip("/").replace("/", "-"))
