"""What people do on the pages, in their words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from webapp.languages import SOURCE, sentences
from webapp.people.demo import DOMAIN, PASSWORD


def drag_map(page: Page, right: int, down: int) -> None:
    """Drag the map under the pin, and wait until the page knows the spot."""
    box = page.locator("[data-map] .map__canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=6)
    # Let go at once, the map would glide on, as far as the machine is quick.
    page.wait_for_timeout(150)
    page.mouse.up()
    settle(page)


def settle(page: Page) -> None:
    """Wait until the map stands still and the page shows what is under the pin."""
    expect(page.locator("[data-map]")).not_to_have_class(re.compile("is-moving"))
    expect(page.locator(".place")).to_have_attribute("aria-busy", "false")


def choose(page: Page, service: str, language: str = SOURCE) -> None:
    """Say what it is about."""
    say = sentences(language).gettext
    page.get_by_role("button", name=say("Report something here")).click()
    expect(page.get_by_role("heading", name=say("What is it about?"))).to_be_visible()
    page.get_by_role("radio", name=service).click()


def say_and_send(page: Page, words: str, language: str = SOURCE) -> str:
    """Write the description, send, and return the tracking number."""
    say = sentences(language).gettext
    expect(page.get_by_role("heading", name=say("Tell us more"))).to_be_visible()
    page.get_by_label(say("What should the crew know?")).fill(words)
    page.get_by_role("button", name=say("Send report")).click()
    expect(page.get_by_role("heading", name=say("Thank you. Your report is sent."))).to_be_visible()
    return page.locator("#tracking-number").inner_text()


def until_kept(page: Page, *paths: str) -> None:
    """Wait until the phone has these pages, for when there is no connection."""
    has = "async (path) => Boolean(await caches.match(path, { ignoreVary: true }))"
    for path in paths:
        for _ in range(300):
            if page.evaluate(has, path):
                break
            page.wait_for_timeout(100)
        else:
            raise AssertionError(f"{path} is not kept")


def look(page: Page, screenshot: Callable[[str], Path], name: str) -> None:
    """Take a picture of the page at rest: it is no wider than the screen, and accessible."""
    page.wait_for_load_state("networkidle")
    screenshot(name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    assert_accessible(page)


def look_in_both_lights(page: Page, screenshot: Callable[[str], Path]) -> None:
    """Look at the page light and dark."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        look(page, screenshot, theme)


def sign_in(page: Page, who: str, to: str = "") -> None:
    """Sign in as a demo account."""
    page.goto(f"/sign-in?next={to}" if to else "/sign-in")
    page.get_by_label("E-mail address").fill(f"{who}@{DOMAIN}")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def assert_accessible(page: Page) -> None:
    """Let axe look at the page as it is now: no violation of any rule, with WCAG 2.2 AA among them."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    results = Axe().run(page, options=options)
    assert results.violations_count == 0, results.generate_report()
