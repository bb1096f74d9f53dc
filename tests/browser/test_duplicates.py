"""The administrator's page on the matching in a real browser, on the phone and at the desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from layers.queries import city_by_slug
from tests.browser.steps import look_in_both_lights, sign_in
from tests.pages.test_duplicates import add_models
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session

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
    sign_in(page, "administrator", to="/admin/duplicates")
    page.get_by_role("button", name="Use: Model 1001").click()
    expect(page.get_by_role("status")).to_contain_text("In use now: Model 1001")
    look_in_both_lights(page, screenshot)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    expect(page.get_by_role("heading", name="In use: The model that comes with Pinward")).to_be_visible()
