"""Web push: a real endpoint gets what only the subscribed browser can read, signed by us."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from sqlalchemy import func, select

from tests.notices.conftest import Listener, Town
from webapp.config import Settings, settings
from webapp.notices import push, vapid
from webapp.notices.jobs import run
from webapp.notices.models import PushSubscription
from webapp.people.models import Contact
from webapp.tickets import following
from webapp.tickets.models import Report


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Browser:
    """What a browser keeps of its subscription."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey
    auth: bytes

    @property
    def p256dh(self) -> str:
        return text_of(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def read(self, body: bytes) -> dict[str, str]:
        raw = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        read: dict[str, str] = json.loads(raw)
        return read


@pytest.fixture
def browser(listener: Listener, town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    monkeypatch.setenv("PINWARD_HOOKS_INSIDE", "1")
    settings.cache_clear()
    yield Browser(listener.url, ec.generate_private_key(ec.SECP256R1()), os.urandom(16))


def follow(town: Town, browser: Browser, report: Report, language: str = "en") -> int:
    contact = push.subscribe(
        town.session,
        settings(),
        town.city.id,
        browser.endpoint,
        browser.p256dh,
        text_of(browser.auth),
        language,
    )
    asked = following.ask_to_follow(town.session, town.city.id, report.id, contact)
    following.confirm(town.session, town.city.id, asked)
    town.session.commit()
    return contact


def test_only_the_browser_can_read_it_and_a_repeat_takes_the_place_of_the_first(
    town: Town, browser: Browser, listener: Listener
) -> None:
    report = town.report(None, name=None)
    follow(town, browser, report, language="ar")
    town.happens("done", note="Filled.")
    listener.answers = [503, 201]
    assert run(town.session, settings()) == 0
    town.due_now()
    assert run(town.session, settings()) == 1
    (first, body), (second, again) = listener.heard
    assert b"Filled" not in body
    shown = browser.read(body)
    assert shown == browser.read(again)
    assert shown["body"].endswith("Filled.")
    assert shown["url"] == f"/track/{report.tracking_number}"
    assert (shown["lang"], shown["dir"]) == ("ar", "rtl")
    assert first["Topic"] == second["Topic"]
    assert len(first["Topic"]) <= 32
    assert first["Content-Encoding"] == "aes128gcm"
    assert int(first["TTL"]) > 0
    scheme, _, fields = first["Authorization"].partition(" ")
    token, key = (field.split("=", 1)[1] for field in fields.split(","))
    assert scheme == "vapid"
    assert key == vapid.public_key(settings())
    assert Vapid02.verify(first["Authorization"])
    parts = urlsplit(browser.endpoint)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == f"{parts.scheme}://{parts.netloc}"


def test_a_browser_that_is_gone_is_forgotten_and_may_come_back(
    town: Town, browser: Browser, listener: Listener
) -> None:
    report = town.report(None, name=None)
    follow(town, browser, report)
    town.happens("scheduled")
    listener.answers = [410]
    assert run(town.session, settings()) == 0
    assert [notice.state for notice in town.notices()] == ["failed"]
    town.happens("in_progress")
    assert run(town.session, settings()) == 0
    assert len(listener.heard) == 1
    assert town.session.scalar(select(func.count()).select_from(PushSubscription)) == 0
    follow(town, browser, report)
    town.happens("done")
    # Where another test's transaction runs for long, what was in between is read once more, and told now.
    assert run(town.session, settings()) in (1, 2)
    assert town.notices()[-1].state == "sent"


def test_a_browser_is_one_contact_however_many_reports_it_follows(town: Town, browser: Browser) -> None:
    first, second = town.report(None, name=None), town.report(None, name=None)
    assert follow(town, browser, first) == follow(town, browser, second)
    other = Browser(browser.endpoint + "2", browser.key, browser.auth)
    assert follow(town, other, first) != follow(town, browser, first)
    assert town.session.scalar(select(func.count()).select_from(Contact)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "ftp://push.example.org/1"},
        {"endpoint": "https://push.example.org/" + "x" * 2000},
        {"p256dh": ""},
        {"p256dh": text_of(b"\x04" + b"\x01" * 64)},
        {"p256dh": "é"},
        {"auth": text_of(b"short")},
    ],
)
def test_what_is_no_subscription_is_refused(
    town: Town, browser: Browser, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    monkeypatch.setenv("PINWARD_HOOKS_INSIDE", "0")
    settings.cache_clear()
    given = {
        "endpoint": "https://push.example.org/1",
        "p256dh": browser.p256dh,
        "auth": text_of(browser.auth),
    }
    push.subscribe(town.session, settings(), town.city.id, **given, language="en")
    with pytest.raises(push.SubscriptionError):
        push.subscribe(town.session, settings(), town.city.id, **given | wrong, language="en")


def test_the_key_is_made_once_and_kept_to_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    now = settings()
    assert vapid.key_of(now) == vapid.key_of(now)
    assert stat.S_IMODE((now.home / "push-key").stat().st_mode) == 0o600
    monkeypatch.setenv("PINWARD_PUSH_KEY", vapid.new_key())
    settings.cache_clear()
    assert vapid.public_key(settings()) != vapid.public_key(now)
    assert isinstance(now, Settings)
