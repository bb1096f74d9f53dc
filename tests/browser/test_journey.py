"""From a pin to a ticket, a crew, done, and tracked: in a real browser, on a phone and on a desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import choose, drag_map, look, say_and_send, sign_in

pytestmark = pytest.mark.browser
SIZES = pytest.mark.parametrize("browser_page", ["phone", "desk"], indirect=True)


@pytest.mark.parametrize(
    ("browser_page", "scheme"), [("phone", "light"), ("desk", "dark")], indirect=["browser_page"]
)
def test_from_pin_to_done(browser_page: Page, screenshot: Callable[[str], Path], scheme: str) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    seen = partial(look, page, screenshot)

    page.goto("/")
    expect(page.get_by_text("Where is the problem?")).to_be_visible()
    seen("1-open")
    drag_map(page, 40, 30)
    expect(page.locator("[data-place-more]")).to_contain_text("District")
    expect(page.locator("[data-place-more]")).to_contain_text("Works")
    address = page.locator("[data-place-address]").inner_text()
    seen("2-where")
    choose(page, "Graffiti")
    expect(page.get_by_role("heading", name="Tell us more")).to_be_visible()
    seen("3-tell")
    number = say_and_send(page, "Red letters on the wall")
    expect(page.locator("main")).to_contain_text(address.removeprefix("On "))
    seen("4-sent")

    sign_in(page, "clean-team" if "Clean Team" in page.locator("main").inner_text() else "collection")
    expect(page.get_by_role("link", name="Graffiti"), f"{number} is on the crew's list").to_be_visible()
    seen("5-crew-list")
    if page.get_by_role("button", name="Map", exact=True).is_visible():
        page.get_by_role("button", name="Map", exact=True).click()
    expect(page.locator(".marker")).to_be_visible()
    seen("6-crew-map")
    page.locator(".leaflet-marker-icon").click()
    expect(page.get_by_text("Red letters on the wall")).to_be_visible()
    seen("7-ticket")
    page.get_by_role("button", name="Start work").click()
    expect(page.locator(".ticket .state")).to_have_text("Being worked on")
    page.get_by_label("Note for everybody to read").fill("Cleaned this morning")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.get_by_text("Nothing open")).to_be_visible()
    seen("8-nothing-open")

    page.goto("/track")
    seen("9-track")
    page.get_by_label("Tracking number").fill(number.lower())
    page.get_by_role("button", name="Show the report").click()
    expect(page.locator(".ticket .state")).to_have_text("Done")
    expect(page.get_by_text("Cleaned this morning")).to_be_visible()
    seen("10-done")


@SIZES
def test_the_second_person_sees_what_is_known_and_joins(
    browser_page: Page, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Graffiti")
    say_and_send(page, "Red letters on the wall")
    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Graffiti")
    expect(page.get_by_role("heading", name="Is it one of these?")).to_be_visible()
    expect(page.get_by_text("Red letters on the wall")).to_be_visible()
    look(page, screenshot, "known")
    page.get_by_role("button", name="Yes, this is it").click()
    expect(page.get_by_text("Your report is added to:")).to_be_visible()
    say_and_send(page, "")
    expect(page.get_by_text("your report was added to theirs")).to_be_visible()
    expect(page.get_by_text("1 other person")).to_be_visible()
