"""The administrator's page on the matching in a real browser, on the phone and at the desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from layers.queries import city_by_slug
from tests.pages.test_duplicates import add_models
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.people.demo import DOMAIN, PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def live_app(monkeypatch: pytest.MonkeyPatch, demo_database: str) -> Iterator[Flask]:
    """The demo city with two models of its own."""
    engine = make_engine(demo_database)
    with make_session(engine)() as session:
        add_models(session, city_by_slug(session, "demo"))
        session.commit()
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    yield create_app(settings(), engine=engine)
    engine.dispose()


@pytest.mark.parametrize("browser_page", ["phone", "desk"], indirect=True)
def test_a_model_is_chosen_and_the_choice_undone(
    browser_page: Page, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.goto("/sign-in?next=/admin/duplicates")
    page.fill("#email", f"administrator@{DOMAIN}")
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.get_by_role("button", name="Use: Model 1001").click()
    expect(page.get_by_role("status")).to_contain_text("In use now: Model 1001")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.wait_for_load_state("networkidle")
        screenshot(theme)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    expect(page.get_by_role("heading", name="In use: The model that comes with Pinward")).to_be_visible()
