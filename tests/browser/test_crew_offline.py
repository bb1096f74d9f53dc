"""A crew's day with a stretch without a connection: the server is really gone, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine, text
from werkzeug.serving import BaseWSGIServer, make_server

from tests.browser import steps
from tests.browser.steps import assert_accessible, sign_in
from tests.fixtures.browsers import SCREENSHOTS, SIZES
from webapp.pages.phone import ASSETS

pytestmark = pytest.mark.browser


class Server:
    """A server that can be gone for a while, on one port."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._port = 0
        self.begin()
        self.url = f"http://127.0.0.1:{self._port}"

    def begin(self) -> None:
        self._server: BaseWSGIServer = make_server("127.0.0.1", self._port, self._app, threaded=True)
        self._port = self._server.server_port
        self._server.daemon_threads = False  # type: ignore[attr-defined]
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server(crew_app: Flask) -> Iterator[Server]:
    """A server of the crew's tickets."""
    running = Server(crew_app)
    yield running
    running.end()


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url, viewport=SIZES["phone"], has_touch=True)
    yield context
    context.close()


def kinds(engine: Engine, ticket: int) -> list[str]:
    query = "select kind from timeline where ticket_id = :ticket and staff_id is not null order by id"
    with engine.connect() as connection:
        return list(connection.scalars(text(query), {"ticket": ticket}))


def kept_pages(page: Page) -> list[str]:
    return page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys())
                for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
            return found.sort();
        }"""
    )


def until_kept(page: Page, paths: set[str]) -> None:
    """Wait until these pages are on the phone, and all that they are made of."""
    for _ in range(200):
        kept = kept_pages(page)
        if paths <= set(kept) and sum("/static/" in path for path in kept) == len(ASSETS):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"only {kept} are kept")


def look(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"crew-offline-{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    assert_accessible(page)


def test_a_day_with_an_offline_stretch(
    phone: BrowserContext, server: Server, crew_engine: Engine, browser: Browser, tmp_path: Path
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6000, 4000), "teal").save(tmp_path / "wall.jpg")
    with crew_engine.connect() as connection:
        ids = list(connection.scalars(text("select id from ticket order by id")))
    page = phone.new_page()
    sign_in(page, "clean-team")
    expect(page.get_by_role("heading", name="Clean Team")).to_be_visible()
    until_kept(page, {f"/crew/{each}" for each in ids} | {"/crew", "/crew/plan", "/crew/offline"})

    server.end()
    page.goto("/crew/plan")
    expect(page.get_by_role("heading", name="Day plan")).to_be_visible()
    expect(page.locator("[data-state]")).to_have_text("Offline")
    look(page, "1-plan")
    stops = page.locator(".stop h2").all_inner_texts()
    page.get_by_role("link", name="Stop 1 later").click()
    expect(page.locator(".stop h2").first).to_have_text(stops[1])
    page.get_by_role("link", name="Stop 2 earlier").click()
    expect(page.locator(".stop h2").first).to_have_text(stops[0])
    page.get_by_role("link", name="Stop 1 later").click()
    expect(page.locator(".stop h2")).to_have_text([stops[1], stops[0], *stops[2:]])
    expect(page.locator(".stop__number")).to_have_text([str(at + 1) for at in range(len(stops))])
    page.goto(f"/crew/{ids[0]}")
    photos = page.get_by_label("Photos from before")
    photos.set_input_files(tmp_path / "wall.jpg")
    full = (tmp_path / "wall.jpg").stat().st_size
    page.wait_for_function(
        "(full) => document.querySelector('[name=before]').files[0].size < full / 4", arg=full
    )
    page.get_by_role("button", name="Start work").click()
    expect(page.locator("[data-state]")).to_have_text("Offline · 1 waiting")
    page.get_by_label("Note for everybody to read").fill("Cleaned on the spot")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("[data-state]")).to_have_text("Offline · 2 waiting")
    page.goto(f"/crew/{ids[1]}")
    page.get_by_label("Note for everybody to read").fill("My half hour of typing")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("[data-state]")).to_have_text("Offline · 3 waiting")
    look(page, "2-waiting")
    page.goto("/crew?q=never+seen")
    expect(page.get_by_role("heading", name="Clean Team")).to_be_visible()
    for ticket in ids[2:]:
        page.locator(f"#ticket-{ticket} [type=checkbox]").check()
    page.get_by_role("button", name="Start work").click()
    expect(page.locator("[data-state]")).to_have_text("Offline · 5 waiting")
    page.goto("/crew/999")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()

    server.begin()
    # Before the phone knows, somebody at the desk puts one of them aside.
    desk = browser.new_context(base_url=server.url)
    agent = desk.new_page()
    phone.set_offline(True)
    sign_in(agent, "agent")
    agent.goto(f"/crew/{ids[1]}")
    agent.get_by_text("Wait, schedule, pass on").click()
    agent.get_by_label("Note for everybody to read").fill("The owner wants to be there")
    agent.get_by_role("button", name="Wait", exact=True).click()
    expect(agent.get_by_text("Waiting").first).to_be_visible()
    phone.set_offline(False)

    page.goto(f"/crew/{ids[1]}")
    conflict = page.locator(".phone__move--refused")
    expect(conflict).to_contain_text("Changed meanwhile by Desk Agent: Waiting")
    expect(conflict).to_contain_text("My half hour of typing")
    look(page, "3-conflict")
    assert kinds(crew_engine, ids[0]) == ["in_progress", "done"]
    assert kinds(crew_engine, ids[1]) == ["waiting"]
    assert [kinds(crew_engine, ticket) for ticket in ids[2:]] == [["in_progress"], ["in_progress"]]
    with crew_engine.connect() as connection:
        assert connection.scalar(text("select count(*) from photo")) == 1

    page.goto("/account")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page).to_have_url(f"{server.url}/crew#unsent")
    page.get_by_role("button", name="Send it anyway").click()
    expect(page.locator(".phone__move")).to_have_count(0)
    assert kinds(crew_engine, ids[1]) == ["waiting", "done"]
    # What residents keep is fetched as by nobody, also while somebody is signed in.
    page.goto("/")
    steps.until_kept(page, "/", "/on-this-phone", "/questions/all")
    page.goto("/account")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    left = {path for path in kept_pages(page) if not path.startswith(("/static/", "/tiles/base/"))}
    assert left <= {"/", "/on-this-phone", "/questions/all"}
    form = page.evaluate("async () => (await caches.match('/', { ignoreVary: true })).text()")
    assert "data-report" in form
    assert "/crew" not in form
    databases = page.evaluate("async () => (await indexedDB.databases()).map(({name}) => name)")
    assert "pinward" not in databases
    desk.close()
