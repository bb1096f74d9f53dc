"""One tap stops messages: from the mail program, and on the page that each message leads to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.spots import send, spot


@pytest.fixture
def link(demo_client: FlaskClient, demo_session: Session) -> str:
    """Where a message about a report lets its reader stop."""
    send(demo_client, spot(demo_session), email="ann@example.org")
    return str(demo_session.scalar(text("select '/stop/' || key || '/' || report.id from contact, report")))


def state(session: Session) -> tuple[bool, bool]:
    """Whether all messages are stopped, and those of the report."""
    every = session.scalar(text("select bool_and(stopped_at is not null) from contact"))
    report = session.scalar(text("select count(*) from follower where stopped_at is not null"))
    return bool(every), bool(report)


def test_a_mail_program_stops_them_by_a_post_without_cookie_or_token(
    demo_client: FlaskClient, demo_session: Session, link: str
) -> None:
    demo_client.application.config["WTF_CSRF_ENABLED"] = True
    seen = demo_client.get(f"{link}/now")
    assert (seen.status_code, seen.location) == (302, link)
    assert state(demo_session) == (False, False), "a program that looks at links changes nothing"
    answer = demo_client.post(f"{link}/now", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 204
    assert state(demo_session) == (False, True)
    whole = link.rpartition("/")[0]
    assert demo_client.post(f"{whole}/now").status_code == 204
    assert state(demo_session) == (True, True)


def test_the_page_stops_one_report_then_all_and_brings_them_back(
    demo_client: FlaskClient,
    demo_session: Session,
    link: str,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    with demo_statements() as statements:
        page = demo_client.get(link).text
    assert len(statements) <= 4, statements
    assert "ann@" not in page
    assert "Stop messages about this report" in page
    with demo_statements() as statements:
        assert demo_client.post(link, data={"do": "report"}).location == link
    assert len(statements) <= 8, statements
    assert state(demo_session) == (False, True)
    assert "Send me messages again" in demo_client.get(link).text
    demo_client.post(link, data={"do": "all"})
    assert state(demo_session) == (True, True)
    demo_client.post(link, data={"do": "resume"})
    assert state(demo_session) == (False, False)


@pytest.mark.parametrize(
    "path",
    ["/stop/0123456789abcdef0123", "/stop/x", "/stop/%00", "/stop/0123456789abcdef0123/99999999999999999999"],
)
def test_a_link_of_nobody_leads_nowhere(demo_client: FlaskClient, path: str) -> None:
    for answer in (
        demo_client.get(path),
        demo_client.post(path, data={"do": "all"}),
        demo_client.post(f"{path}/now"),
    ):
        assert answer.status_code == 404


def test_a_key_stops_only_its_own_messages(
    demo_client: FlaskClient, demo_session: Session, link: str
) -> None:
    send(demo_client, spot(demo_session, 2), key="k2", email="bob@example.org")
    demo_client.post(f"{link}/now")
    demo_client.post(f"{link.rpartition('/')[0]}/now")
    stopped = demo_session.scalars(text("select email from contact where stopped_at is not null")).all()
    assert stopped == ["ann@example.org"]
