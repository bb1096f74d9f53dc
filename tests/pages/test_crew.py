"""Crews see their own tickets, start and finish them; of two people moving one ticket, one is told."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from tests.pages.spots import send, spot
from webapp.tickets.models import Ticket


@pytest.fixture
def number(demo_client: FlaskClient, demo_session: Session) -> str:
    """Tracking number of a report of a street light that is out; crew ``lights`` does these."""
    asked = demo_client.get("/questions?service=street-light").text
    answers = dict(re.findall(r'type="radio" name="(q-[^"]+)" value="([^"]+)"', asked))
    return send(
        demo_client, spot(demo_session), service="street-light", description="Dark since Monday", **answers
    )


@pytest.fixture
def ticket(number: str, demo_session: Session) -> Ticket:
    """Its ticket."""
    return demo_session.scalars(select(Ticket)).one()


def move(client: FlaskClient, ticket: Ticket, to: str, **fields: str | int) -> tuple[int, str]:
    answer = client.post(f"/crew/{ticket.id}", data={"to": to, "version": ticket.version, **fields})
    return answer.status_code, answer.text


def test_a_ticket_is_on_its_own_crews_list_only(demo_app: Flask, ticket: Ticket) -> None:
    mine, others = demo_app.test_client(), demo_app.test_client()
    sign_in(mine, "lights")
    sign_in(others, "trees")
    assert f'href="/crew/{ticket.id}"' in mine.get("/crew").text
    assert "Dark since Monday" in mine.get(f"/crew/{ticket.id}").text
    assert f'href="/crew/{ticket.id}"' not in others.get("/crew").text
    assert others.get(f"/crew/{ticket.id}").status_code == 404
    assert move(others, ticket, "done", **{"detail-done": "fixed"})[0] == 404


def test_start_and_finish_show_on_the_reporters_page(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket, number: str
) -> None:
    sign_in(demo_client, "lights")
    assert move(demo_client, ticket, "in_progress")[0] == 302
    demo_session.expire_all()
    assert (
        move(demo_client, ticket, "done", **{"detail-done": "fixed"}, note="New lamp <b>fitted</b>")[0] == 302
    )
    page = demo_client.get(f"/track/{number}").text
    assert "Done: Fixed" in page
    assert "New lamp &lt;b&gt;fitted&lt;/b&gt;" in page
    assert "Work started" in page
    assert f'href="/crew/{ticket.id}"' not in demo_client.get("/crew").text


def test_of_two_people_moving_a_ticket_the_second_is_told_and_keeps_the_words(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    sign_in(demo_client, "lights")
    seen = ticket.version
    assert move(demo_client, ticket, "in_progress")[0] == 302
    status, page = move(
        demo_client, ticket, "done", version=seen, **{"detail-done": "fixed"}, note="Half an hour of typing"
    )
    assert status == 409
    assert "Not saved yet" in page
    assert "Half an hour of typing" in page
    demo_session.expire_all()
    assert ticket.status == "in_progress"
    assert f'name="version" value="{ticket.version}"' in page


def test_waiting_needs_a_reason_beside_the_field(demo_client: FlaskClient, ticket: Ticket) -> None:
    sign_in(demo_client, "lights")
    status, page = move(demo_client, ticket, "waiting", **{"detail-waiting": "weather"})
    assert status == 422
    assert re.search(r'id="note-error"[^>]*>Say why', page)
    status, page = move(demo_client, ticket, "scheduled", **{"detail-scheduled": "soon"})
    assert status == 422
    assert re.search(r'id="detail-scheduled-error"[^>]*>Say for which day', page)


def test_a_slip_is_undone_from_the_list_and_from_the_ticket(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket
) -> None:
    sign_in(demo_client, "lights")
    assert move(demo_client, ticket, "done", **{"detail-done": "fixed"})[0] == 302
    page = demo_client.get("/crew").text
    form = re.search(r'action="(/crew/\d+/undo)".*?name="version" value="(\d+)"', page, re.DOTALL)
    assert form
    assert "/undo" not in demo_client.get("/crew").text, "it is offered once"
    assert f'action="{form[1]}"' in demo_client.get(f"/crew/{ticket.id}").text
    assert demo_client.post(form[1], data={"version": form[2]}).status_code == 302
    demo_session.expire_all()
    assert (ticket.status, ticket.outcome) == ("assigned", None)
    page = demo_client.get(f"/crew/{ticket.id}").text
    assert "Taken back" in page
    assert "/undo" not in page
    assert demo_client.post(form[1], data={"version": form[2]}).status_code == 409


def test_what_a_ticket_waits_for_is_told_to_the_reporter(
    demo_client: FlaskClient, ticket: Ticket, number: str
) -> None:
    sign_in(demo_client, "lights")
    assert (
        move(demo_client, ticket, "waiting", note="Cable is cut", **{"detail-waiting": "other_party"})[0]
        == 302
    )
    page = demo_client.get(f"/track/{number}").text
    assert "Somebody else&#39;s work" in page
    assert "Cable is cut" in page
    assert "moves on by as long as it waits" in page


@pytest.mark.parametrize("to", ["declined", "no_such_state", ""])
def test_a_move_that_a_crew_may_not_make_is_refused(
    demo_client: FlaskClient, demo_session: Session, ticket: Ticket, to: str
) -> None:
    sign_in(demo_client, "lights")
    assert move(demo_client, ticket, to, note="words")[0] == 422
    demo_session.expire_all()
    assert ticket.status == "assigned"


def test_a_ticket_that_is_not_there_is_not_found(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "lights")
    for number in ("999999", "99999999999999999999999"):
        assert demo_client.get(f"/crew/{number}").status_code == 404
    assert demo_client.get("/crew?from=-5").status_code == 200
    assert demo_client.get("/crew?from=x").status_code == 200
