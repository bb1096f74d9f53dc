"""A ticket's life: every move in the table is possible, every other is refused, and of two movers one wins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from tests.tickets.conftest import Town
from webapp.people.access import ROLES
from webapp.tickets import lifecycle, queries
from webapp.tickets.lifecycle import MOVES, STATES, Incomplete, NoSuchTicket, NotAllowed
from webapp.tickets.models import CLOSED_STATUSES, OPEN_STATUSES
from webapp.tickets.moving import Overtaken, move

STATUSES = OPEN_STATUSES + CLOSED_STATUSES
BY_ROLE = {
    "agent": "ada", "crew": "ann", "supervisor": "sue", "council": "eve", "administrator": "root", "auditor": "max",
}  # fmt: skip


def arguments(to: str) -> dict[str, Any]:
    state = STATES[to]
    words = "2026-03-05" if state.takes == "scheduled_for" else "The county"
    return {"note": "Because", "detail": next(iter(state.choices), words) if state.takes else None}


@contextmanager
def undone(town: Town) -> Iterator[None]:
    savepoint = town.session.begin_nested()
    yield
    savepoint.rollback()


def test_the_table_agrees_with_itself() -> None:
    for row in MOVES:
        assert row.to in STATUSES
        assert row.sources <= set(STATUSES)
        assert row.who <= {*ROLES, "resident", "system", "program"}
    assert set(STATES) == set(STATUSES)
    assert {row.to for row in MOVES} == set(STATUSES) - {"new"}


def test_no_state_is_a_dead_end_and_each_can_be_reached() -> None:
    reached = {"new"}
    while more := {row.to for row in MOVES if row.sources & reached} - reached:
        reached |= more
    assert reached == set(STATUSES)
    for status in STATUSES:
        assert any(status in row.sources for row in MOVES)


@pytest.mark.parametrize("status", STATUSES)
def test_every_move_of_everybody_from(town: Town, status: str) -> None:
    closed = "now()" if status in CLOSED_STATUSES else "null"
    ticket_id = town.open().ticket_id
    town.session.execute(
        text(f"update ticket set status = '{status}', closed_at = {closed} where id = {ticket_id}")
    )
    for who in (*ROLES, "resident", "system"):
        by: Any = town.staff[BY_ROLE[who]] if who in BY_ROLE else who
        allowed = {row.to for row in lifecycle.moves_from(status, who)}
        for to in STATUSES:
            with undone(town):
                if to in allowed:
                    made = move(town.session, town.city, ticket_id, to, by=by, version=1, **arguments(to))
                    assert (made.status, made.version) == (to, 2)
                    after = queries.ticket(town.session, town.city_id, ticket_id)
                    assert after is not None
                    assert (after.status, after.open, after.closed_at is None) == (
                        to, to in OPEN_STATUSES, to in OPEN_STATUSES,
                    )  # fmt: skip
                else:
                    with pytest.raises(NotAllowed):
                        move(town.session, town.city, ticket_id, to, by=by, version=1, **arguments(to))


def test_a_life_is_told_by_the_timeline_and_by_the_reports(town: Town) -> None:
    opened = town.open()
    version = 1
    ann = town.staff["ann"]
    for to, note in (
        ("in_progress", ""),
        ("waiting", "For asphalt"),
        ("in_progress", ""),
        ("done", "Filled"),
    ):
        detail = {"done": "fixed", "waiting": "other_party"}.get(to)
        made = move(
            town.session,
            town.city,
            opened.ticket_id,
            to,
            by=ann,
            version=version,
            note=note,
            detail=detail,
        )
        version = made.version
    told = queries.timeline(town.session, town.city_id, opened.ticket_id)
    assert [(row.kind, row.actor, row.staff, row.note, row.data) for row in told] == [
        ("received", "resident", None, "", {}),
        ("in_progress", "staff", "Ann", "", {"from": "assigned"}),
        ("waiting", "staff", "Ann", "For asphalt", {"from": "in_progress", "detail": "other_party"}),
        ("in_progress", "staff", "Ann", "", {"from": "waiting"}),
        ("done", "staff", "Ann", "Filled", {"from": "in_progress", "detail": "fixed"}),
    ]
    found = queries.ticket_by_tracking(town.session, town.city_id, opened.tracking_number)
    assert found is not None
    report, ticket = found
    assert (ticket.status, ticket.outcome) == ("done", "fixed")
    assert report.closed_at == ticket.closed_at is not None

    move(town.session, town.city, opened.ticket_id, "confirmed", by="resident", version=version)
    found = queries.ticket_by_tracking(town.session, town.city_id, opened.tracking_number)
    assert found is not None
    assert (found[1].outcome, found[1].closed_at) == ("fixed", ticket.closed_at)

    move(town.session, town.city, opened.ticket_id, "reopened", by=town.staff["ada"], version=version + 1, note="Again"
    )  # fmt: skip
    found = queries.ticket_by_tracking(town.session, town.city_id, opened.tracking_number)
    assert found is not None
    report, ticket = found
    assert (ticket.open, ticket.outcome, ticket.closed_at, report.closed_at) == (True, None, None, None)


def test_an_imported_report_keeps_its_own_closing_time(town: Town) -> None:
    opened = town.open()
    own = text("update report set closed_at = '2011-07-01 12:00Z' where id = :id returning closed_at")
    closed_at = town.session.scalar(own, {"id": opened.report_id})
    ann = town.staff["ann"]
    move(town.session, town.city, opened.ticket_id, "done", by=ann, version=1, detail="fixed")
    move(town.session, town.city, opened.ticket_id, "reopened", by=ann, version=2, note="Not yet")
    report = queries.reports_of(town.session, town.city_id, opened.ticket_id)[0]
    assert report.closed_at == closed_at


@pytest.mark.parametrize(
    ("to", "note", "detail", "field"),
    [
        ("waiting", " \x00 ", "weather", "note"),
        ("waiting", "For asphalt", "asphalt", "waiting_on"),
        ("scheduled", "", "someday", "scheduled_for"),
        ("scheduled", "", None, "scheduled_for"),
        ("referred", "Theirs", " ", "owner"),
        ("declined", "", "not_ours", "note"),
        ("declined", "Private land", None, "outcome"),
        ("done", "Filled", None, "outcome"),
        ("done", "Filled", "misuse", "outcome"),
        ("in_progress", "", "fixed", "detail"),
    ],
)
def test_what_is_missing_is_named(town: Town, to: str, note: str, detail: str | None, field: str) -> None:
    ticket_id = town.open().ticket_id
    with pytest.raises(Incomplete) as refusal:
        move(
            town.session, town.city, ticket_id, to, by=town.staff["sue"], version=1, note=note, detail=detail
        )  # fmt: skip
    assert refusal.value.field == field


def test_crews_move_their_own_tickets_only(town: Town) -> None:
    ticket_id = town.open().ticket_id
    for name in ("bob", "nobody"):
        with pytest.raises(NotAllowed, match="another crew's"):
            move(town.session, town.city, ticket_id, "in_progress", by=town.staff[name], version=1)
    move(town.session, town.city, ticket_id, "in_progress", by=town.staff["sue"], version=1)


def test_a_ticket_that_is_not_there_is_said_to_be_so(town: Town) -> None:
    with pytest.raises(NoSuchTicket):
        move(town.session, town.city, 4711, "in_progress", by=town.staff["sue"], version=1)
    with pytest.raises(NotAllowed, match="There is no state 'gone'"):
        move(town.session, town.city, 4711, "gone", by=town.staff["sue"], version=1)


def test_the_second_of_two_movers_learns_what_the_first_did(town: Town) -> None:
    ticket_id = town.open().ticket_id
    move(
        town.session,
        town.city,
        ticket_id,
        "waiting",
        by=town.staff["sue"],
        version=1,
        note="For the gas company",
        detail="other_party",
    )
    with pytest.raises(Overtaken) as lost:
        move(town.session, town.city, ticket_id, "in_progress", by=town.staff["ann"], version=1, note="Mine")
    assert (lost.value.status, lost.value.version, lost.value.by) == ("waiting", 2, "Sue")
    assert lost.value.note == "For the gas company"
    assert "Sue moved this ticket to waiting" in str(lost.value)
    ticket = queries.ticket(town.session, town.city_id, ticket_id)
    assert ticket is not None
    assert ticket.status == "waiting"
