"""From a pin to a tracked report in Arabic, from right to left, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import choose, drag_map, look, say_and_send
from webapp.languages import sentences

pytestmark = pytest.mark.browser
say = sentences("ar").gettext


@pytest.mark.parametrize("browser_page", ["phone"], indirect=True)
def test_from_pin_to_track_in_arabic(browser_page: Page, screenshot: Callable[[str], Path]) -> None:
    page = browser_page
    seen = partial(look, page, screenshot)
    page.goto("/?lang=ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_text(say("Where is the problem?"))).to_be_visible()
    drag_map(page, 40, 30)
    seen("1-where")
    choose(page, "كتابة على الجدران", "ar")
    expect(page.get_by_role("heading", name=say("Tell us more"))).to_be_visible()
    seen("2-tell")
    number = say_and_send(page, "كتابة حمراء على الجدار", "ar")
    seen("3-sent")

    page.goto("/track")
    page.get_by_label(say("Tracking number")).fill(number.lower())
    page.get_by_role("button", name=say("Show the report")).click()
    expect(page.locator(".ticket .state")).to_have_text(say("With the crew"))
    expect(page.get_by_text("كتابة حمراء على الجدار")).to_be_visible()
    seen("4-track")
