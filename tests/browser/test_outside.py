"""The administrators' page of other systems in a real browser, on the phone and at the desk, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.steps import look, look_in_both_lights, sign_in
from tests.pages.test_outside import Systems
from webapp.app import create_app
from webapp.config import settings
from webapp.db import session_on

pytestmark = pytest.mark.browser


@pytest.fixture
def live_app(monkeypatch: pytest.MonkeyPatch, committed_database: str) -> Iterator[Flask]:
    """The demo city with a back office and a webhook that do not get everything."""
    with session_on(committed_database) as session:
        Systems(session)
    monkeypatch.setenv("DATABASE_URL", committed_database)
    settings.cache_clear()
    app = create_app(settings())
    yield app
    app.extensions["engine"].dispose()


@pytest.mark.parametrize("browser_page", ["phone", "desk"], indirect=True)
def test_what_was_given_up_is_sent_again(browser_page: Page, screenshot: Callable[[str], Path]) -> None:
    page = browser_page
    sign_in(page, "administrator")
    page.goto("/admin/outside")
    look_in_both_lights(page, screenshot)
    page.get_by_role("button", name=re.compile("Seen to")).click()
    expect(page.get_by_text("Told, and not done")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Pause.*yard")).click()
    expect(page.get_by_text("yard is paused: what goes there waits.")).to_be_visible()
    page.locator("#state").select_option("dead")
    page.locator("#system").select_option("")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("api_key: is not valid.")).to_be_visible()
    page.get_by_role("button", name=re.compile("Send again.*yard")).click()
    expect(page.get_by_text("It is next in the queue.")).to_be_visible()
    expect(page.get_by_text("Nothing here")).to_be_visible()
    screenshot("empty")
    page.get_by_role("link", name="Add or stop webhooks").click()
    page.get_by_role("textbox", name="Address").fill("https://assets.example/hook")
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.locator("#secret")).to_contain_text("whs_")
    look(page, screenshot, "webhooks")
