"""Signing in and out."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from webapp.people import accounts
from webapp.people.demo import DOMAIN, PASSWORD
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email

CREW = f"works-north@{DOMAIN}"


def crew(session: Session) -> Staff:
    person = staff_by_email(session, 1, CREW)
    assert person is not None
    return person


def test_a_crew_signs_in_and_lands_on_its_tickets(demo_client: FlaskClient) -> None:
    answer = demo_client.post("/sign-in", data={"email": CREW.upper(), "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/crew")
    page = demo_client.get("/crew").text
    assert "Works North" in page
    assert "Sign out" in page


@pytest.mark.parametrize(("email", "password"), [(CREW, "wrong"), ("nobody@example.org", PASSWORD), ("", "")])
def test_a_wrong_password_says_the_same_as_an_unknown_address_and_keeps_what_was_typed(
    demo_client: FlaskClient, email: str, password: str
) -> None:
    answer = demo_client.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong" in answer.text
    assert f'value="{email}"' in answer.text
    assert demo_client.get("/crew").status_code == 302


def test_after_ten_wrong_passwords_there_is_a_pause(demo_client: FlaskClient) -> None:
    typed = {"email": "guessed@example.org", "password": "wrong"}
    statuses = [demo_client.post("/sign-in", data=typed).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert "Too many tries" in demo_client.post("/sign-in", data=typed).text
    sign_in(demo_client, "agent")  # somebody else at the same place is not shut out


def test_signing_out_ends_the_session(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "works-north")
    assert demo_client.post("/sign-out").location == "/sign-in"
    assert demo_client.get("/crew").status_code == 302


@pytest.mark.parametrize(
    "change", [accounts.disable, lambda person: accounts.set_password(person, "another password")]
)
def test_a_closed_account_or_a_new_password_ends_all_sessions(
    demo_client: FlaskClient, demo_session: Session, change: object
) -> None:
    sign_in(demo_client, "works-north")
    assert demo_client.get("/crew").status_code == 200
    change(crew(demo_session))  # type: ignore[operator]
    demo_session.commit()
    assert demo_client.get("/crew").status_code == 302
    assert demo_client.post("/sign-in", data={"email": CREW, "password": PASSWORD}).status_code == 422


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/crew/7", "/crew/7"),
        ("//evil.example/", "/crew"),
        ("https://evil.example/", "/crew"),
        ("/\\evil.example", "/crew"),
    ],
)
def test_signing_in_goes_on_to_our_own_pages_only(demo_client: FlaskClient, wanted: str, lands: str) -> None:
    answer = demo_client.post("/sign-in", data={"email": CREW, "password": PASSWORD, "next": wanted})
    assert answer.location == lands


def test_demo_accounts_are_shown_in_a_demo_only(
    demo_client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CREW not in demo_client.get("/sign-in").text
    assert demo_client.post("/sign-in", data={"demo": CREW}).status_code == 422
    settings = demo_client.application.config["PINWARD"]
    demo_client.application.config["PINWARD"] = settings.model_copy(update={"demo": True})
    assert CREW in demo_client.get("/sign-in").text
    assert demo_client.post("/sign-in", data={"demo": CREW}).location == "/crew"
