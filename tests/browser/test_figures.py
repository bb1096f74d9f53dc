"""Forecasts, alerts, reports to print and open data in a real browser: on the phone, on the desk, printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from layers.queries import city_by_slug
from tests.browser.steps import look, sign_in
from tests.insight.reports import add_reports
from webapp.api.jobs import write_open_data
from webapp.app import create_app
from webapp.catalog.queries import catalog
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.insight import forecasting

pytestmark = pytest.mark.browser


@pytest.fixture
def live_app(monkeypatch: pytest.MonkeyPatch, demo_database: str) -> Iterator[Flask]:
    """The demo city with some weeks of reports, after the jobs of a night."""
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    engine = make_engine(demo_database)
    with make_session(engine)() as session:
        city = city_by_slug(session, "demo")
        days = [datetime(2026, 1, 5, 15, tzinfo=UTC) + timedelta(days=day) for day in range(80)]
        for place, service in enumerate(catalog(session, city).active[:4]):
            add_reports(session, city, service, [day for day in days for _ in range(2 + place)], district="1")
        forecasting.make(session, city)
        session.commit()
    write_open_data(timestamp=0)
    yield create_app(settings(), engine=engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("browser_page", "theme"), [("phone", "light"), ("desk", "dark")], indirect=["browser_page"]
)
def test_everybody_can_read_them(browser_page: Page, theme: str, screenshot: Callable[[str], Path]) -> None:
    page = browser_page
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto("/open-data")
    page.get_by_text("What the columns mean").first.click()
    expect(page.get_by_text("When it was made").first).to_be_visible()
    look(page, screenshot, "open-data")
    sign_in(page, "supervisor", "/forecast")
    expect(page.get_by_role("heading", name="What to expect")).to_be_visible()
    look(page, screenshot, "forecast")
    page.goto("/forecast/alerts")
    page.get_by_label("How many").fill("40")
    page.get_by_role("button", name="Set the alert").click()
    expect(page.get_by_role("heading", name="More than 40 reports in 7 days")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="More than 40 reports in 7 days")).to_be_visible()
    look(page, screenshot, "alerts")
    page.goto("/printed?period=2026-02")
    expect(page.get_by_role("heading", name="At a glance")).to_be_visible()
    look(page, screenshot, "printed")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Download as PDF")).to_be_hidden()
    screenshot("print-preview")
