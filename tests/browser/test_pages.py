"""Each page as it looks: accessible in light and dark, never wider than the screen, and light on the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.steps import assert_accessible

pytestmark = pytest.mark.browser
BUDGET_BYTES = 200 * 1024
BUDGET_REQUESTS = 20


@pytest.mark.parametrize("browser_page", ["phone", "desk"], indirect=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit(
    browser_page: Page, screenshot: Callable[[str], Path], scheme: str
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in ("/", "/track", "/sign-in"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        screenshot(path.strip("/") or "home")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_text_at_twice_the_size_still_fits(browser_page: Page, screenshot: Callable[[str], Path]) -> None:
    page = browser_page
    for path in ("/track", "/sign-in", "/"):
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        screenshot(path.strip("/") or "home")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert_accessible(page)


def test_the_switch_turns_the_page_dark_and_it_stays_so(browser_page: Page) -> None:
    page = browser_page
    page.emulate_media(color_scheme="light")
    page.goto("/track")
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto("/sign-in")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_the_first_view_is_light(browser_page: Page) -> None:
    page = browser_page
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("canvas.leaflet-tile").first).to_be_visible()
    sent = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
    assert len(answers) <= BUDGET_REQUESTS, [answer.url for answer in answers]
    assert sent <= BUDGET_BYTES, sent


def test_the_map_is_drawn_from_our_own_tiles(browser_page: Page) -> None:
    page = browser_page
    with page.expect_response(lambda answer: "/tiles/base/" in answer.url) as tile:
        page.goto("/")
    assert tile.value.status == 200
    page.wait_for_load_state("networkidle")
    colours = page.evaluate(
        """() => {
            const seen = new Set();
            for (const tile of document.querySelectorAll("canvas.leaflet-tile")) {
                const { data } = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height);
                for (let i = 0; i < data.length; i += 4) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
            }
            return seen.size;
        }"""
    )
    assert colours > 10, "the tiles are blank"
