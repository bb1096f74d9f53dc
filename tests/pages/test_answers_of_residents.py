"""Whether it is fixed, more words and photos, followers: what people do on the page of a report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.pages import residents
from tests.pages.people import sign_in
from tests.pages.spots import send, spot
from webapp.config import settings
from webapp.notices import surveys
from webapp.people import tokens
from webapp.tickets import asking
from webapp.tickets.following_models import Survey

WORDS = "The upper half is still there"


@pytest.fixture
def number(demo_client: FlaskClient, demo_session: Session) -> str:
    """A report of this browser, whose work is done."""
    sent = send(demo_client, spot(demo_session), email="ada@example.org")
    residents.finish(demo_session, settings().kept_in, sent)
    return sent


def test_sent_says_number_spelled_code_promise_and_what_comes_next(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    number = send(demo_client, spot(demo_session))
    page = demo_client.get(f"/track/{number}?sent=").text
    assert page.count("<li>") >= len(number.replace("-", ""))
    assert "<title>QR code of this page</title>" in page
    assert "What comes next" in page
    assert 'aria-current="step"' in page


def test_yes_confirms_and_asks_two_questions_once(
    demo_client: FlaskClient, demo_session: Session, number: str
) -> None:
    assert "Is it fixed?" in demo_client.get(f"/track/{number}").text
    assert demo_client.post(f"/track/{number}/fixed", data={"fixed": "yes"}).status_code == 303
    assert residents.found(demo_session, number)[1].status == "confirmed"
    assert "Two short questions" in demo_client.get(f"/track/{number}").text
    demo_client.post(f"/track/{number}/rate", data={"satisfaction": "4", "easy": "5", "words": "Quick"})
    demo_client.post(f"/track/{number}/rate", data={"satisfaction": "1", "easy": "1"})
    assert "Two short questions" not in demo_client.get(f"/track/{number}").text
    demo_session.expire_all()
    said = demo_session.scalars(select(Survey)).one()
    assert (said.fixed, said.satisfaction, said.easy, said.words) == (True, 4, 5, "Quick")
    assert "Quick" not in demo_client.get(f"/track/{number}").text
    staff = demo_client.application.test_client()
    sign_in(staff, "agent")
    assert "Quick" in staff.get(f"/crew/{residents.found(demo_session, number)[1].id}").text
    again = demo_client.post(f"/track/{number}/fixed", data={"fixed": "no", "words": WORDS})
    assert again.status_code == 422
    assert "answered this already" in again.text


def test_no_with_words_and_a_photo_opens_the_same_ticket_and_the_crew_reads_it(
    demo_client: FlaskClient, demo_session: Session, number: str
) -> None:
    before = residents.found(demo_session, number)[1]
    refused = demo_client.post(f"/track/{number}/fixed", data={"fixed": "no"})
    assert refused.status_code == 422
    assert "what is still wrong" in refused.text
    data = {"fixed": "no", "words": WORDS, "photos": [(residents.picture(), "wall.jpg")]}
    assert demo_client.post(f"/track/{number}/fixed", data=data).status_code == 303
    ticket = residents.found(demo_session, number)[1]
    assert (ticket.id, ticket.status, ticket.crew_id) == (before.id, "reopened", before.crew_id)
    page = demo_client.get(f"/track/{number}").text
    assert WORDS in page
    assert page.count('src="/photos/') == 1
    assert "Is it fixed?" not in page
    sign_in(demo_client, "agent")
    crew = demo_client.get(f"/crew/{ticket.id}").text
    assert WORDS in crew
    assert "/photos/" in crew


def test_done_again_it_is_asked_again(demo_client: FlaskClient, demo_session: Session, number: str) -> None:
    demo_client.post(f"/track/{number}/fixed", data={"fixed": "no", "words": WORDS})
    residents.finish(demo_session, settings().kept_in, number, photo=True)
    page = demo_client.get(f"/track/{number}").text
    assert "Is it fixed?" in page
    assert 'src="/photos/' in page
    demo_client.post(f"/track/{number}/fixed", data={"fixed": "yes"})
    assert demo_session.scalars(select(Survey.fixed).order_by(Survey.id)).all() == [False, True]


def test_of_two_reporters_one_says_yes_and_the_other_no(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    first = send(demo_client, where)
    ticket = residents.found(demo_session, first)[1].id
    second = send(demo_client, where, key="another", same_as=str(ticket))
    residents.finish(demo_session, settings().kept_in, first)
    demo_client.post(f"/track/{first}/fixed", data={"fixed": "yes"})
    demo_client.post(f"/track/{second}/fixed", data={"fixed": "no", "words": WORDS})
    assert residents.found(demo_session, first)[1].status == "reopened"


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("fixed", {"fixed": "no", "words": WORDS}),
        ("add", {"words": WORDS}),
        ("rate", {"easy": "1"}),
        ("hear", {}),
    ],
)
def test_who_only_knows_the_number_changes_nothing(
    demo_client: FlaskClient, demo_session: Session, number: str, what: str, data: dict[str, str]
) -> None:
    stranger = demo_client.application.test_client()
    assert "Is it fixed?" not in stranger.get(f"/track/{number}").text
    assert stranger.post(f"/track/{number}/{what}", data=data).status_code == 403
    assert residents.found(demo_session, number)[1].status == "done"
    assert demo_session.scalar(select(Survey.id)) is None
    assert WORDS not in stranger.get(f"/track/{number}").text


def test_the_mailed_link_makes_another_browser_the_reporters_and_to_open_it_changes_nothing(
    demo_client: FlaskClient, demo_session: Session, number: str
) -> None:
    city, now = residents.city(demo_session), datetime.now(UTC)
    assert surveys.ask(demo_session, settings(), city, now) == 0, "people look at it first"
    tomorrow = now + timedelta(days=1)
    assert surveys.ask(demo_session, settings(), city, tomorrow) == 1
    assert surveys.ask(demo_session, settings(), city, tomorrow) == 0, "each is asked once"
    demo_session.commit()
    [message] = residents.messages(demo_session, "survey")
    other = demo_client.application.test_client()
    answer = other.get(message["path"])
    assert answer.location == f"/track/{number}#fixed"
    demo_session.expire_all()
    assert demo_session.scalars(select(Survey.answered_at)).one() is None
    assert "Is it fixed?" in other.get(f"/track/{number}").text
    other.post(f"/track/{number}/fixed", data={"fixed": "yes"})
    again = other.get(message["path"], follow_redirects=True).text
    assert "Two short questions" in again


def test_who_answered_or_stopped_is_not_asked(
    demo_client: FlaskClient, demo_session: Session, number: str
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    demo_client.post(f"/track/{number}/hear", data={"hears": "no"})
    assert surveys.ask(demo_session, settings(), residents.city(demo_session), tomorrow) == 0
    demo_client.post(f"/track/{number}/hear", data={"hears": "yes"})
    demo_client.post(f"/track/{number}/fixed", data={"fixed": "yes"})
    assert surveys.ask(demo_session, settings(), residents.city(demo_session), tomorrow) == 0


def test_after_a_month_nothing_is_asked_and_the_link_has_expired(
    demo_client: FlaskClient, demo_session: Session, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, now = residents.found(demo_session, number)[0], datetime.now(UTC)
    city_id = residents.city(demo_session).id
    assert asking.asked(demo_session, city_id, report.id, now + timedelta(days=29)) is not None
    assert asking.asked(demo_session, city_id, report.id, now + timedelta(days=31)) is None
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: datetime.now(UTC).timestamp() - 31 * 86400)
    path = surveys.mine_path(settings(), city_id, report.id)
    monkeypatch.undo()
    answer = demo_client.get(path)
    assert answer.status_code == 410
    assert "no longer works" in answer.text


@pytest.mark.parametrize("token", ["x", "WzEsMV0.aaaa.bbbb", "\u202e", "a" * 3000])
@pytest.mark.parametrize("where", ["mine", "follow", "my", "area-alerts"])
def test_a_link_that_is_not_ours_says_so(demo_client: FlaskClient, where: str, token: str) -> None:
    answer = demo_client.get(f"/{where}/{token}")
    assert answer.status_code == 410
    assert "Get a new link" in answer.text


def test_a_link_for_one_thing_opens_no_other(demo_client: FlaskClient, demo_session: Session) -> None:
    city = residents.city(demo_session)
    token = tokens.sign(settings().secret_key, "follow", city.id, 1)
    assert demo_client.get(f"/mine/{token}").status_code == 410


def test_words_and_photos_are_added_and_nothing_is_refused_silently(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    number = send(demo_client, spot(demo_session))
    sent = {"words": "It has grown", "photos": [(residents.picture(), "a.jpg")]}
    assert demo_client.post(f"/track/{number}/add", data=sent).status_code == 303
    page = demo_client.get(f"/track/{number}").text
    assert "It has grown" in page
    assert "by a resident" in page
    assert page.count('src="/photos/') == 1
    assert demo_client.post(f"/track/{number}/add", data={"words": " "}).status_code == 422
    wrong = {"words": "Kept words", "photos": [(residents.picture().__class__(b"no picture"), "a.jpg")]}
    refused = demo_client.post(f"/track/{number}/add", data=wrong)
    assert refused.status_code == 422
    assert "not a picture" in refused.text
    assert "Kept words" in refused.text


def test_a_follower_hears_after_confirming_and_until_stopping(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    number = send(demo_client, spot(demo_session))
    stranger = demo_client.application.test_client()
    stranger.post(f"/track/{number}/follow", data={"email": "Bo@example.org"})
    [message] = residents.messages(demo_session, "follow")
    state = text("select confirmed_at is not null, stopped_at is not null from follower")
    stranger.get(message["path"])
    assert demo_session.execute(state).one() == (False, False)
    assert stranger.post(message["path"], data={"follow": "yes"}).location == f"/track/{number}"
    assert demo_session.execute(state).one() == (True, False)
    assert "Stop following" in stranger.get(message["path"]).text
    stranger.post(message["path"], data={"follow": "no"})
    assert demo_session.execute(state).one() == (True, True)
    assert "bo@example.org" not in demo_client.get(f"/track/{number}").text.lower()


def test_who_reported_without_an_address_gets_a_copy_once(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    number = send(demo_client, spot(demo_session))
    for _ in range(2):
        demo_client.post(f"/track/{number}/follow", data={"email": "ada@example.org"})
    copies = text("select count(*) from notice where timeline_id is not null and channel = 'mail'")
    assert demo_session.scalar(copies) == 1
    assert "We tell you what happens" in demo_client.get(f"/track/{number}").text


def test_the_page_asks_the_database_little(
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
    number: str,
) -> None:
    demo_client.get(f"/track/{number}")
    for client, most in ((demo_client, 7), (demo_client.application.test_client(), 5)):
        with demo_statements() as statements:
            client.get(f"/track/{number}")
        assert len(statements) <= most, statements
