"""Every page of residents is for everybody: in each language, light and dark, large, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from layers.queries import city_by_slug
from tests.fixtures.browsers import SCREENSHOTS, SIZES
from tests.pages.spots import Spot, spot
from webapp.db import make_engine, make_session
from webapp.intake.draft import Draft
from webapp.intake.submit import submit
from webapp.languages import OFFERED

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/track",
    "/track/{number}",
    "/near?lon={lon}&lat={lat}",
    "/on-this-phone",
    "/my",
    "/area-alerts",
)
STEPS = ("what", "tell")
VIOLATIONS = {"resultTypes": ["violations"]}
ALL = VIOLATIONS | {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OF_COLOUR = VIOLATIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What may differ between light and dark."""


@pytest.fixture
def reported(committed_database: str) -> Iterator[tuple[str, Spot]]:
    """The tracking number of a report, and where it is."""
    engine: Engine = make_engine(committed_database)
    with make_session(engine)() as session:
        city, where = city_by_slug(session, "demo"), spot(session)
        draft = Draft(service_code="graffiti", lon=where.lon, lat=where.lat, description="Red letters")
        number = submit(session, city, draft).tracking_number
        session.commit()
    engine.dispose()
    yield number, where


@pytest.fixture
def phone_page(browser: Browser, live_server: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=live_server, viewport=SIZES["phone"], has_touch=True, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def paths(reported: tuple[str, Spot]) -> list[str]:
    number, where = reported
    return [path.format(number=number, lon=where.lon, lat=where.lat) for path in PAGES]


def begin(page: Page, path: str, language: str = "en") -> None:
    """Open a page in a language, and wait until its scripts are done."""
    page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.wait_for_load_state("networkidle")


def check(page: Page, what: str) -> None:
    """Let axe look at all of it in the light, and at the colours in the dark."""
    page.emulate_media(color_scheme="light")
    rest(page)
    found = [Axe().run(page, options=ALL)]
    page.emulate_media(color_scheme="dark")
    rest(page)
    found.append(Axe().run(page, options=OF_COLOUR))
    for results in found:
        assert results.violations_count == 0, f"{what}: {results.generate_report()}"
    assert too_wide(page) == [], what
    page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
    assert too_wide(page) == [], f"{what}, at twice the size"


def too_wide(page: Page) -> list[str]:
    """Return what makes the page wider than the screen."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] : [...document.querySelectorAll("body *")]
            .filter((each) => each.getBoundingClientRect().right > window.innerWidth || each.getBoundingClientRect().left < 0)
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    return found


def rest(page: Page) -> None:
    """Wait until the colours have changed."""
    # One change of an inherited colour begins the next.
    page.evaluate(
        """async () => {
            for (let frame = 0; frame < 6; frame++) {
                for (const each of document.getAnimations()) each.finish();
                await new Promise(requestAnimationFrame);
            }
        }"""
    )


@pytest.mark.parametrize("language", OFFERED)
def test_each_page_in_each_language(phone_page: Page, reported: tuple[str, Spot], language: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = phone_page
    for path in paths(reported):
        begin(page, path, language)
        name = path.strip("/").partition("?")[0].partition("/")[0] or "home"
        page.screenshot(path=SCREENSHOTS / f"access-{language}-{name}-{path.count('/')}.png")
        check(page, f"{path} in {language}")
        if path == "/":
            for step in STEPS:
                page.emulate_media(color_scheme="light")
                show_step(page, step)
                rest(page)
                page.screenshot(path=SCREENSHOTS / f"access-{language}-{step}.png")
                check(page, f"step {step} in {language}")


def show_step(page: Page, step: str) -> None:
    """Show a step of the form as its script does, at the usual size."""
    page.evaluate(
        """(step) => {
            document.documentElement.style.fontSize = "";
            document.querySelector("[data-report]").dataset.step = step;
            for (const each of document.querySelectorAll("[data-name]"))
                each.classList.toggle("is-current", each.dataset.name === step);
        }""",
        step,
    )


def test_each_page_by_keyboard_alone(phone_page: Page, reported: tuple[str, Spot]) -> None:
    """Tab comes by everything that can be used, and one sees where one is, also with forced colours."""
    page = phone_page
    page.emulate_media(forced_colors="active")
    for path in paths(reported):
        begin(page, path)
        usable = page.evaluate(
            """() => {
                const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
                window.usable = [...document.querySelectorAll(all)].filter((each) =>
                    each.checkVisibility({ visibilityProperty: true }) && !each.disabled && each.tabIndex >= 0 && each.type !== "radio");
                window.reached = new Set();
                document.body.focus();
                return window.usable.length;
            }"""
        )
        for _ in range(usable + 10):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => {
                    const at = document.activeElement;
                    window.reached.add(at);
                    // A field without a border of its own is marked around it, a picture of a choice beside it.
                    const marked = [at, at.parentElement, at.nextElementSibling].some((each) => each && getComputedStyle(each).outlineStyle !== "none");
                    return at === document.body || marked ? "" : at.outerHTML.slice(0, 200);
                }"""
            )
            assert not seen, f"{path}: one does not see that the focus is on {seen}"
        missed = page.evaluate(
            "() => window.usable.filter((each) => !window.reached.has(each)).map((each) => each.outerHTML.slice(0, 200))"
        )
        assert missed == [], path
