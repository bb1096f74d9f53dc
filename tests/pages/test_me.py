"""My account: sessions, the second factor, the password; and what auditors read of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from tests.pages.spots import send, spot
from webapp.people.demo import DOMAIN, PASSWORD

AGENT = {"email": f"agent@{DOMAIN}", "password": PASSWORD}


def code(client: FlaskClient) -> str:
    secret = re.search(r'<code class="words">(\w+)</code>', client.get("/account").text)
    assert secret
    return pyotp.TOTP(secret[1]).now()


def test_a_session_is_listed_and_can_be_ended_from_another_device(demo_app: Flask) -> None:
    phone, desk = demo_app.test_client(), demo_app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = "A phone"
    sign_in(phone, "agent")
    sign_in(desk, "agent")
    page = desk.get("/account").text
    assert "A phone" in page
    end = re.findall(r'action="(/account/sessions/\d+)"', page)
    assert len(end) == 1, "one's own is ended by signing out"
    assert desk.post(end[0]).status_code == 302
    assert phone.get("/account").status_code == 302
    assert desk.get("/account").status_code == 200
    other = demo_app.test_client()
    sign_in(other, "supervisor")
    mine = re.findall(r'action="(/account/sessions/\d+)"', other.get("/account").text)
    assert mine == []
    assert other.post(end[0]).status_code == 302
    assert desk.get("/account").status_code == 200


def test_signing_out_ends_the_session_for_a_stolen_cookie_too(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "agent")
    stolen = demo_client.get_cookie("session")
    demo_client.post("/sign-out")
    assert stolen is not None
    demo_client.set_cookie("session", stolen.value)
    assert demo_client.get("/account").status_code == 302


def test_with_a_second_factor_a_password_alone_does_not_let_in(
    demo_app: Flask, demo_session: Session
) -> None:
    client = demo_app.test_client()
    sign_in(client, "agent")
    assert client.post("/account/second-factor", data={"code": "12"}).status_code == 422
    assert client.post("/account/second-factor", data={"code": code(client)}).status_code == 302
    other = demo_app.test_client()
    answer = other.post("/sign-in", data=AGENT | {"next": "/crew"})
    assert answer.location == "/sign-in/code?next=/crew"
    assert other.get("/crew").location.startswith("/sign-in")
    wrong = other.post(answer.location, data={"code": "000000"})
    assert wrong.status_code == 422
    assert "not the code" in wrong.text
    demo_session.execute(text("update staff set totp_step = 0"))
    secret = demo_session.scalar(text("select totp_secret from staff where totp_secret is not null"))
    now = pyotp.TOTP(secret).now()
    assert other.post(answer.location, data={"code": now, "next": "/crew"}).location == "/crew"
    assert other.get("/crew").status_code == 200
    third = demo_app.test_client()
    third.post("/sign-in", data=AGENT)
    assert third.post("/sign-in/code", data={"code": now}).status_code == 422, "used once already"
    assert demo_app.test_client().post("/sign-in/code", data={"code": now}).location == "/sign-in"
    assert other.post("/account/second-factor/remove", data={"password": "wrong"}).status_code == 422
    assert other.post("/account/second-factor/remove", data={"password": PASSWORD}).status_code == 302
    sign_in(demo_app.test_client(), "agent")


def test_where_a_role_needs_a_second_factor_no_page_opens_without(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    demo_session.execute(text("""update city set details = details || '{"second_factor": ["agent"]}'"""))
    demo_session.commit()
    sign_in(demo_client, "agent")
    assert demo_client.get("/crew").location == "/account"
    assert "One thing first" in demo_client.get("/account").text
    demo_client.post("/account/second-factor", data={"code": code(demo_client)})
    assert demo_client.get("/crew").status_code == 200


def test_a_new_password_ends_all_other_sessions(demo_app: Flask) -> None:
    here, there = demo_app.test_client(), demo_app.test_client()
    sign_in(here, "agent")
    sign_in(there, "agent")
    change = {"old": PASSWORD, "new": "quite another one"}
    assert here.post("/account/password", data=change | {"old": "wrong"}).status_code == 422
    assert here.post("/account/password", data=change | {"new": "short"}).status_code == 422
    assert here.post("/account/password", data=change).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_auditors_read_who_saw_a_contact_and_who_moved_a_ticket(
    demo_app: Flask, demo_session: Session, demo_statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    agent, auditor = demo_app.test_client(), demo_app.test_client()
    send(agent, spot(demo_session), name="Ann Reporter", email="ann@example.org")
    ticket = demo_session.scalar(text("select id from ticket"))
    sign_in(agent, "agent")
    assert "ann@example.org" not in agent.get(f"/crew/{ticket}").text
    assert "ann@example.org" in agent.post(f"/crew/{ticket}/contacts").text
    agent.post(f"/crew/{ticket}", data={"to": "in_progress", "version": 1})
    agent.post("/sign-in", data=AGENT | {"password": "wrong"})
    sign_in(auditor, "auditor")
    page = auditor.get("/audit").text
    for words in (
        "Saw how to reach a reporter",
        "Changed a ticket: Work started",
        "Could not sign in",
        f"ticket {ticket}",
    ):
        assert words in page
    assert "ann@example.org" not in page
    with demo_statements() as statements:
        only = auditor.get("/audit?kind=contact_seen").text
    assert only.count("<tr>") == 2
    assert len(statements) <= 4, "\n".join(statements)


@pytest.mark.parametrize("query", ["staff=x", "kind=nothing", "before=x", "staff=999999", "before=-1"])
def test_odd_questions_get_an_answer(demo_client: FlaskClient, query: str) -> None:
    sign_in(demo_client, "auditor")
    assert demo_client.get(f"/audit?{query}").status_code == 200
