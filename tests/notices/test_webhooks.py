"""Webhooks: a real server on this machine hears of what happens, signed, and again until it says so."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from tests.api.conftest import move_ticket, street_pins
from tests.notices.conftest import Listener
from webapp.catalog.queries import catalog
from webapp.config import Settings
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.notices import outside, queues, waits, webhooks
from webapp.notices.jobs import run_webhooks


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def inside() -> Settings:
    return Settings(PINWARD_HOOKS_INSIDE=True)


def report(session: Session, city: City) -> str:
    lon, lat = street_pins(current_atlas(session, city))[0]
    fields = {"service_code": "graffiti", "lon": lon, "lat": lat, "email": "ada@example.org"}
    receipt = submit(session, city, read_draft(catalog(session, city), fields))
    session.commit()
    return receipt.tracking_number


def due_now(session: Session) -> None:
    session.execute(text("update webhook_delivery set next_at = now() where next_at is not null"))
    session.commit()


def test_each_thing_that_happens_is_told_once_signed_and_without_contacts(
    demo_session: Session, city: City, listener: Listener, inside: Settings
) -> None:
    hook = webhooks.add(demo_session, city.id, listener.url, inside=True)
    number = report(demo_session, city)
    move_ticket(demo_session, city, number, "done", detail="fixed", note="Cleaned.")
    assert run_webhooks(demo_session, inside) == 3
    assert run_webhooks(demo_session, inside) == 0
    assert [each["event"] for each in listener.events] == ["received", "assigned", "done"]
    done = listener.events[2]
    assert (done["service_request_ids"], done["status"], done["note"]) == ([number], "done", "Cleaned.")
    assert (done["from"], done["detail"], done["city"]) == ("assigned", "fixed", "demo")
    assert b"ada@" not in b"".join(body for _, body in listener.heard)
    headers, body = listener.heard[2]
    at, proof = (part.split("=")[1] for part in headers["Pinward-Signature"].split(","))
    wanted = hmac.new(hook.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(proof, wanted)
    assert headers["Pinward-Delivery"] == str(done["id"])


def test_only_the_kinds_asked_for_and_only_from_then_on(
    demo_session: Session, city: City, listener: Listener, inside: Settings
) -> None:
    hook = webhooks.add(demo_session, city.id, listener.url, ["done"], inside=True)
    late = webhooks.add(demo_session, city.id, listener.url, inside=True)
    late.created_at = late.created_at.replace(year=2090)
    number = report(demo_session, city)
    move_ticket(demo_session, city, number, "done", detail="fixed")
    assert run_webhooks(demo_session, inside) == 1
    assert [each["event"] for each in listener.events] == ["done"]
    webhooks.stop(demo_session, city.id, hook.id)
    move_ticket(demo_session, city, number, "reopened", note="Again")
    assert run_webhooks(demo_session, inside) == 0


def test_what_failed_is_tried_again_later_and_at_last_is_a_dead_letter_that_can_be_sent(
    demo_session: Session, city: City, listener: Listener, inside: Settings
) -> None:
    webhooks.add(demo_session, city.id, listener.url, ["received"], inside=True)
    report(demo_session, city)
    # A redirection is not followed: it would lead where nobody checked.
    listener.answers = [500, 302] + [503] * (waits.TRIES - 2)
    assert run_webhooks(demo_session, inside) == 0
    (waiting,) = webhooks.queue(demo_session, city.id)
    assert (waiting.attempts, waiting.error) == (1, "Answered 500.")
    assert run_webhooks(demo_session, inside) == 0
    assert len(listener.heard) == 1, "it is not tried before its time"
    for _ in range(waits.TRIES - 1):
        due_now(demo_session)
        run_webhooks(demo_session, inside)
    demo_session.expire_all()
    assert webhooks.queue(demo_session, city.id) == []
    (dead,) = webhooks.queue(demo_session, city.id, dead=True)
    assert dead.attempts == len(listener.heard) == waits.TRIES
    assert queues.send_again(demo_session, city.id, "hook", dead.id)
    demo_session.execute(text("update webhook_delivery set next_at = now()"))
    demo_session.commit()
    assert run_webhooks(demo_session, inside) == 1
    assert len({each["id"] for each in listener.events}) == 1, "the same id: who has it already can tell"
    assert webhooks.queue(demo_session, city.id, dead=True) == []


def test_waits_grow_and_end_and_those_who_failed_together_come_apart() -> None:
    least = [waits.wait_after(attempt) for attempt in range(1, waits.TRIES + 20)]
    assert least == sorted(least)
    assert (least[0], least[-1]) == (waits.FIRST_WAIT, waits.LONGEST_WAIT)
    begin = datetime.now(UTC)
    tries = {waits.next_try(3) for _ in range(50)}
    assert len(tries) == 50
    assert all(when and when >= begin + waits.wait_after(3) for when in tries)
    assert waits.next_try(waits.TRIES) is None


def test_nobody_listening_is_an_error_like_others(
    demo_session: Session, city: City, inside: Settings
) -> None:
    webhooks.add(demo_session, city.id, "http://127.0.0.1:9/", ["received"], inside=True)
    report(demo_session, city)
    assert run_webhooks(demo_session, inside) == 0
    (waiting,) = webhooks.queue(demo_session, city.id)
    assert "ConnectionRefused" in waiting.error


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1/", "https://localhost:1/", "https://[::1]:1/", "https://10.0.0.1/",
        "https://169.254.169.254/latest", "https://0x7f.1/", "https://2130706433/", "https://[::ffff:10.0.0.1]/",
        "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "https://",
    ],
)  # fmt: skip
def test_private_addresses_and_other_schemes_are_never_called(url: str, monkeypatch: Any) -> None:
    def connect(*_arguments: Any, **_more: Any) -> None:
        pytest.fail("it was called")

    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(outside.NotSentError):
        outside.post(url, b"{}", {})


def test_the_address_that_was_checked_is_the_one_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere at the second look would get past a check of the first."""
    looks = iter(["93.184.215.14", "127.0.0.1"])
    called: list[Any] = []

    def look_up(_host: str, port: int, **_more: Any) -> list[Any]:
        return [(2, 1, 6, "", (next(looks), port))]

    def connect(address: Any, **_more: Any) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(outside.NotSentError):
        outside.post("https://rebinds.example/", b"{}", {})
    assert called == [("93.184.215.14", 443)]
