"""How people are told, in a real browser: messages on the phone, one tap to stop them, and the desk's list."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from layers.models import City
from tests.browser.steps import look, sign_in
from tests.notices.conftest import Listener, listener  # noqa: F401
from tests.notices.test_push import Browser, text_of
from tests.pages.test_told import reported
from webapp.config import settings
from webapp.notices.jobs import run
from webapp.tickets.models import Report, TimelineEntry

pytestmark = pytest.mark.browser

SUBSCRIBES = """
const subscription = { toJSON: () => (%s) };
PushManager.prototype.subscribe = async function (options) {
  if (new Uint8Array(options.applicationServerKey).length !== 65) throw new Error("no key");
  window.subscribed = subscription;
  return subscription;
};
PushManager.prototype.getSubscription = async () => window.subscribed ?? null;
"""
SHOWN = """
async () => {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration.getNotifications()).map(({ title, body, data }) => ({ title, body, url: data.url }));
}
"""


@pytest.fixture
def engine(live_app: Flask) -> Engine:
    found: Engine = live_app.extensions["engine"]
    return found


@pytest.fixture
def pushed_to(listener: Listener, monkeypatch: pytest.MonkeyPatch, live_app: Flask) -> Browser:  # noqa: F811
    """What the browser says of its subscription; the system's Chromium reaches no maker's server to get one."""
    monkeypatch.setenv("PINWARD_HOOKS_INSIDE", "1")
    settings.cache_clear()
    live_app.config["PINWARD"] = settings()
    return Browser(listener.url, ec.generate_private_key(ec.SECP256R1()), os.urandom(16))


def test_a_phone_is_told_shows_it_and_stops(
    browser_page: Page,
    screenshot: Callable[[str], Path],
    engine: Engine,
    pushed_to: Browser,
    listener: Listener,  # noqa: F811
) -> None:
    page = browser_page
    page.context.grant_permissions(["notifications"])
    keys = {"p256dh": pushed_to.p256dh, "auth": text_of(pushed_to.auth)}
    page.add_init_script(SUBSCRIBES % json.dumps({"endpoint": pushed_to.endpoint, "keys": keys}))
    registrations: list[dict[str, str]] = []
    debugger = page.context.new_cdp_session(page)
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated", lambda told: registrations.extend(told["registrations"])
    )
    debugger.send("ServiceWorker.enable")
    with Session(engine) as session:
        number = reported(session)
    page.goto(f"/track/{number}")
    page.get_by_role("button", name="Tell me on this phone").click()
    expect(page.get_by_text("You are told on this phone")).to_be_visible()
    look(page, screenshot, "told")

    with Session(engine) as session:
        happens(session, "scheduled")
        assert run(session, settings()) == 1
    (_, body) = listener.heard[0]
    payload = http_ece.decrypt(
        body, private_key=pushed_to.key, auth_secret=pushed_to.auth, version="aes128gcm"
    )
    page.wait_for_function("navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')")
    debugger.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": re.sub(r"(https?://[^/]+).*", r"\1", page.url),
            "registrationId": registrations[-1]["registrationId"],
            "data": payload.decode(),
        },
    )
    page.wait_for_function(f"({SHOWN.strip()})().then((shown) => shown.length === 1)")
    (shown,) = page.evaluate(SHOWN)
    assert shown["title"].endswith("The work is scheduled")
    assert shown["url"] == f"/track/{number}"

    page.get_by_role("button", name="Stop telling me here").click()
    expect(page.get_by_role("button", name="Tell me on this phone")).to_be_visible()
    with Session(engine) as session:
        happens(session, "done")
        assert run(session, settings()) == 0


def test_one_tap_on_the_phone_stops_messages(
    browser_page: Page, screenshot: Callable[[str], Path], engine: Engine
) -> None:
    page = browser_page
    with Session(engine) as session:
        reported(session, name="Ann", email="ann@example.org")
        key, report = session.execute(text("select key, report.id from contact, report")).one()
    page.goto(f"/stop/{key}/{report}")
    look(page, screenshot, "asked")
    page.get_by_role("button", name="Stop messages about this report").click()
    expect(page.get_by_text("You get no messages about report")).to_be_visible()
    page.get_by_role("button", name="Send me messages again").click()
    expect(page.get_by_text("You get messages about report")).to_be_visible()


@pytest.mark.parametrize("browser_page", ["desk"], indirect=True)
def test_the_desk_calls_and_writes_letters(
    browser_page: Page, screenshot: Callable[[str], Path], engine: Engine
) -> None:
    page = browser_page
    page.emulate_media(color_scheme="dark")
    with Session(engine) as session:
        reported(session, name="Ann", phone="617 555 0100", prefers="phone", language="es")
        reported(
            session, 1, name="Amal", prefers="letter", language="ar", postal_address="5 High St\nAlder Falls"
        )
    sign_in(page, "agent", to="/desk/told")
    expect(page.get_by_text("2 people wait to be told.")).to_be_visible()
    look(page, screenshot, "list")
    page.get_by_role("button", name="Show the number").click()
    expect(page.get_by_role("link", name="617 555 0100")).to_be_visible()
    look(page, screenshot, "call")
    page.get_by_role("button", name="Told").click()
    expect(page.get_by_text("1 person waits to be told.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Show the letter").click()
    expect(page.get_by_role("button", name="Letter sent")).to_be_visible()
    look(page, screenshot, "letter")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Letter sent")).to_be_hidden()
    screenshot("printed")


def happens(session: Session, kind: str) -> None:
    """Let something happen to the ticket."""
    city = session.scalars(select(City)).one()
    ticket = session.scalars(select(Report.ticket_id)).first()
    session.add(TimelineEntry(city_id=city.id, ticket_id=ticket, kind=kind, actor="staff"))
    session.commit()
