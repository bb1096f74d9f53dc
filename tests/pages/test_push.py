"""A browser follows a report from its page, asks whether it does, and ends it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.spots import send, spot
from webapp.config import Settings
from webapp.notices import vapid


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def subscription(**instead: str) -> dict[str, Any]:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {
        "do": "start",
        "endpoint": "https://push.example.org/1",
        "p256dh": text_of(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": text_of(b"sixteen bytes ok"),
        **instead,
    }


def test_a_browser_follows_asks_and_stops(
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    first, second = (send(demo_client, spot(demo_session, n), key=f"k{n}") for n in (0, 3))
    mine = subscription()
    path = f"/track/{first}/push"
    assert demo_client.post(path, json=mine | {"do": "ask"}).json == {"follows": False}
    with demo_statements() as statements:
        assert demo_client.post(path, json=mine).json == {"follows": True}
    assert len(statements) <= 12, statements
    with demo_statements() as statements:
        assert demo_client.post(path, json=mine | {"do": "ask"}).json == {"follows": True}
    assert len(statements) <= 6, statements
    assert demo_client.post(f"/track/{second}/push", json=mine | {"do": "ask"}).json == {"follows": False}
    assert demo_client.post(path, json=mine | {"do": "stop"}).json == {"follows": False}
    assert demo_client.post(path, json=mine).json == {"follows": True}, "and again"
    kept = demo_session.execute(text("select name, email, phone, prefers from contact")).all()
    assert kept == [(None, None, None, "push")], "nothing is asked of who is behind it"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (subscription(endpoint="http://127.0.0.1/"), 422),
        (subscription(p256dh="x"), 422),
        (subscription(do="x"), 400),
        ({}, 400),
        ([], 400),
        ({"do": "stop", "endpoint": "\x00"}, 200),
    ],
)
def test_junk_subscribes_nobody(
    demo_client: FlaskClient, demo_session: Session, sent: Any, status: int
) -> None:
    number = send(demo_client, spot(demo_session))
    assert demo_client.post(f"/track/{number}/push", json=sent).status_code == status
    assert demo_session.scalar(text("select count(*) from push_subscription")) == 0
    assert demo_client.post("/track/AAA-AAA-AAA/push", json=sent).status_code == 404


def test_settings_that_could_not_work_are_named_at_once() -> None:
    assert Settings(PINWARD_PUSH_KEY=vapid.new_key(), PINWARD_SMS_BODY="To={to}")  # type: ignore[call-arg]
    for wrong in ({"PINWARD_PUSH_KEY": "short"}, {"PINWARD_SMS_BODY": '{"to": {to}}'}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            Settings(**wrong)  # type: ignore[arg-type]
