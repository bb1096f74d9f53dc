"""The form: by keyboard, without a map, without scripts, with mistakes, and left half written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import assert_accessible, choose, drag_map, say_and_send, settle

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("browser_page", ["desk"], indirect=True)
def test_an_address_is_found_and_sent_by_keyboard_alone(browser_page: Page) -> None:
    page = browser_page
    page.goto("/")
    page.get_by_role("combobox", name="Where is it?").focus()
    page.keyboard.type("main", delay=20)
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.locator("[data-search] [role=status]")).to_contain_text("found")
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]").inner_text()
    page.keyboard.press("Enter")
    settle(page)
    expect(page.get_by_role("combobox")).to_have_value(chosen)
    go_on = page.get_by_role("button", name="Report something here")
    expect(go_on).to_be_enabled()
    _tab_to(page, "Report something here")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What is it about?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("spray")
    expect(page.get_by_role("radio")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    _tab_to(page, "Continue")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Tell us more")).to_be_focused()
    page.get_by_label("What should the crew know?").focus()
    page.keyboard.type("By keyboard")
    _tab_to(page, "Send report")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_without_scripts_an_address_form_does_it(
    browser: Browser, live_server: str, screenshot: Callable[[str], Path]
) -> None:
    context = browser.new_context(
        base_url=live_server, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Where is it?").fill("main")
    page.get_by_role("button", name="Continue").click()
    choice = page.get_by_role("group", name="Which one do you mean?").get_by_role("radio").first
    choice.click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="Graffiti").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What should the crew know?").fill("Without scripts")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("Without scripts")).to_be_visible()
    context.close()


def test_a_missing_answer_is_asked_for_where_it_is_missing(browser: Browser, live_server: str) -> None:
    # Not `browser_page`: Chromium writes a refused form to the console, as if a script had failed.
    context = browser.new_context(base_url=live_server, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Pothole")
    expect(page.get_by_text("Where in the road is it?")).to_be_visible()
    page.get_by_label("What should the crew know?").fill("Deep")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_text("Please answer: Where in the road is it?")).to_be_visible()
    expect(page.get_by_role("heading", name="Tell us more")).to_be_visible()
    expect(page.get_by_label("What should the crew know?")).to_have_value("Deep")
    assert_accessible(page)
    page.get_by_role("radio", name="Driving lane").click()
    say_and_send(page, "Deep")
    context.close()


def test_a_closed_tab_loses_nothing(browser_page: Page) -> None:
    page = browser_page
    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Graffiti")
    page.get_by_label("What should the crew know?").fill("Half a sentence")
    key = page.locator("[name=key]").input_value()
    page.goto("about:blank")
    page.goto("/")
    expect(page.get_by_text("Your unfinished report is back.")).to_be_visible()
    expect(page.get_by_label("What should the crew know?")).to_have_value("Half a sentence")
    assert page.locator("[name=key]").input_value() == key
    assert_accessible(page)
    say_and_send(page, "The whole sentence")
    page.goto("/")
    expect(page.get_by_text("Where is the problem?")).to_be_visible()
    expect(page.get_by_text("Your unfinished report is back.")).to_be_hidden()


def test_back_goes_a_step_back(browser_page: Page) -> None:
    page = browser_page
    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Graffiti")
    expect(page.get_by_role("heading", name="Tell us more")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="What is it about?")).to_be_visible()
    page.get_by_role("button", name="Back").locator("visible=true").click()
    expect(page.get_by_role("button", name="Report something here")).to_be_visible()


def test_my_location_puts_the_pin_there(browser_page: Page) -> None:
    page = browser_page
    page.goto("/")
    center = page.evaluate("JSON.parse(document.querySelector('[data-report]').dataset.center)")
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": center[0] + 0.004, "longitude": center[1], "accuracy": 20})
    page.get_by_role("button", name="Use my location").click()
    expect(page.locator("[data-place-address]")).not_to_have_text("Where is the problem?")
    settle(page)
    expect(page.locator("[data-place-more]")).to_contain_text("District")
    assert abs(float(page.locator("[name=lat]").input_value()) - center[0] - 0.004) < 0.0005


def test_without_a_location_the_page_says_what_to_do(browser_page: Page) -> None:
    page = browser_page
    page.goto("/")
    page.get_by_role("button", name="Use my location").click()
    expect(page.get_by_text("Type the address, or move the map.")).to_be_visible()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the button of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"{name} cannot be reached with the Tab key")
