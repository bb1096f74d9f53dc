"""Every committed timeline entry becomes its notices, once; nothing else does."""

from __future__ import annotations

from threading import Thread

from sqlalchemy.orm import Session

from tests.notices.conftest import Town
from webapp.notices import outbox


def read_all(town: Town) -> int:
    entries = 0
    while read := outbox.read(town.session, town.city.id):
        town.session.commit()
        entries += read
    town.session.commit()
    return entries


def test_the_reporter_is_told_once_however_often_the_outbox_is_read(town: Town) -> None:
    report = town.report("ada@example.org")
    assert read_all(town) == 1
    assert read_all(town) == 0
    assert town.told() == [("received", report.id)]


def test_a_move_is_told_to_everybody_on_the_ticket_and_a_joining_to_the_one_who_joined(town: Town) -> None:
    first = town.report("ada@example.org")
    second = town.report("bob@example.org", kind="joined", name="Bob")
    town.happens("in_progress")
    town.happens("done", note="Filled.")
    read_all(town)
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
    read_all(town)
    town.ticket = town.add_ticket()
    town.happens("done")
    read_all(town)
    assert [kind for kind, _ in town.told()] == ["received"]


def test_two_reports_from_one_address_get_one_message_a_move(town: Town) -> None:
    first = town.report("ada@example.org", name="Ada")
    town.report("ADA@example.org", kind="joined", name="Ada L.")
    town.happens("done")
    read_all(town)
    assert [about for about in town.told() if about[0] == "done"] == [("done", first.id)]


def test_imports_assignments_and_reporters_without_an_address_make_none(town: Town) -> None:
    town.report("ada@example.org", actor="import")
    town.happens("done", actor="import")
    town.happens("assigned", actor="system")
    town.happens("flagged", actor="system")
    town.report(None, name="Nobody")
    town.report(None, name=None)
    assert read_all(town) == 6
    assert town.told() == []


def test_a_slow_transaction_is_not_passed_over(town: Town) -> None:
    with Session(town.engine) as slow:
        town_report = town.report("ada@example.org")
        slow_entry = type(town.happens("noted"))(
            city_id=town.city.id, ticket_id=town.ticket.id, kind="in_progress", actor="staff", note=""
        )
        slow.add(slow_entry)
        slow.flush()
        done = town.happens("done")
        assert done.id > slow_entry.id
        read_all(town)
        # Whatever is at or above the slow transaction waits for it, so that it cannot be stepped over.
        assert town.told() == [("received", town_report.id)]
        slow.commit()
    read_all(town)
    assert [kind for kind, _ in town.told()] == ["received", "in_progress", "done"]


def test_an_entry_that_was_rolled_back_is_told_to_nobody(town: Town) -> None:
    town.report("ada@example.org")
    with Session(town.engine) as other:
        other.add(
            type(town.happens("noted"))(
                city_id=town.city.id, ticket_id=town.ticket.id, kind="done", actor="staff", note=""
            )
        )
        other.flush()
        other.rollback()
    read_all(town)
    assert [kind for kind, _ in town.told()] == ["received"]


def test_readers_take_turns(town: Town) -> None:
    for _ in range(5):
        town.report("ada@example.org")

    def reader() -> None:
        with Session(town.engine) as session:
            while outbox.read(session, town.city.id):
                session.commit()
            session.commit()

    threads = [Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(town.told()) == 5


def test_long_timelines_are_read_in_batches(town: Town, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(outbox, "BATCH", 3)
    for _ in range(8):
        town.report("ada@example.org")
    assert outbox.read(town.session, town.city.id) == 3
    town.session.commit()
    assert read_all(town) == 5
    assert len(town.told()) == 8
