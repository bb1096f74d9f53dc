"""Administrators: see who works here, end others' sessions, close accounts, ask roles for a second factor."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from webapp.people import audit
from webapp.people.queries import staff_by_email


def page_of(session: Session, who: str) -> str:
    person = staff_by_email(session, 1, f"{who}@demo.example")
    assert person
    return f"/admin/staff/{person.id}"


def test_everybody_is_listed_with_role_scope_and_sessions(
    demo_app: Flask, demo_client: FlaskClient, demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    sign_in(demo_app.test_client(), "lights")
    sign_in(demo_client, "administrator")
    page = demo_client.get("/admin/staff").text
    row = re.search(r"<tr>(?:(?!</tr>).)*lights@demo\.example.*?</tr>", page, re.DOTALL)
    assert row
    assert "1 place" in row[0]
    assert "Lights" in row[0]
    assert "District 1" in page
    with demo_statements() as statements:
        demo_client.get("/admin/staff")
    assert len(statements) <= 4, statements


def test_an_administrator_ends_a_session_elsewhere(
    demo_app: Flask, demo_client: FlaskClient, demo_session: Session
) -> None:
    phone, truck = demo_app.test_client(), demo_app.test_client()
    phone.environ_base["HTTP_USER_AGENT"] = "A lost phone"
    sign_in(phone, "lights")
    sign_in(truck, "lights")
    sign_in(demo_client, "administrator")
    page = demo_client.get(page_of(demo_session, "lights")).text
    lost = re.search(r'A lost phone.*?action="(/admin/staff/\d+/sessions/\d+)"', page, re.DOTALL)
    assert lost
    assert demo_client.post(lost[1]).status_code == 302
    assert phone.get("/crew").status_code == 302
    assert truck.get("/crew").status_code == 200
    assert demo_client.post(page_of(demo_session, "lights"), data={"do": "end"}).status_code == 302
    assert truck.get("/crew").status_code == 302
    assert "Nowhere." in demo_client.get(page_of(demo_session, "lights")).text


def test_a_closed_account_is_out_at_once_and_can_be_opened_again(
    demo_app: Flask, demo_client: FlaskClient, demo_session: Session
) -> None:
    crew = demo_app.test_client()
    sign_in(crew, "lights")
    sign_in(demo_client, "administrator")
    where = page_of(demo_session, "lights")
    demo_client.post(where, data={"do": "disable"})
    assert crew.get("/crew").status_code == 302
    data = {"email": "lights@demo.example", "password": "alder-falls"}
    assert crew.post("/sign-in", data=data).status_code == 422
    demo_client.post(where, data={"do": "enable"})
    sign_in(crew, "lights")
    kinds = [entry.kind for entry in audit.trail(demo_session, 1) if entry.by == "Ada Admin"]
    assert {"staff_disabled", "staff_enabled"} <= set(kinds)


def test_nobody_closes_their_own_account(demo_client: FlaskClient, demo_session: Session) -> None:
    sign_in(demo_client, "administrator")
    demo_client.post(page_of(demo_session, "administrator"), data={"do": "disable"})
    assert demo_client.get("/admin/staff").status_code == 200
    assert demo_client.get("/admin/staff/999999").status_code == 404


def test_roles_are_asked_for_a_second_factor(
    demo_app: Flask, demo_client: FlaskClient, demo_session: Session
) -> None:
    crew = demo_app.test_client()
    sign_in(crew, "lights")
    sign_in(demo_client, "administrator")
    demo_client.post("/admin/staff/second-factor", data={"roles": ["crew", "no such role"]})
    assert crew.get("/crew").location == "/account"
    assert demo_session.scalar(text("select details -> 'second_factor' from city")) == ["crew"]
    assert "Has to be set up" in demo_client.get("/admin/staff").text
    demo_client.post("/admin/staff/second-factor", data={})
    assert crew.get("/crew").status_code == 200
    said = audit.trail(demo_session, 1, kind="second_factor_roles")
    assert [entry.subject for entry in said] == ["no role", "crew"]


def test_a_new_password_leaves_no_old_session_listed(demo_app: Flask) -> None:
    here, there = demo_app.test_client(), demo_app.test_client()
    sign_in(here, "agent")
    sign_in(there, "agent")
    here.post("/account/password", data={"old": "alder-falls", "new": "quite another one"})
    assert re.findall(r'action="/account/sessions/\d+"', here.get("/account").text) == []
