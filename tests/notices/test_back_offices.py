"""A city's 311 and a back office, both real Pinwards: a ticket goes there once, and what is done comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.queries import city_by_slug
from tests.api.conftest import Pin, move_ticket, street_pins
from tests.fixtures.databases import Server
from tests.notices.conftest import Listener
from tests.notices.hall import Hall, count_there, picture, report_id, there
from tests.notices.servers import Pinward, served, wire
from webapp.config import Settings, settings
from webapp.db import session_on
from webapp.notices import jobs, orders, queues, waits, webhooks
from webapp.notices.models import BackOfficeOrder
from webapp.people.keys import add_key
from webapp.storage import uploads
from webapp.tickets.photos import keep_photo


@pytest.fixture(scope="module")
def works(
    database_server: Server, demo_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pinward]:
    """The system of those who do the work."""
    url = database_server.copy(demo_template)
    with served(url, tmp_path_factory.mktemp("works")) as running:
        yield running
    database_server.drop(url)


@pytest.fixture(scope="module")
def key(works: Pinward) -> str:
    """A key of that system, to send with and to read all."""
    _, key = add_key(works.session, works.city.id, "The city's 311", scopes=["write", "read_private"])
    works.session.commit()
    return key


@pytest.fixture(scope="module")
def pins(works: Pinward) -> Iterator[Pin]:
    """Places of which no two tests have the same: there, they would be the same problem.

    None is on a street of the county or the state, which look after their own signs.
    """
    atlas = current_atlas(works.session, works.city)
    owned = text("select source_id from segment where owner in ('County', 'State')")
    others = set(works.session.scalars(owned))
    assert others
    found = street_pins(atlas, apart_m=250)
    return iter([pin for pin in found if atlas.locate_one(*pin).segment_id not in others])


@pytest.fixture
def hall(demo_session: Session, pins: Iterator[Pin], tmp_path: Path) -> Hall:
    return Hall(demo_session, city_by_slug(demo_session, "demo"), pins, tmp_path)


@pytest.fixture
def committed_hall(
    demo_database: str, pins: Iterator[Pin], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hall]:
    """One whose commits other processes see."""
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    with session_on(demo_database) as session:
        yield Hall(session, city_by_slug(session, "demo"), pins, tmp_path)


def test_a_ticket_goes_there_once_and_one_update_reaches_all_who_reported_it(
    hall: Hall, works: Pinward, key: str
) -> None:
    hall.open_office(works.open311, key)
    at, elsewhere = next(hall.pins), next(hall.pins)
    first = hall.report(at, description="The stop sign is gone", email="ada@example.org", name="Ada")
    second = hall.report(
        at, description="No stop sign", email="bob@example.org", same_as=hall.ticket(first).id
    )
    assert hall.ticket(first).id == hall.ticket(second).id
    assert hall.run() == 1
    assert hall.run() == 0
    reference = hall.reference(first)
    assert reference == hall.reference(second)
    made = there(works, reference)
    assert made.description == f"The stop sign is gone\n\nPinward demo: {first}"
    assert made.contact_id is None
    third = hall.report(elsewhere, description="Sign", email="cyd@example.org")
    kept = hall.ticket(first)
    hall.merge(third, into=first)
    assert hall.reference(third) == reference
    works.move(str(reference), "done", detail="fixed", note="A new sign stands.")
    hall.hear()
    ticket = hall.ticket(third)
    assert (ticket.id, ticket.status, ticket.outcome) == (kept.id, "done", "fixed")
    mails = hall.mails()
    done = [to for to, about in mails if about == "The work is done"]
    assert sorted(done) == ["Ada <ada@example.org>", "bob@example.org", "cyd@example.org"]
    hall.hear()
    assert hall.mails() == mails, "what was told once is not told again"


def test_what_is_reopened_goes_there_again(hall: Hall, works: Pinward, key: str) -> None:
    hall.open_office(works.open311, key)
    number = hall.report(next(hall.pins), description="The stop sign is gone")
    assert hall.run() == 1
    first = str(hall.reference(number))
    works.move(first, "done", detail="fixed", note="A new sign stands.")
    hall.hear()
    hall.move(number, "reopened", note="It fell over")
    assert hall.ticket(number).status == "reopened"
    assert hall.run() == 1
    assert hall.run() == 0
    second = str(hall.reference(number))
    assert second != first
    made = there(works, second).description
    said = f"Reopened, was {first}. It fell over\nThe stop sign is gone"
    assert made == f"{said}\n\nPinward demo: {number}, reopened 1"
    works.move(second, "done", detail="fixed", note="It stands in concrete.")
    hall.hear()
    assert hall.ticket(number).status == "done"
    works.move(second, "reopened", note="Not yet")
    hall.hear()
    assert hall.ticket(number).status == "reopened"
    assert hall.run() == 0, "they know what they told"
    at_once = hall.report(next(hall.pins), description="No sign")
    hall.move(at_once, "done", detail="fixed")
    hall.move(at_once, "reopened", note="There is none")
    assert hall.run() == 1, "one order, though it came and was reopened since the last time"


@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_same_questions_are_answered_pictures_sent_and_statuses_asked_where_no_updates_are_told(
    hall: Hall, works: Pinward, key: str, form: str
) -> None:
    with wire(works.url) as (address, between):
        between.gone = (f"servicerequestupdates.{form}",)
        hall.open_office(
            f"{address}/open311/v2", key, format=f'"{form}"', states='{ closed = "done/made_safe" }'
        )
        number = hall.report(
            next(hall.pins),
            service_code="pothole",
            answers={"where": "lane"},
            media_urls=["https://pictures.example/1.jpg", "https://10.0.0.1/private.jpg"],
        )
        keep_photo(hall.session, uploads(hall.home), hall.city.id, report_id(hall, number), picture())
        hall.session.commit()
        assert hall.run() == 1
        made = there(works, hall.reference(number))
        assert made.answers["where"] == "lane"
        assert "Where in the road is it? Driving lane" in made.description
        photo, link = made.media_urls
        assert photo.startswith("http://localhost:8311/photos/")
        assert link == "https://pictures.example/1.jpg"
        hall.hear()
        assert hall.updates() == [], "open and without words: nothing was told"
        move_ticket(
            works.session, works.city, made.tracking_number, "done", detail="fixed", note="Cold asphalt."
        )
        hall.hear()
        hall.hear()
        (update,) = hall.updates()
        assert (update.status, update.note) == ("closed", "Cold asphalt.")
        assert hall.ticket(number).outcome == "made_safe", "as the city file translates it"


ONE_ROUND = """
from webapp.config import settings
from webapp.db import session_on
from webapp.notices.jobs import run_back_offices
with session_on(settings().database) as session:
    run_back_offices(session, settings())
"""


def test_killed_at_any_moment_it_sends_once(committed_hall: Hall, works: Pinward, key: str) -> None:
    """Before the back office has it, and after it has but nobody heard so."""
    hall = committed_hall
    environment = os.environ | {
        "PINWARD_HOOKS_INSIDE": "1", "PINWARD_BACK_OFFICE_KEYS": json.dumps({"demo/yard": key}),
    }  # fmt: skip
    with wire(works.url) as (address, between):
        # Not every system knows a repeat by its key: what is looked up has to do.
        between.dropped = ("Idempotency-Key",)
        hall.open_office(f"{address}/open311/v2/", key)
        number = hall.report(next(hall.pins), description="Kilroy was here")
        workers: list[subprocess.Popen[bytes]] = []

        def kill(method: str, _path: str) -> None:
            if method == "POST":
                workers[-1].kill()
                workers[-1].wait()
                raise ConnectionAbortedError

        for moment in ("before", "after"):
            setattr(between, moment, kill)
            workers.append(subprocess.Popen([sys.executable, "-c", ONE_ROUND], env=environment))
            assert workers[-1].wait(120) == -signal.SIGKILL
            setattr(between, moment, lambda _method, _path: None)
            assert hall.run() == 0, "not before its time"
            assert hall.order().sent_at is None
            assert count_there(works, number) == (moment == "after")
            hall.due_now()
        assert hall.run() == 1
        hall.due_now()
        assert hall.run() == 0
        assert between.posts() == 2
        assert count_there(works, number) == 1
        assert there(works, hall.reference(number)).description.startswith("Kilroy")


def test_what_was_lost_is_looked_up_and_not_sent_while_that_fails(
    hall: Hall, works: Pinward, key: str
) -> None:
    with wire(works.url) as (address, between):
        between.dropped = ("Idempotency-Key",)
        hall.open_office(f"{address}/open311/v2/", key)
        number = hall.report(next(hall.pins), description="Lost")

        def lose(method: str, _path: str) -> None:
            if method == "POST":
                raise ConnectionAbortedError

        between.after = lose
        for _ in range(3):
            hall.due_now()
            hall.run()
            between.gone = ("requests.json",)
        order = hall.order()
        assert (order.attempts, order.error) == (3, "Answered 404.")
        assert (between.posts(), count_there(works, number)) == (1, 1)
        between.gone = ()
        hall.due_now()
        assert hall.run() == 1
        assert (between.posts(), count_there(works, number)) == (1, 1)
        assert there(works, hall.reference(number)).description.startswith("Lost")


def test_a_token_is_asked_until_there_is_a_number(hall: Hall, works: Pinward, key: str) -> None:
    works.session.execute(text("update service set type = 'batch' where code = 'sign'"))
    works.session.execute(text("update city set loaded_at = clock_timestamp()"))
    works.session.commit()
    try:
        with wire(works.url) as (address, between):
            hall.open_office(f"{address}/open311/v2/", key)
            number = hall.report(next(hall.pins), description="By token")
            assert hall.run() == 0
            token = hall.order().token
            assert token
            assert hall.reference(number) is None
            between.gone = (f"tokens/{token}.json",)
            hall.due_now()
            assert hall.run() == 0
            assert hall.order().error == "There is a token, and no number yet."
            between.gone = ()
            hall.due_now()
            assert hall.run() == 1
            assert hall.reference(number) == token
            assert between.posts() == 1
    finally:
        works.session.execute(text("update service set type = 'realtime' where code = 'sign'"))
        works.session.execute(text("update city set loaded_at = clock_timestamp()"))
        works.session.commit()


def test_what_is_refused_says_why_and_is_sent_once_it_is_put_right(
    hall: Hall, works: Pinward, key: str
) -> None:
    hall.open_office(works.open311, "nonsense")
    number = hall.report(next(hall.pins))
    assert hall.run() == 0
    order = hall.order()
    assert order.error.startswith("Answered 403. api_key: is not valid here")
    assert order.tried_at is None, "it is known that nothing was made there"
    hall.open_office(works.open311, key)
    hall.due_now()
    assert hall.run() == 1
    assert there(works, hall.reference(number))


def test_it_is_given_up_after_the_last_try(hall: Hall, key: str) -> None:
    hall.open_office("http://127.0.0.1:9/", key)
    hall.report(next(hall.pins))
    for _ in range(waits.TRIES + 1):
        hall.due_now()
        hall.run()
    order = hall.order()
    assert (order.attempts, order.next_at, order.sent_at) == (waits.TRIES, None, None)
    assert order.error == "No answer: ConnectionRefusedError."


def test_an_update_that_the_lifecycle_has_no_move_for_is_kept_with_the_reason(
    hall: Hall, works: Pinward, key: str
) -> None:
    hall.open_office(works.open311, key)
    number = hall.report(next(hall.pins))
    hall.run()
    reference = str(hall.reference(number))
    move_ticket(hall.session, hall.city, number, "declined", detail="misuse", note="A joke")
    works.move(reference, "in_progress", note="On our way.")
    hall.hear()
    (update,) = hall.updates()
    assert (update.status, update.note, update.timeline_id) == ("in_progress", "On our way.", None)
    assert update.refused == "A ticket that is declined cannot be moved to in progress by this program."
    assert hall.ticket(number).status == "declined"


def test_what_they_tell_of_a_ticket_that_is_another_crews_by_now_is_a_remark(
    hall: Hall, works: Pinward, key: str
) -> None:
    hall.open_office(works.open311, key, who='crew = "signals"')
    number = hall.report(next(hall.pins))
    hall.run()
    hall.session.execute(text("update ticket set crew_id = (select id from crew where code = 'trees')"))
    hall.session.commit()
    works.move(str(hall.reference(number)), "declined", detail="misuse", note="Not ours, we think.")
    hall.hear()
    assert hall.ticket(number).status == "assigned"
    (update,) = hall.updates()
    assert (update.refused, update.timeline_id is None) == ("", False)


def test_only_what_is_theirs_and_goes_on_is_sent(committed_hall: Hall, works: Pinward, key: str) -> None:
    hall = committed_hall
    before = hall.report(next(hall.pins))
    hall.open_office(works.open311, key, who='crew = "signals"')
    hall.report(next(hall.pins), service_code="graffiti")
    closed = hall.report(next(hall.pins))
    orders.read(hall.session, hall.city.id)
    hall.session.commit()
    move_ticket(hall.session, hall.city, closed, "done", detail="fixed")
    assert hall.run() == 0
    assert hall.session.scalars(select(BackOfficeOrder)).all() == []
    assert hall.ticket(before).crew_id == hall.ticket(closed).crew_id
    move_ticket(hall.session, hall.city, closed, "reopened", note="Not fixed")
    assert hall.run() == 1
    hall.session.execute(text("update back_office set paused_at = now()"))
    hall.report(next(hall.pins))
    assert hall.run() == 0
    hall.session.execute(text("update back_office set paused_at = null"))
    assert hall.run() == 1


def test_webhooks_of_a_work_order_system_move_our_ticket_and_reach_three_reporters_once(
    committed_hall: Hall, works: Pinward, key: str, listener: Listener, tmp_path: Path
) -> None:
    """Another way round: there a webhook, here the updates extension, and a few lines between that trust neither."""
    hall = committed_hall
    hall.open_office(works.open311, key)
    at, elsewhere = next(hall.pins), next(hall.pins)
    first = hall.report(at, email="ada@example.org")
    second = hall.report(at, email="bob@example.org", same_as=hall.ticket(first).id)
    third = hall.report(elsewhere, email="cyd@example.org")
    hall.merge(third, into=first)
    assert hall.run() == 1
    reference = str(hall.reference(second))
    _, update_key = add_key(hall.session, hall.city.id, "The yard", scopes=["update"])
    hook = webhooks.add(works.session, works.city.id, listener.url, ["in_progress", "done"], inside=True)
    hall.session.commit()
    works.session.commit()
    answers: list[int] = []
    with served(settings().database, tmp_path) as ours:

        def pass_on(headers: dict[str, str], body: bytes) -> None:
            at, _proof = headers["Pinward-Signature"].removeprefix("t=").split(",v1=")
            assert webhooks.signature(hook.secret, body, int(at)) == headers["Pinward-Signature"]
            assert abs(time.time() - int(at)) < 300
            event = json.loads(body)
            assert reference in event["service_request_ids"]
            told = {
                "api_key": update_key, "service_request_id": first, "update_id": event["id"],
                "status": {"done": "FIXED"}.get(event["event"], "IN_PROGRESS"), "updated_datetime": event["at"],
                "description": event["note"] or "The crew is there.", "customer_reference": "WO-1",
            }  # fmt: skip
            answer = requests.post(f"{ours.open311}servicerequestupdates.json", data=told, timeout=30)
            answers.append(answer.status_code)

        listener.on_heard = pass_on
        inside = Settings(PINWARD_HOOKS_INSIDE=True)
        works.move(reference, "in_progress")
        works.move(reference, "done", detail="fixed", note="A new sign stands.")
        assert jobs.run_webhooks(works.session, inside) == 2
        assert (hall.ticket(third).status, hall.ticket(third).outcome) == ("done", "fixed")
        mails = hall.mails()
        assert sorted(to for to, about in mails if about == "The work is done") == [
            "ada@example.org", "bob@example.org", "cyd@example.org",
        ]  # fmt: skip
        replayed = queues.send_again(works.session, works.city.id, "hook", listener.events[1]["id"])
        works.session.commit()
        assert replayed
        assert jobs.run_webhooks(works.session, inside) == 1
        assert answers == [201, 201, 400], "the same id: it was taken before"
        assert hall.mails() == mails
        told = requests.get(f"{ours.open311}requests/{third}.json?extensions=true", timeout=30).json()
        assert told[0]["status_notes"] == "A new sign stands."
        assert sorted(told[0]["work_order"].split(", ")) == sorted([reference, "WO-1"])
