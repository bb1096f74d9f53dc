"""Signing in by the city's identity provider, against a real one: who is let in, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from tests.people.identity_provider import SECRET, Provider, running
from webapp.config import settings
from webapp.people import second_factor
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email

Clients = Callable[..., FlaskClient]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    # Plain http, between two threads of one process.
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with running() as provider:
        yield provider


@pytest.fixture
def client_of(
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
    demo_url: str,
    demo_engine: Engine,
    demo_session: Session,
) -> Clients:
    """Make a browser of an application with the provider, and with more settings."""
    from webapp.app import create_app

    def make(**more: Any) -> FlaskClient:
        monkeypatch.setenv("DATABASE_URL", demo_url)
        monkeypatch.setenv("PINWARD_OIDC_ISSUER", provider.issuer)
        monkeypatch.setenv("PINWARD_OIDC_SECRET", SECRET)
        for name, value in more.items():
            monkeypatch.setenv(f"PINWARD_OIDC_{name}", value)
        settings.cache_clear()
        app: Flask = create_app(settings(), engine=demo_engine)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        app.extensions["session"] = sessionmaker(
            demo_session.get_bind(), join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        return app.test_client()

    return make


def come_back(client: FlaskClient, change: Callable[[str], str] = str, wanted: str = "/crew") -> Any:
    """Go to the provider and back, as a browser does; ``change`` changes the address of the way back."""
    leaving = client.get("/sign-in/oidc", query_string={"next": wanted})
    assert leaving.status_code == 302, leaving.text
    answer = requests.get(leaving.location, allow_redirects=False, timeout=20)
    assert answer.status_code == 302, answer.text
    back = urlsplit(change(answer.headers["Location"]))
    return client.get(f"{back.path}?{back.query}")


def staff(session: Session, email: str) -> Staff | None:
    session.expire_all()
    return staff_by_email(session, 1, email)


def test_somebody_we_know_is_let_in_with_state_nonce_and_pkce(client_of: Clients, provider: Provider) -> None:
    client = client_of(NAME="Springfield ID")
    assert "Sign in with Springfield ID" in client.get("/sign-in").text
    asked = parse_qs(urlsplit(client.get("/sign-in/oidc").location).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["state"] != asked["nonce"]
    assert come_back(client).location == "/crew"
    assert provider.challenges[-1]
    assert client.get("/crew").status_code == 200
    assert "Desk Agent" in client.get("/account").text


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", ""])
def test_it_goes_on_to_our_own_pages_only(client_of: Clients, wanted: str) -> None:
    assert come_back(client_of(), wanted=wanted).location == "/desk"


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({"email": "nobody@example.org"}, "Nobody who may sign in here"),
        ({"email": "agent@demo.example", "email_verified": False}, "no e-mail address that was verified"),
        ({"email": ""}, "no e-mail address that was verified"),
    ],
)
def test_who_is_not_known_is_not_let_in(
    client_of: Clients, provider: Provider, demo_session: Session, person: dict[str, Any], said: str
) -> None:
    provider.person |= person
    client = client_of()
    answer = come_back(client)
    assert answer.status_code == 422
    assert said in answer.text
    assert client.get("/crew").status_code == 302
    assert staff(demo_session, "nobody@example.org") is None


def test_a_closed_account_stays_closed(client_of: Clients, demo_session: Session) -> None:
    demo_session.execute(text("update staff set disabled_at = now() where email = 'agent@demo.example'"))
    assert come_back(client_of()).status_code == 422


@pytest.mark.parametrize("how", ["state", "code", "nonce", "issuer", "denied", "again", "secret"])
def test_what_was_tampered_with_is_refused(client_of: Clients, provider: Provider, how: str) -> None:
    client = client_of(**({"SECRET": "another"} if how == "secret" else {}))
    change: Callable[[str], str] = str
    if how == "state":
        change = lambda address: address.replace("state=", "state=x")  # noqa: E731
    elif how == "code":
        change = lambda address: address.replace("code=", "code=x")  # noqa: E731
    elif how == "nonce":
        provider.nonce = "of-another-sign-in"
    elif how == "issuer":
        provider.told_issuer = "https://another.example"
    elif how == "denied":
        change = lambda address: address.replace("code=", "error=access_denied&x=")  # noqa: E731
    elif how == "again":
        used: list[str] = []
        come_back(client, lambda address: used.append(address) or address)
        client.post("/sign-out")
        change = lambda _address: used[0]  # noqa: E731
    answer = come_back(client, change)
    assert answer.status_code == 422
    assert "did not work" in answer.text
    assert client.get("/crew").status_code == 302


def test_a_second_factor_is_asked_for_all_the_same(client_of: Clients, demo_session: Session) -> None:
    agent = staff(demo_session, "agent@demo.example")
    assert agent
    secret = second_factor.new_secret()
    assert second_factor.add(demo_session, agent, secret, pyotp.TOTP(secret).now())
    demo_session.execute(text("update staff set totp_step = 0 where totp_secret is not null"))
    demo_session.commit()
    client = client_of()
    answer = come_back(client)
    assert answer.location == "/sign-in/code?next=/crew"
    assert client.get("/crew").status_code == 302
    let_in = client.post(answer.location, data={"code": pyotp.TOTP(secret).now()})
    assert let_in.location == "/crew"
    assert client.get("/crew").status_code == 200


def test_where_the_role_needs_a_second_factor_it_is_set_up_first(
    client_of: Clients, demo_session: Session
) -> None:
    demo_session.execute(text("""update city set details = details || '{"second_factor": ["agent"]}'"""))
    demo_session.commit()
    client = client_of()
    come_back(client)
    assert client.get("/crew").location == "/account"


ROLES = '{"311-leads": "supervisor", "311-desk": "agent", "crews": "crew"}'


def test_claims_are_mapped_to_roles(client_of: Clients, provider: Provider, demo_session: Session) -> None:
    client = client_of(ROLES=ROLES)
    assert "none of the roles" in come_back(client).text
    provider.person["groups"] = ["all-staff", "311-desk", "311-leads"]
    assert come_back(client).location == "/crew"
    agent = staff(demo_session, "agent@demo.example")
    assert agent
    assert agent.role == "supervisor", "the first of the mapping"
    assert demo_session.scalar(text("select data from audit where kind = 'role_changed'")) == {
        "was": "agent", "role": "supervisor",
    }  # fmt: skip
    provider.person["groups"] = "crews"
    refused = come_back(client_of(ROLES=ROLES))
    assert "nobody has said whose" in refused.text
    agent = staff(demo_session, "agent@demo.example")
    assert agent
    assert agent.role == "supervisor"


def test_accounts_are_made_only_where_that_is_set(
    client_of: Clients, provider: Provider, demo_session: Session
) -> None:
    provider.person |= {"email": "new@example.org", "name": "New Person", "groups": ["311-desk"]}
    assert come_back(client_of(ROLES=ROLES)).status_code == 422
    client = client_of(ROLES=ROLES, ADDS="true")
    assert come_back(client).status_code == 302
    made = staff(demo_session, "new@example.org")
    assert made
    assert (made.name, made.role) == ("New Person", "agent")
    provider.person |= {"email": "other@example.org", "groups": ["crews"]}
    assert come_back(client_of(ROLES=ROLES, ADDS="true")).status_code == 422, "whose crew, no claim says"


def test_without_the_setting_there_is_no_such_way_in(demo_client: FlaskClient) -> None:
    assert demo_client.get("/sign-in/oidc").status_code == 404
    assert "oidc" not in demo_client.get("/sign-in").text


def test_a_role_that_is_none_is_refused_at_the_start(client_of: Clients) -> None:
    with pytest.raises(ValueError, match="'boss' is not a role"):
        client_of(ROLES='{"x": "boss"}')


def test_a_provider_that_is_away_is_said(client_of: Clients, provider: Provider) -> None:
    client = client_of()
    provider.issuer, issuer = "http://127.0.0.1:1", provider.issuer
    away = client_of()
    assert "did not work" in away.get("/sign-in/oidc").text
    provider.issuer = issuer
    assert come_back(client).status_code == 302
