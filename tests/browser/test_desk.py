"""A call about a pothole, taken with the keyboard alone; one that is dropped half-way; what the pages look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.browser.steps import assert_accessible, look, sign_in
from tests.pages.spots import spot

pytestmark = pytest.mark.browser
MOST_KEYS = 8
"""Besides what is typed: a call of a minute has no time for more."""
LOOKS = pytest.mark.parametrize(
    ("browser_page", "scheme"), [("desk", "light"), ("phone", "dark")], indirect=["browser_page"]
)


@pytest.fixture
def street_address(live_app: Flask) -> str:
    """An address that a caller may name."""
    factory: sessionmaker[Session] = live_app.extensions["session"]
    with factory() as session:
        where = spot(session)
        address = (
            current_atlas(session, city_by_slug(session, "demo")).locate_one(where.lon, where.lat).address
        )
    assert address
    return address


@LOOKS
def test_a_pothole_by_keys_alone(
    browser_page: Page, screenshot: Callable[[str], Path], street_address: str, scheme: str
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    keys: list[str] = []

    def press(key: str) -> None:
        keys.append(key)
        page.keyboard.press(key)

    seen = partial(look, page, screenshot)
    sign_in(page, "agent")
    expect(page).to_have_url(re.compile("/desk$"))
    expect(page.get_by_label("Phone", exact=True).last).to_be_focused()
    seen("1-begin")
    page.keyboard.type("555-010-0200")
    press("Enter")
    expect(page.get_by_label("What is it about?")).to_be_focused()
    page.keyboard.type("hole in ro")
    expect(page.locator("#about-list [role=option]").first).to_be_visible()
    seen("2-words")
    press("Enter")
    expect(page.get_by_label("Where is it?")).to_be_focused()
    page.keyboard.type(street_address.lower())
    press("Enter")
    expect(page.get_by_role("radio", name="Driving lane")).to_be_focused()
    press("Space")
    seen("3-questions")
    press("Control+Enter")
    expect(page.get_by_role("heading", name="Read out the number")).to_be_visible()
    seen("4-number")
    number = page.locator("#tracking-number").get_attribute("data-number")
    expect(page.get_by_role("link", name="Next call")).to_be_focused()
    press("Enter")
    expect(page.get_by_label("Phone", exact=True).last).to_be_focused()
    assert len(keys) <= MOST_KEYS, keys
    # The same person calls about the same hole: found by the number, and the ticket is offered.
    page.keyboard.type("(555) 010 0200")
    press("Enter")
    expect(page.get_by_text(number or "no number")).to_be_visible()
    page.keyboard.type("pothole")
    press("Enter")
    page.keyboard.type(street_address)
    press("Enter")
    expect(page.get_by_role("radio", name="Yes: Pothole")).to_be_focused()
    press("Space")
    seen("5-repeat")
    press("Enter")
    expect(page.get_by_role("radio", name="Driving lane")).to_be_focused()
    press("Space")
    press("Control+Enter")
    expect(page.get_by_text("now one of 2 reports")).to_be_visible()


def test_a_dropped_call_waits(browser_page: Page, screenshot: Callable[[str], Path]) -> None:
    page = browser_page
    sign_in(page, "agent")
    page.goto("/desk")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("What should the crew know?").fill("It was a blue car, and then the line went dead")
    page.goto("/desk")
    expect(page.get_by_text("1 call is not finished")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_label("What should the crew know?")).to_have_value(re.compile("blue car"))
    page.get_by_label("What is it about?").fill("pay a fine")
    expect(page.locator("#about-list [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Answered: count it")).to_be_focused()
    screenshot("article")
    page.evaluate("scrollTo(0, 0)")  # where the bar covers half of a field, axe finds the field too small
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Counted: answered from an article.")).to_be_visible()


@LOOKS
def test_who_works_here(browser_page: Page, screenshot: Callable[[str], Path], scheme: str) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, "administrator")
    page.goto("/admin/staff")
    screenshot("1-staff")
    assert_accessible(page)
    page.get_by_role("link", name="Desk Agent").click()
    expect(page.get_by_role("heading", name="Desk Agent")).to_be_visible()
    screenshot("2-person")
    assert_accessible(page)
