"""The council page in a real browser: the map is drawn, on the phone and on the desk, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page

from layers.queries import city_by_slug
from tests.insight.tickets import add_tickets
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.people.demo import DOMAIN, PASSWORD

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


@pytest.mark.parametrize(
    ("browser_page", "theme"), [("phone", "dark"), ("desk", "light")], indirect=["browser_page"]
)
def test_the_heatmap_is_drawn_and_everybody_can_read_the_page(
    browser_page: Page, theme: str, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(f"/sign-in?next=/council%3F{ALL_DAYS.replace('&', '%26')}")
    page.fill("#email", f"district-1@{DOMAIN}")
    page.fill("#password", PASSWORD)
    with page.expect_response(lambda answer: "/council/heat.json" in answer.url) as points:
        page.click("main form button")
    assert len(points.value.json()["points"]) > 20
    page.wait_for_selector(".leaflet-heatmap-layer")
    page.wait_for_function(
        """() => {
            const canvas = document.querySelector('.leaflet-heatmap-layer');
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return pixels.some((value, i) => i % 4 === 3 && value > 60);
        }"""
    )
    page.wait_for_load_state("networkidle")
    screenshot("whole")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_the_filters_lead_to_a_page_that_can_be_sent(browser_page: Page) -> None:
    page = browser_page
    page.goto("/sign-in?next=/council")
    page.fill("#email", f"district-1@{DOMAIN}")
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.select_option("#group", "Streets")
    page.fill("#from", "2026-02-01")
    page.fill("#to", "2026-02-28")
    page.click("text=Show")
    page.wait_for_url("**/council?*group=Streets*")
    assert "from=2026-02-01" in page.url
    assert page.input_value("#to") == "2026-02-28"
    assert page.locator("#services ~ div tbody th").count() > 0
