"""Waiting stops the clock of a promise; a slip can be undone, and nothing of it is erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.tickets.conftest import NOON, Town
from webapp.catalog.models import Service
from webapp.tickets import queries, records
from webapp.tickets.lifecycle import NotAllowed
from webapp.tickets.moving import Overtaken, move, undo
from webapp.tickets.queries import TicketRow

DUE = NOON + timedelta(days=3)


def now(town: Town, ticket_id: int) -> TicketRow:
    found = queries.ticket(town.session, town.city_id, ticket_id)
    assert found is not None
    return found


def waits_since(town: Town, ticket_id: int, since: datetime) -> None:
    """Let a ticket wait, as if it had begun to at some time."""
    move(
        town.session, town.city, ticket_id, "waiting", by=town.staff["ann"], version=1, note="Rain", detail="weather"
    )  # fmt: skip
    town.session.execute(text("update ticket set waiting_since = :since"), {"since": since})


def row_of(town: Town, table: str, row_id: int) -> dict[str, Any]:
    row = town.session.execute(text(f"select * from {table} where id = :id"), {"id": row_id}).mappings().one()
    return {name: value for name, value in row.items() if name not in ("version", "updated_at")}


def test_a_ticket_that_waited_is_due_later_by_as_long_as_it_waited(town: Town) -> None:
    opened = town.open(due_at=DUE)
    town.session.execute(text("update report set due_at = :due"), {"due": DUE + timedelta(days=1)})
    began = town.session.scalar(text("select now()")) - timedelta(hours=50)
    waits_since(town, opened.ticket_id, began)
    waiting = now(town, opened.ticket_id)
    assert (waiting.status, waiting.waiting_on, waiting.due_at) == ("waiting", "weather", DUE)
    move(town.session, town.city, opened.ticket_id, "in_progress", by=town.staff["ann"], version=2)
    working = now(town, opened.ticket_id)
    assert (working.waiting_on, working.waiting_since) == (None, None)
    assert working.due_at == DUE + timedelta(hours=50)
    [report] = queries.reports_of(town.session, town.city_id, opened.ticket_id)
    assert report.due_at == DUE + timedelta(days=1, hours=50)


def test_on_the_business_clock_only_opening_hours_of_the_waiting_count(town: Town) -> None:
    town.session.execute(text("update service set target_clock = 'business'"))
    town.session.expire_all()
    assert town.session.get(Service, (town.city_id, 1)).target_clock == "business"  # type: ignore[union-attr]
    # Friday noon in New York; whatever today is, the wait is measured in hours between 8 and 17.
    due = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
    opened = town.open(due_at=due)
    from webapp.catalog.deadlines import due_at
    from webapp.catalog.queries import catalog

    resumed_at = town.session.scalar(text("select now()"))
    waits_since(town, opened.ticket_id, resumed_at - timedelta(days=7))
    move(town.session, town.city, opened.ticket_id, "assigned", by=town.staff["sue"], version=2)
    calendar = catalog(town.session, town.city).calendar
    # Without public holidays, any week of real time holds the 45 business hours of one week.
    assert now(town, opened.ticket_id).due_at == due_at(due, 45, "business", calendar)


def test_a_ticket_that_waits_again_for_another_reason_counts_both_times_once(town: Town) -> None:
    opened = town.open(due_at=DUE)
    began = town.session.scalar(text("select now()")) - timedelta(hours=5)
    waits_since(town, opened.ticket_id, began)
    sue = town.staff["sue"]
    move(
        town.session,
        town.city,
        opened.ticket_id,
        "waiting",
        by=sue,
        version=2,
        note="Gas",
        detail="other_party",
    )
    again = now(town, opened.ticket_id)
    assert (again.waiting_on, again.due_at) == ("other_party", DUE + timedelta(hours=5))
    move(town.session, town.city, opened.ticket_id, "in_progress", by=sue, version=3)
    assert now(town, opened.ticket_id).due_at == DUE + timedelta(hours=5)


@pytest.mark.parametrize(
    ("to", "detail"),
    [("done", "fixed"), ("declined", "not_ours"), ("referred", "County"), ("in_progress", None)],
)
def test_undoing_restores_what_was_and_erases_nothing(town: Town, to: str, detail: str | None) -> None:
    opened = town.open(due_at=DUE)
    waits_since(town, opened.ticket_id, town.session.scalar(text("select now()")) - timedelta(hours=9))
    before = row_of(town, "ticket", opened.ticket_id), row_of(town, "report", opened.report_id)
    sue = town.staff["sue"]
    moved = move(
        town.session, town.city, opened.ticket_id, to, by=sue, version=2, note="Filled", detail=detail
    )  # fmt: skip
    assert row_of(town, "ticket", opened.ticket_id) != before[0]
    undone = undo(town.session, town.city, opened.ticket_id, by=sue, version=moved.version)
    assert (undone.status, undone.version) == ("waiting", 4)
    assert (row_of(town, "ticket", opened.ticket_id), row_of(town, "report", opened.report_id)) == before
    told = queries.timeline(town.session, town.city_id, opened.ticket_id)
    assert [row.kind for row in told] == ["received", "waiting", to, "undone"]
    assert told[-2].note == "Filled"
    assert told[-1].data == {"undoes": told[-2].id, "from": to, "to": "waiting"}


def test_a_report_that_came_in_between_keeps_its_promise_when_a_move_is_undone(town: Town) -> None:
    opened = town.open(due_at=DUE)
    sue = town.staff["sue"]
    moved = move(town.session, town.city, opened.ticket_id, "in_progress", by=sue, version=1)
    soon = DUE - timedelta(days=1)
    records.join_ticket(town.connection, opened.ticket_id, town.report(due_at=soon), [town.entry("joined")])
    undo(town.session, town.city, opened.ticket_id, by=sue, version=moved.version)
    after = now(town, opened.ticket_id)
    assert (after.status, after.due_at, after.report_count) == ("assigned", soon, 2)


def test_only_the_latest_move_can_be_undone_and_only_once_and_soon_and_by_those_who_may(town: Town) -> None:
    opened = town.open()
    ann, sue = town.staff["ann"], town.staff["sue"]
    with pytest.raises(NotAllowed, match="latest move"):
        undo(town.session, town.city, opened.ticket_id, by=ann, version=1)
    move(town.session, town.city, opened.ticket_id, "in_progress", by=sue, version=1)
    with pytest.raises(NotAllowed, match="by who made it or a supervisor"):
        undo(town.session, town.city, opened.ticket_id, by=ann, version=2)
    with pytest.raises(Overtaken):
        undo(town.session, town.city, opened.ticket_id, by=sue, version=1)
    undo(town.session, town.city, opened.ticket_id, by=sue, version=2)
    with pytest.raises(NotAllowed, match="latest move"):
        undo(town.session, town.city, opened.ticket_id, by=sue, version=3)
    # Of a move made ten minutes ago: as its entry cannot be changed, the next is written as of then.
    move(town.session, town.city, opened.ticket_id, "in_progress", by=ann, version=3)
    town.session.execute(text("alter table timeline disable trigger user"))
    town.session.execute(
        text("update timeline set at = at - interval '601 seconds' where before is not null")
    )
    with pytest.raises(NotAllowed, match="10 minutes"):
        undo(town.session, town.city, opened.ticket_id, by=ann, version=4)
