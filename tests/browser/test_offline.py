"""A resident without a connection: the server and the browser are really killed, and what was written is sent once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect
from sqlalchemy import text

from tests.browser.steps import assert_accessible, choose, drag_map, until_kept
from tests.fixtures.browsers import SCREENSHOTS, SIZES
from webapp.config import CHECKOUT
from webapp.db import make_engine

pytestmark = pytest.mark.browser


class Server:
    """A web process on a port of its own, which is killed and not asked to end."""

    def __init__(self, database: str, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = os.environ | {"DATABASE_URL": database, "PINWARD_HOME": str(home)}
        self.start()

    def start(self) -> None:
        program = [sys.executable, "-m", "gunicorn", "webapp.app:create_app()", "--threads", "8"]
        bind = ["--bind", f"127.0.0.1:{self._port}", "--log-level", "error", "--no-control-socket"]
        self._process = subprocess.Popen(
            [*program, *bind], cwd=CHECKOUT, env=self._environment, start_new_session=True
        )
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail("the web process does not come up")

    def kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Phone:
    """A browser with a profile of its own that outlives it."""

    def __init__(self, playwright: Playwright, profile: Path, url: str) -> None:
        self._playwright, self._profile, self._url = playwright, profile, url

    def open(self) -> Page:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        self._context: BrowserContext = self._playwright.chromium.launch_persistent_context(
            self._profile,
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=[*sandbox, "--disable-dev-shm-usage"],
            base_url=self._url,
            viewport=SIZES["phone"],
            has_touch=True,
        )
        return self._context.pages[0]

    def kill(self) -> None:
        """Kill the browser as the system of a phone does: without a word."""
        mine = f"--user-data-dir={self._profile}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and mine in _command(entry):
                os.kill(int(entry.name), signal.SIGKILL)
        self.close()

    def close(self) -> None:
        # One that was killed may be gone by now.
        with suppress(Error):
            self._context.close()


def _command(entry: Path) -> list[bytes]:
    try:
        return (entry / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.fixture
def server(committed_database: str, tmp_path: Path) -> Iterator[Server]:
    running = Server(committed_database, tmp_path / "home")
    yield running
    running.kill()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    phone = Phone(playwright, tmp_path / "profile", server.url)
    yield phone
    phone.close()


def reports(database: str) -> list[str]:
    engine = make_engine(database)
    with engine.connect() as connection:
        found = list(connection.scalars(text("select description from report order by id")))
    engine.dispose()
    return found


def look(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"offline-{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    assert_accessible(page)


def test_what_is_written_offline_is_sent_once(phone: Phone, server: Server, committed_database: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = phone.open()
    page.goto("/")
    drag_map(page, 40, 30)
    until_kept(page, "/", "/on-this-phone", "/questions/all")
    page.goto("/on-this-phone")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    server.kill()

    # The draft of before is back: start over.
    page.goto("/")
    expect(page.locator("[data-map] canvas").first).to_be_visible()
    drag_map(page, 60, 10)
    expect(page.get_by_text("You can go on: we find the address when you send.")).to_be_visible()
    choose(page, "Pothole")
    page.get_by_role("radio", name="Driving lane").click()
    page.get_by_label("What should the crew know?").fill("Deep and full of water")
    look(page, "1-written")
    phone.kill()

    page = phone.open()
    page.goto("/")
    expect(page.get_by_text("Your unfinished report is back.")).to_be_visible()
    expect(page.get_by_role("radio", name="Driving lane")).to_be_checked()
    expect(page.get_by_label("What should the crew know?")).to_have_value("Deep and full of water")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_text("Waiting to be sent")).to_be_visible()
    look(page, "2-waiting")

    # Another, whose question is not answered.
    page.get_by_role("link", name="Report something").click()
    drag_map(page, 90, 90)
    choose(page, "Pothole")
    page.get_by_label("What should the crew know?").fill("Another one")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_text("Waiting to be sent")).to_have_count(2)
    assert reports(committed_database) == []
    phone.kill()

    server.start()
    page = phone.open()
    page.goto("/on-this-phone")
    expect(page.get_by_role("heading", name="Sent")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("The city cannot take it yet.")).to_be_visible()
    look(page, "3-sent")
    assert reports(committed_database) == ["Deep and full of water"]

    page.get_by_role("button", name="See what is missing").click()
    expect(page.get_by_text("Please answer: Where in the road is it?")).to_be_visible()
    expect(page.get_by_label("What should the crew know?")).to_have_value("Another one")
    page.get_by_role("radio", name="Driving lane").click()
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    number = page.locator("#tracking-number").inner_text()
    page.goto("/on-this-phone")
    expect(page.locator("a.number")).to_have_count(2)
    expect(page.locator("a.number").first).to_have_text(number)
    expect(page.get_by_role("heading", name="Not sent yet")).to_be_hidden()
    assert reports(committed_database) == ["Deep and full of water", "Another one"]
