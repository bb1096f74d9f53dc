"""The council page in a real browser: the map is drawn, on the phone and on the desk, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from layers.queries import city_by_slug
from tests.browser.steps import assert_accessible, look, sign_in
from tests.insight.tickets import add_tickets
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session

pytestmark = pytest.mark.browser

ALL_DAYS = "from=2026-01-01&to=2026-04-20"


@pytest.fixture
def live_app(monkeypatch: pytest.MonkeyPatch, demo_database: str) -> Iterator[Flask]:
    """The demo city with tickets, as it runs for people."""
    engine = make_engine(demo_database)
    with make_session(engine)() as session:
        add_tickets(session, city_by_slug(session, "demo"), 600, seed=5)
        session.commit()
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    yield create_app(settings(), engine=engine)
    engine.dispose()


GLOWS = """() => {
    const canvas = document.querySelector('.leaflet-heatmap-layer');
    if (!canvas) return false;
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.some((value, i) => i % 4 === 3 && value > 60);
}"""


@pytest.mark.parametrize(
    ("browser_page", "theme"), [("phone", "dark"), ("desk", "light")], indirect=["browser_page"]
)
def test_heat_months_and_areas_are_drawn_and_everybody_can_read_the_page(
    browser_page: Page, theme: str, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    sign_in(page, "district-1", f"/council%3F{ALL_DAYS.replace('&', '%26')}")
    page.wait_for_function(GLOWS)
    look(page, screenshot, "heat")
    page.get_by_label("Show on the map").select_option("months")
    month = page.get_by_role("slider", name="Month")
    expect(month).to_have_attribute("aria-valuetext", "January 2026")
    month.press("ArrowRight")
    expect(month).to_have_attribute("aria-valuetext", "February 2026")
    page.wait_for_function(GLOWS)
    play = page.get_by_role("button", name="Play")
    play.click()
    expect(month).to_have_attribute("aria-valuetext", "March 2026")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Show on the map").select_option("tickets")
    expect(page.locator("[data-legend=shades] li").first).to_be_visible()
    expect(page.locator(".leaflet-heatmap-layer")).to_have_count(0)
    expect(page).to_have_url(re.compile("view=tickets"))
    look(page, screenshot, "areas")
    page.reload()
    expect(page.get_by_label("Show on the map")).to_have_value("tickets")


def test_nothing_plays_where_motion_is_not_wanted(browser_page: Page) -> None:
    page = browser_page
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, "district-1", f"/council%3F{ALL_DAYS.replace('&', '%26')}%26view=months")
    expect(page.get_by_role("slider", name="Month")).to_have_attribute("aria-valuetext", "January 2026")
    expect(page.get_by_role("button", name="Play")).to_be_hidden()


def test_the_saved_file_shows_the_map_without_a_network(
    browser_page: Page, browser: Browser, tmp_path: Path, screenshot: Callable[[str], Path]
) -> None:
    sign_in(browser_page, "district-1", f"/council%3F{ALL_DAYS.replace('&', '%26')}")
    with browser_page.expect_download() as saved:
        browser_page.get_by_role("link", name="Save as one file").click()
    file = tmp_path / "map.html"
    saved.value.save_as(file)
    alone = browser.new_context(offline=True)
    page = alone.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function(GLOWS)
    page.get_by_label("Show on the map").select_option("per_km")
    expect(page.locator("[data-legend=shades] li").first).to_be_visible()
    assert page.locator(".leaflet-interactive").count() > 1
    page.screenshot(path=screenshot("file").with_name("council-file.png"))
    assert_accessible(page)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    alone.close()


@contextmanager
def another_site(page: str) -> Iterator[str]:
    """Serve a page from another origin of this machine: a browser lets no made-up site ask a local one."""

    def answer(environ: Any, start_response: Any) -> list[bytes]:
        return list(Response(page, mimetype="text/html")(environ, start_response))

    server = make_server("127.0.0.1", 0, answer)
    thread = Thread(target=server.serve_forever, name="another-site")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_site_shows_the_map_in_a_sandbox(
    browser_page: Page, browser: Browser, live_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(browser_page, "district-1", "/council")
    html = f"<!doctype html><title>My site</title>{browser_page.get_by_label('HTML to copy').input_value()}"
    visitor = browser.new_context()
    page = visitor.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    with another_site(html) as other:
        allowed = live_app.config["PINWARD"].model_copy(update={"embedded_by": other})
        monkeypatch.setitem(live_app.config, "PINWARD", allowed)
        page.goto(other)
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="District 1")).to_be_visible()
        inside = page.frame(url=re.compile("/embed/1"))
        assert inside
        inside.wait_for_function(GLOWS)
        assert visitor.cookies() == []
        visitor.close()
    assert [said for said in complaints if "favicon" not in said] == []


def test_the_filters_lead_to_a_page_that_can_be_sent(browser_page: Page) -> None:
    page = browser_page
    sign_in(page, "district-1", "/council")
    page.select_option("#group", "Streets")
    page.fill("#from", "2026-02-01")
    page.fill("#to", "2026-02-28")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("group=Streets"))
    expect(page).to_have_url(re.compile("from=2026-02-01"))
    expect(page.locator("#to")).to_have_value("2026-02-28")
    expect(page.locator("#services ~ div tbody th").first).to_be_visible()
