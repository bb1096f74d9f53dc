"""What comes after a report: sent, followed, done, not fixed after all, done again, fixed. And drawing an alert."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.browser.steps import choose, drag_map, look, say_and_send
from tests.pages import residents
from webapp.config import settings
from webapp.db import make_engine

pytestmark = pytest.mark.browser
WORDS = "The upper half is still there"


@pytest.fixture
def town(committed_database: str) -> Iterator[Session]:
    """A session of the crew's, beside the running server."""
    engine: Engine = make_engine(committed_database)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.mark.parametrize(
    ("browser_page", "scheme"), [("phone", "light"), ("desk", "dark")], indirect=["browser_page"]
)
def test_from_sent_to_fixed(
    browser_page: Page, screenshot: Callable[[str], Path], scheme: str, town: Session, tmp_path: Path
) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    seen = partial(look, page, screenshot)
    photo = tmp_path / "wall.jpg"
    photo.write_bytes(residents.picture("firebrick").read())

    page.goto("/")
    drag_map(page, 40, 30)
    choose(page, "Graffiti")
    number = say_and_send(page, "Red letters on the wall")
    page.get_by_text("Read it out").click()
    expect(page.locator(".spelled li")).to_have_count(9)
    seen("1-sent")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Send me a copy").click()
    expect(page.get_by_role("status").first).to_contain_text("A copy is on its way")
    page.get_by_text("Add words or photos").click()
    page.get_by_label("What do you want to add?").fill("There is more round the corner")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("There is more round the corner")
    seen("2-followed")

    residents.finish(town, settings().kept_in, number, note="Cleaned this morning", photo=True)
    page.goto(f"/track/{number}")
    expect(page.get_by_role("heading", name="Is it fixed?")).to_be_visible()
    expect(page.locator(".timeline img")).to_be_visible()
    page.get_by_role("radio", name="No, it is not").check()
    page.get_by_label("What is still wrong?").fill(WORDS)
    page.locator("#fixed").get_by_label("Photos, if you have some").set_input_files(photo)
    seen("3-is-it-fixed")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator(".ticket .state")).to_have_text("Open again")
    expect(page.locator(".timeline")).to_contain_text(WORDS)
    expect(page.locator(".timeline img")).to_have_count(2)
    seen("4-open-again")

    residents.finish(town, settings().kept_in, number)
    page.goto(f"/track/{number}")
    page.get_by_role("radio", name="Yes, it is fixed").check()
    expect(page.get_by_label("What is still wrong?")).to_be_hidden()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Two short questions")).to_be_visible()
    page.get_by_role("group", name="How satisfied are you").get_by_role("radio").nth(3).check()
    page.get_by_role("group", name="How easy was it").get_by_role("radio").nth(4).check()
    seen("5-two-questions")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you for your answer")).to_be_visible()
    expect(page.locator(".ticket .state")).to_have_text("Done and confirmed")


def test_an_area_is_drawn_and_heard_of(
    browser_page: Page, screenshot: Callable[[str], Path], town: Session
) -> None:
    page = browser_page
    page.emulate_media(color_scheme="dark")
    seen = partial(look, page, screenshot)
    page.goto("/area-alerts")
    expect(page.get_by_label("Address", exact=True)).to_be_visible()
    expect(page.get_by_label("How far around an address?")).to_be_hidden()
    seen("1-street")
    page.get_by_role("radio", name="An area that I draw").check()
    drawing = page.locator("[data-draw-map]")
    expect(drawing).to_be_visible()
    drawing.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    for x, y in ((100, 80), (220, 80), (220, 200), (100, 200)):
        drawing.click(position={"x": x, "y": y})
    page.keyboard.press("Backspace")
    expect(page.locator("[data-draw-hint]")).to_contain_text(re.compile("Corners set: 3"))
    page.get_by_role("checkbox", name="Streets").check()
    page.get_by_label("E-mail address").fill("ada@example.org")
    drawing.scroll_into_view_if_needed()
    seen("2-drawn")
    page.get_by_role("button", name="Make the alert").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    [message] = residents.messages(town, "alert ")
    page.goto(message["path"])
    page.get_by_role("button", name="Turn this alert on").click()
    expect(page.get_by_role("button", name="Stop this alert")).to_be_visible()
    seen("3-on")
    page.goto("/my")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    town.rollback()
    [link] = residents.messages(town, "my reports")
    page.goto(link["path"])
    page.get_by_role("button", name="Show my reports").click()
    expect(page.get_by_role("heading", name="My alerts")).to_be_visible()
    page.get_by_text("Erase my contact data").first.click()
    seen("4-my-reports")
