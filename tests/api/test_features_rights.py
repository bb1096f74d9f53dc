"""Who sees what through OGC API – Features: everybody public services, nobody a contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from layers.models import City
from tests.api.conftest import Pin, Send
from tests.api.test_features import BASE, ids
from tests.pages.people import sign_in
from webapp.people.keys import add_key, revoke
from webapp.people.models import ApiKey

BOTH = ("tickets", "reports")
CONTACT = {
    "first_name": "Quentin",
    "last_name": "Zyxw",
    "email": "quentin@example.org",
    "phone": "2175550123",
}


@pytest.fixture
def key_of(demo_session: Session, city: City) -> Callable[..., tuple[ApiKey, dict[str, str]]]:
    """Make a key with scopes; return its row and the header that carries it."""

    def make(*scopes: str, **limits: Any) -> tuple[ApiKey, dict[str, str]]:
        row, key = add_key(demo_session, city.id, "GIS", scopes=scopes, **limits)
        demo_session.commit()
        return row, {"Authorization": f"Bearer {key}"}

    return make


@pytest.fixture
def private_and_public(send: Send, pins: list[Pin]) -> tuple[str, str]:
    """The numbers of a report that only staff may see, and of one that everybody may."""
    return send(at=pins[0], service_code="housing", **CONTACT), send(at=pins[1], **CONTACT)


def seen(client: FlaskClient, headers: dict[str, str]) -> tuple[set[str], int]:
    """The reports that can be seen, and how many tickets."""
    reports, tickets = (
        client.get(f"{BASE}/collections/{name}/items", headers=headers).get_json()
        for name in ("reports", "tickets")
    )
    return set(ids(reports)), len(tickets["features"])


def test_everybody_sees_public_services_only(
    demo_client: FlaskClient, key_of: Any, private_and_public: tuple[str, str]
) -> None:
    private, public = private_and_public
    for headers in ({}, key_of("write")[1]):
        assert seen(demo_client, headers) == ({public}, 1)
        assert (
            demo_client.get(f"{BASE}/collections/reports/items/{private}", headers=headers).status_code == 404
        )
        answer = demo_client.get(f"{BASE}/collections/tickets/items", headers=headers)
        assert answer.headers["Cache-Control"] == "public, no-cache"
        assert {"Authorization", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}


def test_a_key_for_it_and_staff_see_all(
    demo_client: FlaskClient, key_of: Any, private_and_public: tuple[str, str]
) -> None:
    _, headers = key_of("read_private")
    assert seen(demo_client, headers) == (set(private_and_public), 2)
    answer = demo_client.get(f"{BASE}/collections/tickets/items", headers=headers)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    sign_in(demo_client, "agent")
    assert seen(demo_client, {}) == (set(private_and_public), 2)


def test_a_wrong_key_is_told_so(
    demo_client: FlaskClient, demo_session: Session, city: City, key_of: Any
) -> None:
    row, headers = key_of("read_private")
    revoke(demo_session, city.id, row.id)
    demo_session.commit()
    for wrong in (
        headers,
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eA=="},
        {"Authorization": ""},
    ):
        answer = demo_client.get(BASE, headers=wrong)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_used_too_often_waits(demo_client: FlaskClient, demo_session: Session, key_of: Any) -> None:
    _, headers = key_of("read_private", per_minute=1)
    answers = [demo_client.get(f"{BASE}/conformance", headers=headers) for _ in range(4)]
    # Only a new minute, that begins between two of them, lets another one through.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 2
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60


def test_no_answer_holds_a_contact(
    demo_client: FlaskClient, key_of: Any, private_and_public: tuple[str, str]
) -> None:
    _, headers = key_of("read_private")
    for name in BOTH:
        for form in ("json", "html"):
            text = demo_client.get(f"{BASE}/collections/{name}/items?f={form}", headers=headers).text
            assert not [word for word in CONTACT.values() if word in text]


def test_tickets_that_others_took_in_are_left_out(
    demo_client: FlaskClient,
    demo_session: Session,
    private_and_public: tuple[str, str],
    send: Send,
    pins: list[Pin],
) -> None:
    from webapp.tickets.models import Ticket

    send(at=pins[2])
    found = ids(demo_client.get(f"{BASE}/collections/tickets/items").get_json())
    demo_session.execute(
        update(Ticket)
        .where(Ticket.id == found[0])
        .values(status="merged", merged_into=found[1], closed_at="2026-05-04T00:00:00Z", matchable=False)
    )
    demo_session.commit()
    assert ids(demo_client.get(f"{BASE}/collections/tickets/items").get_json()) == found[1:]
