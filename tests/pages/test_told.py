"""Whom to tell by phone or letter: a list that forgets nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.models import City
from tests.pages.people import sign_in
from tests.pages.spots import spot
from webapp.catalog.queries import catalog
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.notices import outbox

Statements = Callable[[], AbstractContextManager[list[str]]]


def reported(session: Session, number: int = 0, **fields: Any) -> str:
    """A report that somebody took at the desk; returns its tracking number."""
    city = session.scalars(select(City)).one()
    where = spot(session, number)
    given = {
        "service_code": "graffiti", "lon": where.lon, "lat": where.lat, "description": "On the wall",
        "channel": "phone", **fields,
    }  # fmt: skip
    receipt = submit(session, city, read_draft(catalog(session, city), given))
    outbox.read(session, city.id)
    session.commit()
    return receipt.tracking_number


@pytest.fixture
def agent(demo_client: FlaskClient) -> FlaskClient:
    sign_in(demo_client, "agent")
    return demo_client


def number_of(page: str) -> str:
    found = re.search(r"/desk/told/(\d+)\"", page)
    assert found
    return found[1]


def test_a_caller_is_on_the_list_until_told_and_back_by_one_tap(
    agent: FlaskClient, demo_session: Session, demo_statements: Statements
) -> None:
    tracking = reported(demo_session, name="Ann", phone="617 555 0100", prefers="phone", language="es")
    assert "1 person waits to be told by phone or letter" in agent.get("/desk").text
    with demo_statements() as statements:
        page = agent.get("/desk/told").text
    assert len(statements) <= 6, statements
    assert tracking in page
    assert "555" not in page, "how to reach them is shown to who asks for it"
    notice = number_of(page)
    with demo_statements() as statements:
        shown = agent.post(f"/desk/told/{notice}").text
    assert len(statements) <= 8, statements
    assert 'href="tel:617 555 0100"' in shown
    assert "Spanish" in shown
    assert "Tenemos su reporte" in shown, "what to say, in the language of whom it is said to"
    looked = demo_session.execute(text("select kind, subject from audit where kind = 'contact_seen'")).all()
    assert looked == [("contact_seen", f"notice {notice}")]

    with demo_statements() as statements:
        answer = agent.post(f"/desk/told/{notice}/done")
    assert len(statements) <= 8, statements
    after = agent.get(answer.location).text
    assert "Everybody has been told" in after
    assert "waits to be told" not in agent.get("/desk").text
    agent.post(f"/desk/told/{notice}/done")
    assert demo_session.scalar(text("select count(*) from audit where kind = 'told'")) == 1
    agent.post(f"/desk/told/{notice}/undo")
    assert tracking in agent.get("/desk/told").text


def test_a_letter_is_printed_in_the_language_of_whom_it_goes_to(
    agent: FlaskClient, demo_session: Session
) -> None:
    reported(
        demo_session,
        name="Amal",
        prefers="letter",
        language="ar",
        postal_address=" 5 High St \n\n Alder Falls ",
    )
    page = agent.post(f"/desk/told/{number_of(agent.get('/desk/told').text)}").text
    assert "5 High St\nAlder Falls" in page
    assert '<article class="card stack letter" lang="ar" dir="rtl">' in page
    assert "وصلنا بلاغك" in page
    assert "Letter sent" in page


def test_the_ticket_says_who_is_to_be_told_who_was_and_what_came_back(
    agent: FlaskClient, demo_session: Session
) -> None:
    tracking = reported(demo_session, name="Ann", phone="617 555 0100", prefers="phone")
    reported(demo_session, same_as=None, name="Bob", email="bob@example.org", phone="617 555 0101")
    demo_session.execute(
        text(
            "update notice set state = 'failed', error = 'The mail came back (5.1.1).' where channel = 'mail'"
        )
    )
    demo_session.execute(text("update contact set bounced_at = now() where email is not null"))
    demo_session.commit()
    tickets = demo_session.scalars(text("select distinct ticket_id from report order by 1")).all()
    pages = "".join(agent.get(f"/crew/{ticket}").text for ticket in tickets)
    assert "To be told by phone" in pages
    assert "The mail came back (5.1.1)." in pages
    agent.post(f"/desk/told/{number_of(agent.get('/desk/told').text)}/done")
    pages = "".join(agent.get(f"/crew/{ticket}").text for ticket in tickets)
    assert "Told by" in pages
    seen = "".join(agent.post(f"/crew/{ticket}/contacts").text for ticket in tickets)
    assert "E-mail to this address comes back" in seen
    assert tracking


@pytest.mark.parametrize("number", ["999", "99999999999999999999"])
def test_what_is_nobodys_is_not_found(agent: FlaskClient, number: str) -> None:
    for path in (f"/desk/told/{number}", f"/desk/told/{number}/done", f"/desk/told/{number}/undo"):
        assert agent.post(path).status_code == 404
    assert agent.get(f"/desk/told?undo={number}").status_code == 200


def test_a_mail_is_not_told_by_hand(agent: FlaskClient, demo_session: Session) -> None:
    reported(demo_session, name="Bob", email="bob@example.org")
    notice = demo_session.scalar(text("select id from notice"))
    assert agent.post(f"/desk/told/{notice}/done").status_code == 404
