"""My reports, by a mailed link that works once."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages import residents
from tests.pages.spots import send, spot
from webapp.config import settings
from webapp.notices import confirming
from webapp.people import own_reports, tokens

ADA = "Ada@example.org"


def link(client: FlaskClient, session: Session) -> str:
    client.post("/my", data={"email": "ada@EXAMPLE.org"})
    path: str = residents.messages(session, "my reports")[-1]["path"]
    return path


def test_the_link_opens_all_reports_of_the_address_once(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    mine = [send(demo_client, spot(demo_session, each), key=f"k{each}", email=ADA) for each in range(2)]
    other = send(demo_client, spot(demo_session, 2), key="k2", email="bo@example.org")
    browser = demo_client.application.test_client()
    path = link(browser, demo_session)
    assert browser.get(path).status_code == 200, "to look at it does not use it up"
    assert browser.post(path).location == "/my"
    page = browser.get("/my").text
    assert all(number in page for number in mine)
    assert other not in page
    assert browser.post(f"/track/{mine[0]}/add", data={"words": "More"}).status_code == 303
    assert browser.post(f"/track/{other}/add", data={"words": "More"}).status_code == 403
    browser.post("/my/leave")
    assert mine[0] not in browser.get("/my").text
    again = browser.post(path)
    assert again.status_code == 410
    assert "used already" in again.text


def test_known_or_not_the_answer_is_the_same(demo_client: FlaskClient, demo_session: Session) -> None:
    send(demo_client, spot(demo_session), email=ADA)
    browser = demo_client.application.test_client()
    known, unknown = (browser.post("/my", data={"email": each}) for each in (ADA, "nobody@example.org"))
    assert known.status_code == unknown.status_code == 200
    said = [re.sub(r'(nonce|value)="[^"]*"', "", each.text) for each in (known, unknown)]
    assert said[0] == said[1]
    assert len(residents.messages(demo_session, "my reports")) == 1
    wrong = browser.post("/my", data={"email": "nobody"})
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text


def test_one_mail_in_ten_minutes_and_six_tries_an_hour(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    send(demo_client, spot(demo_session), email=ADA)
    answers = [demo_client.post("/my", data={"email": ADA}).status_code for _ in range(7)]
    assert answers == [200] * 6 + [429]
    assert len(residents.messages(demo_session, "my reports")) <= 2, "two where the clock passed ten minutes"


def test_a_link_ends_after_an_hour(
    demo_client: FlaskClient, demo_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    city_id = residents.city(demo_session).id
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: datetime.now(UTC).timestamp() - 3700)
    token = tokens.sign(settings().secret_key, confirming.MY_REPORTS, city_id, 1)
    monkeypatch.undo()
    assert own_reports.LASTS.total_seconds() == 3600
    answer = demo_client.get(f"/my/{token}")
    assert answer.status_code == 410
    assert "good for a while" in answer.text


def test_contact_data_is_erased_and_the_reports_stay(demo_client: FlaskClient, demo_session: Session) -> None:
    number = send(demo_client, spot(demo_session), email=ADA, name="Ada", phone="555 0100")
    browser = demo_client.application.test_client()
    browser.post(link(browser, demo_session))
    assert "by mistake" in browser.post("/my/erase").text
    browser.post("/my/erase", data={"sure": "yes"})
    for table in ("contact", "notice", "reporter_link"):
        assert demo_session.scalar(text(f"select count(*) from {table}")) == 0, table
    assert browser.get(f"/track/{number}").status_code == 200
    assert "Mail me a link" in browser.get("/my").text
