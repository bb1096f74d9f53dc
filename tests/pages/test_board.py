"""Many tickets at once, urgent news, what phones keep, and the board of supervisors."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.pages.people import sign_in
from tests.pages.spots import spot
from webapp.catalog.models import Crew
from webapp.dispatch import escalation
from webapp.intake.draft import Draft
from webapp.intake.submit import submit
from webapp.tickets.models import Ticket

Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def tickets(demo_session: Session) -> list[Ticket]:
    """Four open tickets of crew ``clean-team``."""
    city, an_hour_ago = city_by_slug(demo_session, "demo"), datetime.now(UTC) - timedelta(hours=1)
    for number in (0, 4, 9, 15):
        where = spot(demo_session, number)
        draft = Draft(service_code="graffiti", lon=where.lon, lat=where.lat, description="A tag")
        submit(demo_session, city, draft, now=an_hour_ago)
    demo_session.execute(
        text(
            "update ticket set crew_id = crew.id, department_id = crew.department_id "
            "from crew where crew.code = 'clean-team'"
        )
    )
    return list(demo_session.scalars(select(Ticket).order_by(Ticket.id)))


def crew(session: Session, code: str) -> Crew:
    return session.scalars(select(Crew).where(Crew.code == code)).one()


def many(
    client: FlaskClient, tickets: list[Ticket], to: str, path: str = "/crew/many", **fields: object
) -> str:
    data = {"ticket": [f"{each.id}.{each.version}" for each in tickets], "to": to, **fields}
    answer = client.post(path, data=data)
    assert answer.status_code == 200
    return answer.text


def said(page: str) -> list[str]:
    """Return what is said of each ticket."""
    lines = re.findall(r'<li class="lines__one.*?</li>', page, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", line)).strip() for line in lines]


def test_of_many_each_says_whether_it_went_and_all_that_went_is_undone(
    demo_client: FlaskClient, demo_session: Session, tickets: list[Ticket]
) -> None:
    sign_in(demo_client, "clean-team")
    seen = [f"{each.id}.{each.version}" for each in tickets]
    # One was moved meanwhile, one is another crew's, and one was never there.
    demo_client.post(f"/crew/{tickets[1].id}", data={"to": "in_progress", "version": tickets[1].version})
    tickets[2].crew_id = crew(demo_session, "trees").id
    demo_session.commit()
    data = {"ticket": [*seen, "999.1", "x", "1e3.1"], "to": "done", "detail-done": "fixed", "key": "k"}
    page = demo_client.post("/crew/many", data=data).text
    lines = said(page)
    assert len(lines) == 5
    assert lines[0].endswith(": Done")
    assert "moved this ticket to in progress" in lines[1]
    assert lines[2] == f"{tickets[2].id}: There is no such ticket among yours."
    assert lines[3].endswith(": Done")
    assert "2 tickets changed" in page
    assert "3 not" in page
    assert said(demo_client.post("/crew/many", data=data).text) == lines, (
        "the same form again does nothing more"
    )
    demo_session.expire_all()
    assert [each.status for each in tickets] == ["done", "in_progress", "assigned", "done"]
    undo = re.findall(r'name="ticket" value="([\d.]+)"', page)
    assert len(undo) == 2
    assert all(
        "taken back" in line for line in said(demo_client.post("/crew/many/undo", data={"ticket": undo}).text)
    )
    demo_session.expire_all()
    assert [each.status for each in tickets] == ["assigned", "in_progress", "assigned", "assigned"]


def test_what_cannot_be_done_to_many_is_refused_for_each(
    demo_client: FlaskClient, demo_session: Session, tickets: list[Ticket]
) -> None:
    sign_in(demo_client, "clean-team")
    for to, fields, why in (
        ("declined", {}, "There is no state"),
        ("scheduled", {"detail-scheduled": "soon"}, "for which day"),
        ("hand_over", {}, "Choose the crew"),
    ):
        lines = said(many(demo_client, tickets, to, **fields))
        assert len(lines) == 4
        assert all(why in line for line in lines), lines
    assert said(many(demo_client, [], "done")) == []
    demo_session.expire_all()
    assert {each.status for each in tickets} == {"assigned"}


def test_the_board_counts_says_where_crews_are_and_gives_tickets_away(
    demo_client: FlaskClient, demo_session: Session, tickets: list[Ticket], demo_app: Flask
) -> None:
    crew_member = demo_app.test_client()
    sign_in(crew_member, "clean-team")
    crew_member.post(f"/crew/{tickets[0].id}", data={"to": "in_progress", "version": tickets[0].version})
    days = (
        "update ticket set opened_at = now() - interval '9 days', due_at = now() + interval {} where id = {}"
    )
    demo_session.execute(text(days.format("'-1 hour'", tickets[1].id)))
    demo_session.execute(text(days.format("'1 hour'", tickets[2].id)))
    demo_session.execute(text("update ticket set priority = 3 where id = :id"), {"id": tickets[3].id})
    sign_in(demo_client, "agent")
    escalation.run(demo_session, city_by_slug(demo_session, "demo"))
    card = _card(demo_client.get("/board").text, "Clean Team")
    assert "4 open · 1 overdue · 1 at risk · 1 urgent" in card
    assert re.search(rf"Work started: {tickets[0].address}, (just now|\d+ minutes? ago)", card)
    demo_session.expire_all()
    team, trees = crew(demo_session, "clean-team"), crew(demo_session, "trees")
    page = many(demo_client, tickets[:2], "hand_over", f"/board?crew={team.id}", crew=trees.id)
    assert [line.endswith("handed over") for line in said(page)] == [True, True]
    assert "2 open" in _card(page, "Clean Team")
    undo = re.findall(r'name="ticket" value="([\d.]+)"', page)[:2]
    page = demo_client.post("/board/undo", data={"ticket": undo}).text
    assert "4 open" in _card(page, "Clean Team")
    demo_session.execute(text("update ticket set crew_id = null where id = :id"), {"id": tickets[3].id})
    page = demo_client.get("/board").text
    assert "1 ticket has no crew" in page
    assert f'href="/crew/{tickets[3].id}"' in page


def _card(page: str, name: str) -> str:
    cards = re.findall(r'<li class="board__crew.*?</li>', page, re.DOTALL)
    found = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", card)) for card in cards]
    return next(card for card in found if name in card)


def test_a_supervisor_sees_and_gives_what_is_theirs(
    demo_client: FlaskClient, demo_session: Session, tickets: list[Ticket]
) -> None:
    team = crew(demo_session, "clean-team")
    demo_session.execute(
        text("update staff set department_id = :mine, district = '2' where role = 'supervisor'"),
        {"mine": team.department_id},
    )
    demo_session.execute(
        text("update ticket set district = case when id = :id then '2' else '1' end"), {"id": tickets[0].id}
    )
    sign_in(demo_client, "supervisor")
    page = demo_client.get(f"/board?crew={team.id}").text
    assert "1 open" in _card(page, "Clean Team")
    assert re.findall(r'name="ticket" value="(\d+)', page) == [str(tickets[0].id)]
    assert demo_client.get(f"/crew/{tickets[1].id}").status_code == 404
    lines = said(many(demo_client, tickets[:2], "hand_over", "/board", crew=crew(demo_session, "trees").id))
    assert [line.endswith("handed over") for line in lines] == [True, False]
    others = crew(demo_session, "trees")
    assert (f'data-crew="{others.id}"' in page) == (others.department_id == team.department_id)


def test_urgent_work_is_told_once_to_those_who_may_do_it(
    demo_app: Flask,
    demo_client: FlaskClient,
    demo_session: Session,
    tickets: list[Ticket],
    demo_statements: Statements,
) -> None:
    other = demo_app.test_client()
    sign_in(other, "trees")
    sign_in(demo_client, "clean-team")
    nothing = demo_client.get("/crew/news")
    assert nothing.json == []
    known = {"If-None-Match": nothing.headers["ETag"]}
    assert demo_client.get("/crew/news", headers=known).status_code == 304
    demo_session.execute(text("update ticket set priority = 3 where id = :id"), {"id": tickets[2].id})
    told = demo_client.get("/crew/news", headers=known)
    assert told.json is not None
    assert [row["url"] for row in told.json] == [f"/crew/{tickets[2].id}"]
    assert other.get("/crew/news").json == []
    with demo_statements() as statements:
        assert (
            demo_client.get("/crew/news", headers={"If-None-Match": told.headers["ETag"]}).status_code == 304
        )
    # Who asks, and of which city, is two of them.
    assert len(statements) <= 3, "\n".join(statements)


def test_a_phone_is_told_what_to_keep_and_nobody_else_is(
    demo_app: Flask, demo_client: FlaskClient, tickets: list[Ticket], demo_statements: Statements
) -> None:
    assert demo_client.get("/crew/phone").location.startswith("/sign-in")
    sign_in(demo_client, "clean-team")
    demo_client.get("/crew/phone")
    with demo_statements() as statements:
        answer = demo_client.get("/crew/phone")
    assert len(statements) <= 4, "\n".join(statements)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json is not None
    pages = answer.json["pages"]
    assert set(pages) == {"/crew", "/crew/plan", "/crew/offline", *(f"/crew/{each.id}" for each in tickets)}
    demo_client.post(f"/crew/{tickets[0].id}", data={"to": "in_progress", "version": tickets[0].version})
    again = demo_client.get("/crew/phone").json
    assert again is not None
    changed = {url for url, tag in again["pages"].items() if pages[url] != tag}
    assert changed == {"/crew", "/crew/plan", f"/crew/{tickets[0].id}"}
    for url in [*pages, *answer.json["assets"]]:
        assert demo_client.get(url, buffered=True).status_code == 200, url


def test_the_service_worker_is_for_all_pages_and_never_stale(demo_client: FlaskClient) -> None:
    answer = demo_client.get("/sw.js", buffered=True)
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_board_and_ticket_take_few_statements(
    demo_client: FlaskClient, demo_session: Session, tickets: list[Ticket], demo_statements: Statements
) -> None:
    sign_in(demo_client, "agent")
    for path, most in (
        ("/board", 7),
        (f"/board?crew={crew(demo_session, 'clean-team').id}", 6),
        (f"/crew/{tickets[0].id}", 8),
    ):
        demo_client.get(path)
        with demo_statements() as statements:
            demo_client.get(path)
        assert len(statements) <= most, "\n".join(statements)
