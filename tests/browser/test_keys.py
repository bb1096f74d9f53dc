"""The administrators' page of keys in a real browser, on the phone and at the desk, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import look_in_both_lights, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def committed_database(demo_database: str) -> str:
    """What ``live_app`` serves: the demo city."""
    return demo_database


@pytest.mark.parametrize("browser_page", ["phone", "desk"], indirect=True)
def test_a_key_is_made_and_revoked(browser_page: Page, screenshot: Callable[[str], Path]) -> None:
    page = browser_page
    sign_in(page, "administrator", to="/admin/keys")
    page.get_by_label("What system is it for?").fill("Work orders of the street department")
    page.get_by_text("Move tickets and remark on them").last.click()
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#secret")).to_contain_text("pw_")
    look_in_both_lights(page, screenshot)
    page.get_by_role("button", name=re.compile("Revoke.*street department")).click()
    expect(page.get_by_text("no longer works")).to_be_visible()
