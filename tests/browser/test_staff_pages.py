"""The pages of staff as they look: accessible, never wider than the screen, usable by keys; a day of a crew."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.steps import look, sign_in

pytestmark = pytest.mark.browser
LOOKS = pytest.mark.parametrize(
    ("browser_page", "scheme"), [("phone", "light"), ("desk", "dark")], indirect=["browser_page"]
)


@pytest.fixture
def live_app(crew_app: Flask) -> Flask:
    """The demo city with a few tickets."""
    return crew_app


@LOOKS
def test_a_crews_day(browser_page: Page, screenshot: Callable[[str], Path], scheme: str) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    seen = partial(look, page, screenshot)
    sign_in(page, "clean-team")
    page.get_by_text("Search and filter").click()
    seen("1-filters")
    page.get_by_label("Words, address or number").fill("nothing like it")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.get_by_label("Words, address or number").fill("")
    page.get_by_label("State").select_option("assigned")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("Search and filter").click()
    page.get_by_label("Keep this view as").fill("With us")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("link", name="With us")).to_be_visible()
    seen("2-kept")
    page.get_by_role("link", name="Day plan").click()
    expect(page.get_by_role("heading", name="Day plan")).to_be_visible()
    seen("3-plan")
    first = page.locator(".stop").first.get_attribute("id")
    page.get_by_role("link", name="Stop 1 later").click()
    expect(page.locator(".stop").nth(1)).to_have_attribute("id", first or "")
    expect(page.get_by_text("ordered by hand")).to_be_visible()
    page.emulate_media(media="print")
    screenshot("4-print")
    expect(page.locator(".bar__links")).not_to_be_visible()
    page.emulate_media(media="screen", color_scheme=scheme)  # type: ignore[arg-type]
    page.locator(".stop__tickets a").first.click()
    page.get_by_text("Wait, schedule, pass on").click()
    seen("5-ticket")
    page.get_by_label("Note for everybody to read").fill("Too wet for the cleaner")
    page.get_by_label("Waiting for").select_option("weather")
    page.get_by_role("button", name="Wait", exact=True).click()
    seen("6-undo-offered")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: it was a slip")).to_be_visible()
    seen("7-undone")


@LOOKS
def test_the_desk_compares_by_keys(
    browser_page: Page, screenshot: Callable[[str], Path], scheme: str
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    seen = partial(look, page, screenshot)
    sign_in(page, "agent")
    page.goto("/desk/repeats")
    expect(page.get_by_text("62 % alike")).to_be_visible()
    seen("1-pair")
    page.keyboard.press("s")
    expect(page.get_by_text("Nothing to compare")).to_be_visible()
    seen("2-merged")
    page.get_by_role("button", name="Take apart again").click()
    expect(page.get_by_text("Taken apart: this is a ticket of its own")).to_be_visible()


@LOOKS
def test_account_and_audit(browser_page: Page, screenshot: Callable[[str], Path], scheme: str) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    seen = partial(look, page, screenshot)
    sign_in(page, "auditor")
    expect(page).to_have_url(re.compile("/audit$"))
    seen("1-audit")
    page.goto("/account")
    seen("2-account")


@LOOKS
def test_the_seldom_pages_are_behind_more(
    browser_page: Page, screenshot: Callable[[str], Path], scheme: str
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, "administrator", to="/admin/staff")
    more, areas = page.get_by_text("More", exact=True), page.get_by_role("link", name="Areas", exact=True)
    more.focus()
    page.keyboard.press("Enter")
    expect(areas).to_be_visible()
    look(page, screenshot, "more")
    areas.focus()
    page.keyboard.press("Escape")
    expect(areas).to_be_hidden()
    expect(page.locator("summary", has_text="More")).to_be_focused()
    more.click()
    expect(areas).to_be_visible()
    page.locator("main").click(position={"x": 5, "y": 500})
    expect(areas).to_be_hidden()
