"""Where, what, already known: on the map, in the list, and in whole pages without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.browser.steps import choose, drag_map, look, say_and_send, settle
from webapp.catalog.queries import catalog
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def center(live_app: Flask) -> tuple[float, float]:
    """Where the map opens, longitude and latitude; somebody reported graffiti 60 m north of it."""
    page = live_app.test_client().get("/").text
    found = re.search(r'data-center="([^"]+)"', page)
    assert found
    lat, lon = json.loads(found[1])
    with Session(live_app.extensions["engine"]) as session:
        city = city_by_slug(session, "demo")
        said = {"service_code": "graffiti", "lon": lon, "lat": lat + 0.00054, "description": "Red letters"}
        submit(session, city, read_draft(catalog(session, city), said))
        session.commit()
    return lon, lat


def light_near(live_app: Flask, lon: float, lat: float) -> tuple[float, float]:
    """Return the street light nearest to a spot: its longitude and latitude."""
    with Session(live_app.extensions["engine"]) as session:
        atlas = current_atlas(session, city_by_slug(session, "demo"))
    x, y = atlas.metric.to_metric(lon, lat)
    lights = atlas.assets["street_light"]
    nearest = int(((lights.x - x) ** 2 + (lights.y - y) ** 2).argmin())
    found: tuple[float, float] = atlas.metric.to_lonlat(float(lights.x[nearest]), float(lights.y[nearest]))
    return found


@pytest.mark.parametrize("browser_page", ["phone"], indirect=True)
def test_what_others_reported_is_seen_on_the_map_and_in_the_list(
    center: tuple[float, float], browser_page: Page, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.goto("/")
    expect(page.locator(".marker--small")).to_be_visible()
    drag_map(page, 90, 60)
    look(page, screenshot, "map")
    page.locator(".marker--small").click()
    expect(page.locator("[data-seen]")).to_contain_text("Red letters")
    expect(page.locator("[data-seen]")).to_contain_text("promised by")
    look(page, screenshot, "seen")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="What others reported near by").click()
    expect(page.get_by_text("1 problem within 500 m")).to_be_visible()
    look(page, screenshot, "list")
    page.get_by_role("link", name="I see it too").click()
    expect(page.get_by_text("Your report is added to:")).to_be_visible()
    expect(page.locator("[data-joined-what]")).to_contain_text("Graffiti")
    expect(page.locator("[name=service]:checked")).to_have_value("graffiti")


@pytest.mark.parametrize("browser_page", ["desk"], indirect=True)
def test_two_who_report_the_same_street_light_are_one_ticket(
    center: tuple[float, float], live_app: Flask, browser_page: Page, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    lon, lat = light_near(live_app, *center)
    tap_the_light(page, lon, lat)
    assert abs(float(page.locator("[name=lat]").input_value()) - lat) < 2e-6
    look(page, screenshot, "light")
    page.get_by_role("button", name="Report something here").click()
    send_that_it_is_dark(page)

    # The next one who stands there hears of the first.
    page.goto(f"/?lon={lon}&lat={lat}")
    settle(page)
    choose(page, "Street light out")
    expect(page.get_by_role("heading", name="Is it one of these?")).to_be_visible()
    expect(page.get_by_text(re.compile(r"The same street light L\d+"))).to_be_visible()
    look(page, screenshot, "known")
    page.get_by_role("button", name="Yes, this is it").click()
    send_that_it_is_dark(page)
    expect(page.get_by_text("your report was added to theirs")).to_be_visible()


def tap_the_light(page: Page, lon: float, lat: float) -> None:
    page.goto(f"/?lon={lon + 0.0002}&lat={lat}")
    settle(page)
    _nearest_to_pin(page, page.locator(".asset")).click()
    expect(page.locator("[data-place-more]")).to_contain_text("Street light out: L")


def send_that_it_is_dark(page: Page) -> None:
    expect(page.get_by_text("What is wrong with it?")).to_be_visible()
    page.get_by_role("radio", name="Dark").click()
    say_and_send(page, "")


@pytest.mark.parametrize("browser_page", ["phone"], indirect=True)
def test_words_find_services_and_answers_and_danger_comes_first(
    center: tuple[float, float], browser_page: Page, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.goto(f"/?lon={center[0]}&lat={center[1]}")
    settle(page)
    page.get_by_role("button", name="Report something here").click()
    words = page.get_by_role("searchbox", name="Say it in your own words")
    words.fill("how do I get rid of a couch")
    answer = page.get_by_text("How do I get rid of", exact=False).first
    expect(answer).to_be_visible()
    expect(page.get_by_role("radio", name="Bulk item pickup")).to_be_visible()
    look(page, screenshot, "answer")
    words.fill("a live wire on the ground")
    expect(page.get_by_role("alert").get_by_text("Call 911 now")).to_be_visible()
    look(page, screenshot, "danger")
    words.fill("the garbage was not picked up")
    expect(page.get_by_text("Call 911 now")).to_be_hidden()
    expect(page.get_by_role("radio", name="Missed trash or recycling")).to_be_visible()
    words.fill("couch")
    expect(page.get_by_role("radio", name="Missed trash or recycling")).to_be_hidden()
    answer.click()
    page.get_by_role("button", name="This answers my question").click()
    expect(page.get_by_text("Good to know that this helped.")).to_be_visible()


@pytest.mark.parametrize("browser_page", ["phone"], indirect=True)
def test_the_pin_can_be_dragged_and_a_coarse_or_refused_location_is_said_kindly(
    browser_page: Page, screenshot: Callable[[str], Path]
) -> None:
    page = browser_page
    page.goto("/")
    drag_map(page, 40, 30)
    before = float(page.locator("[name=lat]").input_value())
    head = page.locator(".pin__grip").bounding_box()
    assert head
    x, y = head["x"] + head["width"] / 2, head["y"] + head["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 90, steps=5)
    page.mouse.up()
    settle(page)
    expect(page.locator("[name=lat]")).not_to_have_value(f"{before:.6f}")
    assert float(page.locator("[name=lat]").input_value()) > before
    page.locator(".map__controls [data-locate]").click()
    expect(page.get_by_text("You have not let this page see where you are.")).to_be_visible()
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": before, "longitude": -89.378, "accuracy": 900})
    page.locator(".map__controls [data-locate]").click()
    expect(page.get_by_text("Your device knows this only to about 900 m.")).to_be_visible()
    settle(page)
    look(page, screenshot, "coarse")


def test_without_scripts_each_step_is_a_page(
    center: tuple[float, float], browser: Browser, live_server: str, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=live_server, java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Where is it?").fill("qqqq zzzz")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("No such address was found")).to_be_visible()
    expect(page.get_by_label("Where is it?")).to_have_value("qqqq zzzz")
    page.goto(f"/?lon={center[0]}&lat={center[1] + 0.00054}")
    expect(page.get_by_label("Where is it?")).not_to_have_value("")
    page.get_by_role("button", name="Continue").click()
    if page.get_by_role("group", name=re.compile("^Which (side|street)")).is_visible():
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="What is it about?")).to_be_visible()
    page.get_by_label("Say it in your own words").fill("spray paint and fire")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Call 911 now")).to_be_visible()
    page.screenshot(path=tmp_path / "what.png")
    page.get_by_role("radio", name="Graffiti").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Is it one of these?")).to_be_visible()
    expect(page.get_by_text("Red letters")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("radio", name="Pothole").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Where in the road is it?")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("radio", name="Graffiti").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Yes, this is it").click()
    expect(page.get_by_text("Your report is added to:")).to_be_visible()
    page.get_by_label("What should the crew know?").fill("Without scripts")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("your report was added to theirs")).to_be_visible()
    context.close()


def _nearest_to_pin(page: Page, marks: Locator) -> Locator:
    """Return the one of some marks on the map that is nearest to the pin."""
    expect(marks.first).to_be_visible()
    nearest = marks.evaluate_all(
        """(marks) => {
            const map = document.querySelector("[data-map]").getBoundingClientRect();
            const way = (mark) => {
                const box = mark.getBoundingClientRect();
                return Math.hypot(box.x + box.width / 2 - map.x - map.width / 2, box.y + box.height / 2 - map.y - map.height / 2);
            };
            const ways = marks.map(way);
            return ways.indexOf(Math.min(...ways));
        }"""
    )
    return marks.nth(nearest)
