"""Every committed timeline entry becomes its notices, once; nothing else does."""

from __future__ import annotations

import time
from threading import Thread

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.notices.conftest import Town
from webapp.notices import outbox
from webapp.notices.models import OutboxCursor
from webapp.tickets.models import TimelineEntry


def read(town: Town) -> int:
    made = outbox.read(town.session, town.city.id)
    town.session.commit()
    return made


def test_the_reporter_is_told_once_however_often_the_outbox_is_read(town: Town) -> None:
    report = town.report("ada@example.org")
    assert read(town) == 1
    assert read(town) == 0
    assert town.told() == [("received", report.id)]


def test_a_move_is_told_to_everybody_on_the_ticket_and_a_joining_to_the_one_who_joined(town: Town) -> None:
    first = town.report("ada@example.org")
    second = town.report("bob@example.org", kind="joined", name="Bob")
    town.happens("in_progress")
    town.happens("done", note="Filled.")
    read(town)
    assert town.told() == [
        ("received", first.id),
        ("joined", second.id),
        ("in_progress", first.id),
        ("in_progress", second.id),
        ("done", first.id),
        ("done", second.id),
    ]


def test_other_tickets_are_left_alone(town: Town) -> None:
    town.report("ada@example.org")
    read(town)
    town.ticket = town.add_ticket()
    town.happens("done")
    read(town)
    assert [kind for kind, _ in town.told()] == ["received"]


def test_two_reports_from_one_address_get_one_message_a_move(town: Town) -> None:
    first = town.report("ada@example.org", name="Ada")
    town.report("ADA@example.org", kind="joined", name="Ada L.")
    town.happens("done")
    read(town)
    assert [about for about in town.told() if about[0] == "done"] == [("done", first.id)]


def test_imports_assignments_and_reporters_without_an_address_make_none(town: Town) -> None:
    town.report("ada@example.org", actor="import")
    town.happens("done", actor="import")
    town.happens("assigned", actor="system")
    town.happens("flagged", actor="system")
    town.report(None, name="Nobody")
    town.report(None, name=None)
    assert read(town) == 0
    assert town.told() == []


def test_a_slow_transaction_neither_is_passed_over_nor_holds_up_the_others(town: Town) -> None:
    town.report("ada@example.org")
    with Session(town.engine) as slow:
        entry = TimelineEntry(
            city_id=town.city.id, ticket_id=town.ticket.id, kind="in_progress", actor="staff", note=""
        )
        slow.add(entry)
        slow.flush()
        assert town.happens("done").id > entry.id
        assert read(town) == 2
        assert [kind for kind, _ in town.told()] == ["received", "done"]
        assert read(town) == 0
        slow.commit()
    assert read(town) == 1
    assert [kind for kind, _ in town.told()] == ["received", "in_progress", "done"]


def test_who_joins_later_is_not_told_of_what_was_told_before(town: Town) -> None:
    town.report("ada@example.org")
    with Session(town.engine) as slow:
        slow.execute(text("create table keeps_the_cursor_back ()"))
        town.happens("in_progress")
        read(town)
        town.report("bob@example.org", kind="joined", name="Bob")
        read(town)
        slow.rollback()
    read(town)
    assert [kind for kind, _ in town.told()] == ["received", "in_progress", "joined"]


def test_the_cursor_moves_on_when_nothing_runs(town: Town) -> None:
    entries = [town.happens("noted") for _ in range(3)]
    deadline = time.monotonic() + 60
    cursor = None
    # Transactions of other databases on the same server keep it back too.
    while cursor != entries[-1].id:
        assert time.monotonic() < deadline, "the cursor stands still"
        read(town)
        cursor = town.session.scalar(select(OutboxCursor.timeline_id))


def test_an_entry_that_was_rolled_back_is_told_to_nobody(town: Town) -> None:
    town.report("ada@example.org")
    with Session(town.engine) as other:
        other.add(
            TimelineEntry(city_id=town.city.id, ticket_id=town.ticket.id, kind="done", actor="staff", note="")
        )
        other.flush()
        other.rollback()
    read(town)
    assert [kind for kind, _ in town.told()] == ["received"]


def test_readers_take_turns(town: Town) -> None:
    for _ in range(5):
        town.report("ada@example.org")

    def reader() -> None:
        with Session(town.engine) as session:
            outbox.read(session, town.city.id)
            session.commit()

    threads = [Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(town.told()) == 5
