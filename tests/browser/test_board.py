"""Supervisors who race for a ticket, many tickets by keys, and urgent work that comes while a list is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text

from tests.browser.steps import look, sign_in
from tests.fixtures.browsers import SIZES

pytestmark = pytest.mark.browser
LOOKS = pytest.mark.parametrize(
    ("browser_page", "scheme"), [("phone", "dark"), ("desk", "light")], indirect=["browser_page"]
)


@pytest.fixture
def live_app(crew_app: Flask) -> Flask:
    """The demo city with a few tickets of one crew."""
    return crew_app


@LOOKS
def test_two_supervisors_race(
    browser_page: Page,
    browser: Browser,
    live_server: str,
    screenshot: Callable[[str], Path],
    scheme: str,
    crew_engine: Engine,
) -> None:
    first = browser_page
    first.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    context = browser.new_context(base_url=live_server, viewport=SIZES["desk"])
    second = context.new_page()
    for page, who in ((first, "agent"), (second, "administrator")):
        sign_in(page, who)
        expect(page.get_by_role("link", name="Me", exact=True)).to_be_visible()
        page.goto("/board")
        page.get_by_role("link", name="Downtown Clean Team").click()
        expect(page.get_by_role("heading", name="Tickets of Downtown Clean Team")).to_be_visible()
    look(first, screenshot, "1-board")
    # One drags a ticket onto a crew; the other ticks it, by keys, and chooses another.
    trees = second.locator("[data-crew]", has_text="Trees")
    second.locator("[data-ticket]").first.hover()
    second.mouse.down()
    trees.hover()
    trees.hover()  # a browser asks where it may be dropped only when it moves there
    second.mouse.up()
    expect(second.get_by_text("1 ticket changed")).to_be_visible()
    first.get_by_role("checkbox").first.focus()
    first.keyboard.press("Space")
    first.get_by_role("checkbox").nth(1).focus()
    first.keyboard.press("Space")
    first.get_by_label("Crew that is to do them").select_option(label="Lights")
    first.get_by_role("button", name="Give the ticked ones to it").click()
    expect(first.locator(".lines__one--not")).to_contain_text("Ada Admin moved this ticket to assigned")
    expect(first.get_by_text("1 ticket changed")).to_be_visible()
    look(first, screenshot, "2-told")
    first.get_by_role("button", name="Undo").click()
    expect(first.locator(".lines__one")).to_contain_text("taken back")
    with crew_engine.connect() as connection:
        query = "select crew.name, count(*) from ticket join crew on crew.id = crew_id group by 1 order by 1"
        assert [tuple(row) for row in connection.execute(text(query))] == [
            ("Downtown Clean Team", 3),
            ("Trees", 1),
        ]
    context.close()


@LOOKS
def test_many_by_keys_and_urgent_work_while_the_list_is_open(
    browser_page: Page, screenshot: Callable[[str], Path], scheme: str, crew_engine: Engine
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    with crew_engine.begin() as connection:
        connection.execute(text("update ticket set priority = 1"))
    sign_in(page, "clean-team")
    expect(page.locator(".ticket-card")).to_have_count(4)
    page.wait_for_load_state("networkidle")
    top = page.locator(".ticket-card").first.bounding_box()
    with crew_engine.begin() as connection:
        connection.execute(text("update ticket set priority = 3 where id = (select max(id) from ticket)"))
    expect(page.locator("[data-urgent]")).to_contain_text("New urgent work: Graffiti", timeout=10_000)
    assert page.locator(".ticket-card").first.bounding_box() == top, "the list does not move"
    look(page, screenshot, "1-urgent")
    page.reload()
    for number in (0, 1):
        page.get_by_role("checkbox").nth(number).focus()
        page.keyboard.press("Space")
    expect(page.get_by_text("2 ticked")).to_be_visible()
    look(page, screenshot, "2-ticked")
    page.get_by_role("button", name="Start work").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 tickets changed")).to_be_visible()
    look(page, screenshot, "3-done")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("taken back")).to_have_count(2)
