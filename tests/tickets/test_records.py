"""One statement writes a report with its ticket and timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation

from tests.tickets.conftest import NOON, Town
from webapp.tickets import moving, queries, records, redaction
from webapp.tickets.jobs import settle_closed
from webapp.tickets.nearby import LATELY, nearby_open, tickets_between

BOX = (-71.101, 42.299, -71.099, 42.301)
LONG_AGO = NOON - timedelta(days=7)


def test_a_report_opens_a_ticket(town: Town) -> None:
    entries = [
        town.entry("received"),
        town.entry("assigned") | {"actor": "system", "data": {"crew": "paving"}},
    ]
    report = town.report(
        answers={"depth": "s"}, media_urls=["https://x.example/a,b.jpg"], place_flags=["two_streets"]
    )
    written = records.open_ticket(town.connection, town.ticket(), report, entries)
    found = queries.ticket_by_tracking(town.session, town.city_id, written.tracking_number)
    assert found is not None
    row, ticket = found
    assert (row.id, ticket.id) == (written.report_id, written.ticket_id)
    assert (row.lon, row.lat, ticket.lon, ticket.lat) == (-71.1, 42.3, -71.1, 42.3)
    assert (row.answers, row.media_urls) == ({"depth": "s"}, ["https://x.example/a,b.jpg"])
    assert row.place_flags == ["two_streets"]
    assert (row.requested_at, ticket.opened_at, ticket.latest_at) == (NOON, NOON, NOON)
    assert (ticket.service, ticket.department, ticket.crew, ticket.status) == (
        "Pothole", "Public Works", "Paving", "assigned",
    )  # fmt: skip
    assert (ticket.report_count, ticket.version, ticket.open) == (1, 1, True)
    told = queries.timeline(town.session, town.city_id, ticket.id)
    assert [(entry.kind, entry.report_id) for entry in told] == [("received", row.id), ("assigned", row.id)]


def test_a_report_that_joins_brings_its_promise_and_disturbs_no_mover(town: Town) -> None:
    opened = town.open(due_at=NOON + timedelta(days=3))
    later = NOON + timedelta(hours=5)
    report = town.report(requested_at=later, due_at=NOON + timedelta(days=2), duplicate_decision="joined")
    joined = records.join_ticket(town.connection, opened.ticket_id, report, [town.entry("joined")])
    assert joined.ticket_id == opened.ticket_id
    assert joined.tracking_number != opened.tracking_number
    ticket = queries.ticket(town.session, town.city_id, opened.ticket_id)
    assert ticket is not None
    assert (ticket.report_count, ticket.version, ticket.latest_at) == (2, 1, later)
    assert ticket.due_at == NOON + timedelta(days=2)
    assert [row.id for row in queries.reports_of(town.session, town.city_id, ticket.id)] == [
        opened.report_id,
        joined.report_id,
    ]


def test_a_report_that_joins_a_closed_ticket_opens_it_again(town: Town) -> None:
    opened = town.open(due_at=NOON + timedelta(days=1))
    ann = town.staff["ann"]
    moving.move(town.session, town.city, opened.ticket_id, "done", by=ann, version=1, detail="fixed")
    due = NOON + timedelta(days=9)
    report = town.report(requested_at=NOON + timedelta(days=6), due_at=due)
    records.join_ticket(town.connection, opened.ticket_id, report, [town.entry("joined")])
    ticket = queries.ticket(town.session, town.city_id, opened.ticket_id)
    assert ticket is not None
    assert (ticket.status, ticket.open, ticket.outcome, ticket.version) == ("reopened", True, None, 3)
    assert ticket.due_at == due, "a promise that was over does not make it late at once"
    kinds = [entry.kind for entry in queries.timeline(town.session, town.city_id, ticket.id)]
    assert sorted(kinds) == ["done", "joined", "received", "reopened"]
    assert all(row.closed_at is None for row in queries.reports_of(town.session, town.city_id, ticket.id))


def test_nothing_joins_a_ticket_that_is_not_there(town: Town) -> None:
    with pytest.raises(LookupError):
        records.join_ticket(town.connection, 4711, town.report(), [])


@pytest.mark.parametrize("point", ["POINT(nan nan)", "POINT(42.3 -271.1)", "POINT(1 -90.01)"])
def test_the_database_itself_refuses_what_is_no_point(town: Town, point: str) -> None:
    report = town.report(geom=f"SRID=4326;{point}")
    with pytest.raises(CheckViolation), town.session.begin_nested():
        records.open_ticket(town.connection, town.ticket(), report, [])


def test_candidates_are_open_or_lately_closed_near_by_and_of_the_services_asked_for(town: Town) -> None:
    near = town.open()
    far = town.open(geom="SRID=4326;POINT(-71.2 42.3)")
    nowhere = town.open(geom=None)
    settled = town.open(matchable=False)
    done = town.open()
    ann = town.staff["ann"]
    moving.move(town.session, town.city, done.ticket_id, "done", by=ann, version=1, detail="fixed")

    def ask(services: list[int], closed_since: object = LONG_AGO) -> list[int]:
        cursor = nearby_open(town.connection, town.city_id, BOX, services, closed_since, NOON)  # type: ignore[arg-type]
        return [row.id for row in cursor]

    assert ask([1]) == [near.ticket_id, done.ticket_id]
    assert ask([]) == []
    assert ask([2]) == []
    whole_city = [row.id for row in tickets_between(town.connection, town.city_id, LONG_AGO, NOON)]
    assert whole_city == [near.ticket_id, far.ticket_id, settled.ticket_id, done.ticket_id]
    assert nowhere.ticket_id not in whole_city
    assert not list(tickets_between(town.connection, town.city_id, LONG_AGO, LONG_AGO))


def test_what_was_closed_long_ago_is_no_longer_looked_for(town: Town) -> None:
    open_still, done = town.open(), town.open()
    ann = town.staff["ann"]
    moved = moving.move(town.session, town.city, done.ticket_id, "done", by=ann, version=1, detail="fixed")
    assert settle_closed(town.session, moved.at + LATELY - timedelta(seconds=1)) == 0
    assert settle_closed(town.session, moved.at + LATELY + timedelta(seconds=1)) == 1
    found = nearby_open(town.connection, town.city_id, BOX, [1], LONG_AGO, NOON).fetchall()
    assert [row.id for row in found] == [open_still.ticket_id]
    moving.move(town.session, town.city, done.ticket_id, "reopened", by=ann, version=2, note="Again")
    found = nearby_open(town.connection, town.city_id, BOX, [1], LONG_AGO, NOON).fetchall()
    assert [row.id for row in found] == [open_still.ticket_id, done.ticket_id]


def test_a_candidate_stands_where_the_report_that_opened_it_does(town: Town) -> None:
    opened = town.open()
    later = NOON + timedelta(hours=1)
    second = town.report(requested_at=later, description="Another")
    records.join_ticket(town.connection, opened.ticket_id, second, [])
    candidate = nearby_open(town.connection, town.city_id, BOX, [1], LONG_AGO, NOON).fetchone()
    assert candidate is not None
    assert (candidate.lon, candidate.lat, candidate.along_m) == (-71.1, 42.3, 3.25)
    assert (candidate.opened, candidate.latest) == (NOON.timestamp(), later.timestamp())
    assert (candidate.match_keys, candidate.description) == (None, "A hole")
    (known,) = tickets_between(town.connection, town.city_id, LONG_AGO, NOON)
    assert (known.id, known.opened_by) == (opened.ticket_id, opened.report_id)
    assert (candidate.report_count, candidate.closed) == (2, None)


def test_keys_of_words_go_with_the_words(town: Town) -> None:
    opened = town.open(match_keys=[7, 8])

    def kept() -> list[int] | None:
        found = nearby_open(town.connection, town.city_id, BOX, [1], LONG_AGO, NOON).fetchone()
        assert found is not None
        return found.match_keys

    assert kept() == [7, 8]
    ada = town.staff["ada"]
    redaction.redact_description(town.session, town.city_id, opened.report_id, ["hole"], "A name", by=ada)
    assert kept() is None


def test_open_tickets_of_a_crew_those_due_first_first(town: Town) -> None:
    none = town.open()
    late = town.open(due_at=NOON + timedelta(days=2))
    soon = town.open(due_at=NOON + timedelta(days=1), district="2")
    town.open(crew_id=2)
    done = town.open()
    ann = town.staff["ann"]
    moving.move(town.session, town.city, done.ticket_id, "done", by=ann, version=1, detail="fixed")

    def ask(**filters: object) -> list[int]:
        wanted = queries.Filters(crew_ids=[1], **filters)  # type: ignore[arg-type]
        rows = queries.open_tickets(town.session, town.city_id, wanted)
        assert queries.count_open(town.session, town.city_id, wanted) == len(rows)
        return [row.id for row in rows]

    assert ask() == [soon.ticket_id, late.ticket_id, none.ticket_id]
    assert ask(district="2") == [soon.ticket_id]
    assert ask(due_before=NOON + timedelta(days=2)) == [soon.ticket_id]
    assert ask(bbox=BOX) == [soon.ticket_id, late.ticket_id, none.ticket_id]
    assert ask(bbox=(0.0, 0.0, 1.0, 1.0)) == []
    assert ask(statuses=["new"]) == []
    assert ask(service_ids=[1], department_ids=[1]) == [soon.ticket_id, late.ticket_id, none.ticket_id]
    page = queries.open_tickets(town.session, town.city_id, queries.Filters(crew_ids=[1]), limit=1, offset=1)
    assert [row.id for row in page] == [late.ticket_id]
