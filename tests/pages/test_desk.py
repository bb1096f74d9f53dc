"""A call at the desk, step by step as without a script; drafts, answers from articles, callers."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers import addresses
from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.pages.people import sign_in
from tests.pages.spots import send, spot


@pytest.fixture
def agent(demo_client: FlaskClient) -> FlaskClient:
    sign_in(demo_client, "agent")
    return demo_client


@pytest.fixture
def somewhere(demo_session: Session) -> str:
    """An address of the city that means one place."""
    atlas = current_atlas(demo_session, city_by_slug(demo_session, "demo"))
    where = spot(demo_session)
    address = atlas.locate_one(where.lon, where.lat).address
    assert address
    assert addresses.find(atlas, address)[0].score == 1
    return address


def fields_of(page: str) -> dict[str, str]:
    """Return what the form of the call has in it, as a browser would send it."""
    form = page[page.index("data-call") :]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    found |= dict(
        re.findall(r'<input class="usa-input[^"]*" id="\w+" name="(\w+)"[^>]*? value="([^"]*)"', form)
    )
    found |= dict(re.findall(r'type="radio" name="(\w+)" value="(\w+)" checked', form))
    for name, options in re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', form):
        found[name] = re.findall(r'value="([^"]+)" selected', options)[0]
    return found


def step(client: FlaskClient, page: str, do: str, **typed: Any) -> Any:
    return client.post("/desk", data=fields_of(page) | typed | {"do": do})


def taken(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.location.rsplit("/", 1)[1])


def test_a_pothole_in_steps_without_a_script(
    agent: FlaskClient, demo_session: Session, somewhere: str
) -> None:
    page = agent.get("/desk").text
    page = step(agent, page, "look", about="big hole in the road", channel="counter").text
    assert "Choose what is meant" in page
    assert 'name="chosen" value="service:pothole"' in page
    page = step(agent, page, "look", chosen="service:pothole", address=somewhere).text
    assert 'name="q-where" value="lane"' in page
    refused = step(agent, page, "send")
    assert refused.status_code == 422
    assert re.search(r'id="q-where-error"', refused.text)
    answer = step(
        agent, refused.text, "send", **{"q-where": "lane"}, name="Ann", phone="555-010-0200", language="es",
        prefers="phone",
    )  # fmt: skip
    number = taken(answer)
    said = agent.get(answer.location).text
    for group in number.split("-"):
        assert " ".join(group) in said
    row = demo_session.execute(
        text("select channel, report.language, answers, address, prefers, contact.language as in_language "
             "from report join contact on contact.id = contact_id")
    ).one()  # fmt: skip
    assert row.channel == "counter"
    assert row.answers == {"where": "lane"}
    assert row.address.startswith(somewhere)
    assert (row.language, row.in_language, row.prefers) == ("es", "es", "phone")
    assert demo_session.scalar(text("select count(*) from desk_draft")) == 0


def test_a_dropped_call_waits_on_the_server_for_its_agent(
    agent: FlaskClient, demo_app: Flask, demo_session: Session, somewhere: str
) -> None:
    step(
        agent, agent.get("/desk").text, "look", about="graffiti", address=somewhere, description="Red letters"
    )
    listed = agent.get("/desk").text
    resume = re.search(r'href="(/desk\?draft=\d+)"', listed)
    assert resume
    other = demo_app.test_client()
    sign_in(other, "supervisor")
    assert "not finished" not in other.get("/desk").text
    assert other.get(resume[1]).status_code == 404
    page = agent.get(resume[1]).text
    assert "Red letters" in page
    taken(step(agent, page, "send", description="Red letters"))
    assert demo_session.scalar(text("select description from report")) == "Red letters"
    assert "not finished" not in agent.get("/desk").text


def test_a_draft_can_be_discarded(agent: FlaskClient, demo_session: Session) -> None:
    page = step(agent, agent.get("/desk").text, "look", about="noise").text
    assert demo_session.scalar(text("select count(*) from desk_draft")) == 1
    assert step(agent, page, "discard").status_code == 303
    assert demo_session.scalar(text("select count(*) from desk_draft")) == 0


def test_sending_twice_is_one_report(agent: FlaskClient, demo_session: Session, somewhere: str) -> None:
    page = step(agent, agent.get("/desk").text, "look", about="graffiti", address=somewhere).text
    assert taken(step(agent, page, "send")) == taken(step(agent, page, "send"))
    assert demo_session.scalar(text("select count(*) from report")) == 1


def test_a_caller_is_found_and_that_it_was_looked_at_is_written_down(
    agent: FlaskClient, demo_app: Flask, demo_session: Session, somewhere: str
) -> None:
    number = send(
        demo_app.test_client(),
        spot(demo_session),
        name="Ann Caller",
        email="ann@example.org",
        phone="555-010-0200",
    )
    page = agent.get("/desk").text
    nobody = step(agent, page, "caller", phone="555-010-9999").text
    assert "Nothing reported earlier" in nobody
    assert demo_session.scalar(text("select count(*) from audit where kind = 'contact_seen'")) == 0
    page = step(agent, page, "caller", phone="(555) 010 0200").text
    assert number in page
    assert 'value="Ann Caller"' in page
    assert 'value="ann@example.org"' in page
    assert demo_session.scalar(text("select count(*) from audit where kind = 'contact_seen'")) == 1
    page = step(agent, page, "look", about="graffiti").text
    assert number in page, "the list stays while the call goes on"
    assert demo_session.scalar(text("select count(*) from audit where kind = 'contact_seen'")) == 1
    forged = agent.post("/desk", data={"do": "look", "callers": "1", "about": "graffiti"}).text
    assert number not in forged


def test_likely_repeats_are_joined_or_kept_apart(
    agent: FlaskClient, demo_app: Flask, demo_session: Session, somewhere: str
) -> None:
    first = taken(step(agent, agent.get("/desk").text, "send", about="graffiti", address=somewhere))
    page = step(agent, agent.get("/desk").text, "look", about="graffiti", address=somewhere).text
    assert "Is it one of these?" in page
    ticket = demo_session.scalar(
        text("select ticket_id from report where tracking_number = :n"), {"n": first}
    )
    joined = taken(step(agent, page, "send", same_as=str(ticket)))
    page = step(agent, agent.get("/desk").text, "look", about="graffiti", address=somewhere).text
    apart = taken(step(agent, page, "send", same_as="new"))
    of = {
        number: demo_session.scalar(
            text("select ticket_id from report where tracking_number = :n"), {"n": number}
        )
        for number in (joined, apart)
    }
    assert of[joined] == ticket
    assert of[apart] != ticket


def test_a_question_answered_from_an_article_is_counted_and_no_ticket(
    agent: FlaskClient, demo_session: Session
) -> None:
    page = step(agent, agent.get("/desk").text, "look", about="get rid of a mattress", channel="letter").text
    page = step(agent, page, "look", chosen="article:bulky-items").text
    assert "Bulky items are picked up free of charge" in page
    answer = step(agent, page, "answered")
    assert answer.status_code == 303
    counted = demo_session.execute(
        text("select code, channel, times from article_use join article on id = article_id")
    )
    assert [tuple(row) for row in counted] == [("bulky-items", "letter", 1)]
    assert demo_session.scalar(text("select count(*) from report")) == 0
    assert demo_session.scalar(text("select count(*) from desk_draft")) == 0


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"about": "xyzzy"}, "Nothing has these words"),
        ({"about": "graffiti", "address": "Nowhere Street 12345"}, "No such address"),
        ({"about": "graffiti"}, "Say where it is"),
        ({"about": "graffiti", "email": "not one"}, "Write an e-mail address"),
        ({}, "Choose what it is about"),
    ],
)
def test_what_is_missing_is_said_beside_the_field(
    agent: FlaskClient, demo_session: Session, typed: dict[str, str], problem: str
) -> None:
    answer = step(agent, agent.get("/desk").text, "send", **typed)
    assert answer.status_code == 422
    assert problem in answer.text
    assert demo_session.scalar(text("select count(*) from report")) == 0
    for value in typed.values():
        assert f'value="{value}"' in answer.text


def test_changed_words_or_addresses_are_looked_up_anew(
    agent: FlaskClient, demo_session: Session, somewhere: str
) -> None:
    page = step(agent, agent.get("/desk").text, "look", about="graffiti", address=somewhere).text
    before = fields_of(page)
    assert before["pick"] == "service:graffiti"
    assert before["lon"]
    page = step(agent, page, "look", about="pothole", address="Nowhere Street 12345").text
    after = fields_of(page)
    assert after["pick"] == "service:pothole"
    assert after["lon"] == ""


@pytest.mark.parametrize(
    "junk",
    [
        {"lon": "x", "lat": "1"},
        {"lon": "nan", "lat": "nan"},
        {"key": "é" * 300},
        {"same_as": "²"},
        {"about": "\x00"},
    ],
)
def test_junk_breaks_nothing(agent: FlaskClient, somewhere: str, junk: dict[str, str]) -> None:
    page = agent.get("/desk").text
    typed = {"about": "graffiti", "address": somewhere, "placed": somewhere} | junk
    for do in ("look", "send", "caller", "answered", "no such step"):
        assert step(agent, page, do, **typed).status_code < 500
    assert agent.get("/desk?draft=99999999999999999999").status_code == 404
    assert agent.get("/desk/taken/nothing").status_code == 404
    assert agent.get("/desk/find?q=%00").status_code == 200


def test_how_many_statements_a_call_takes(
    agent: FlaskClient,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
    somewhere: str,
) -> None:
    page = agent.get("/desk").text
    step(agent, page, "look", about="graffiti", address=somewhere)
    with demo_statements() as statements:
        agent.get("/desk")
    assert len(statements) <= 4, statements
    with demo_statements() as statements:
        step(agent, page, "look", about="graffiti", address=somewhere)
    assert len(statements) <= 8, statements
    with demo_statements() as statements:
        step(agent, page, "send", about="graffiti", address=somewhere)
    assert len(statements) <= 10, statements


def test_the_desk_says_how_urgent_a_ticket_is_and_a_crew_does_not(
    agent: FlaskClient, demo_app: Flask, demo_session: Session
) -> None:
    send(demo_app.test_client(), spot(demo_session))
    ticket = demo_session.scalar(text("select id from ticket"))
    where, said = (
        f"/crew/{ticket}/priority",
        {"priority": "urgent", "why": "A school is near", "version": "1"},
    )
    crew = demo_app.test_client()
    sign_in(crew, "collection")
    assert crew.post(where, data=said).status_code == 403
    refused = agent.post(where, data=said | {"why": " "})
    assert refused.status_code == 422
    assert re.search(r'id="detail-priority-error"[^>]*>Say why', refused.text)
    assert '<option value="urgent" selected>' in refused.text
    assert agent.post(where, data=said).status_code == 302
    page = agent.get(f"/crew/{ticket}").text
    assert "How urgent it is was changed" in page
    assert page.count("A school is near") == 2, "as the reason, and on the timeline"
    assert agent.post(where, data=said).status_code == 409, "the version is not the latest"
