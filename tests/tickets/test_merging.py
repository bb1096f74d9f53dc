"""A merge carries everything; a split restores exactly what was; both are remembered for the matching."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.tickets.conftest import NOON, Town
from webapp.tickets import queries, records
from webapp.tickets.lifecycle import NoSuchTicket, NotAllowed
from webapp.tickets.merging import keep_apart, merge, split, split_report
from webapp.tickets.moving import Overtaken, move
from webapp.tickets.queries import TicketRow
from webapp.tickets.records import Written

SOON, LATE = NOON + timedelta(days=1), NOON + timedelta(days=5)


def now(town: Town, ticket_id: int) -> TicketRow:
    found = queries.ticket(town.session, town.city_id, ticket_id)
    assert found is not None
    return found


def reports(town: Town, ticket_id: int) -> list[int]:
    return [row.id for row in queries.reports_of(town.session, town.city_id, ticket_id)]


def everything(town: Town) -> list[dict[str, Any]]:
    """All tickets and reports, but for the numbers that only count changes."""
    return [
        {name: value for name, value in row.items() if name not in ("version", "updated_at")}
        for table in ("ticket", "report")
        for row in town.session.execute(text(f"select * from {table} order by id")).mappings()
    ]


def report(town: Town, opened: Written, due: Any) -> None:
    town.session.execute(
        text("update report set due_at = :due where id = :id"), {"due": due, "id": opened.report_id}
    )


@pytest.fixture
def pair(town: Town) -> tuple[int, int]:
    """An older ticket with two reports, promised late, and a newer one, promised soon."""
    older, newer = town.open(due_at=LATE), town.open(due_at=SOON, opened_at=NOON + timedelta(hours=3))
    report(town, older, LATE)
    report(town, newer, SOON)
    joins = town.report(due_at=LATE + timedelta(days=1), requested_at=NOON + timedelta(hours=1))
    records.join_ticket(town.connection, older.ticket_id, joins, [town.entry("joined")])
    return older.ticket_id, newer.ticket_id


def merged(town: Town, pair: tuple[int, int]) -> None:
    older, newer = (now(town, number) for number in pair)
    merge(
        town.session, town.city, newer.id, into=older.id, by=town.staff["ada"],
        version=newer.version, into_version=older.version,
    )  # fmt: skip


def test_a_merge_carries_reports_and_the_earliest_promise(town: Town, pair: tuple[int, int]) -> None:
    older, newer = pair
    mine = reports(town, newer)
    merged(town, pair)
    kept, gone = now(town, older), now(town, newer)
    assert (kept.report_count, kept.due_at, kept.opened_at, kept.status) == (3, SOON, NOON, "assigned")
    assert (gone.status, gone.open, gone.merged_into) == ("merged", False, older)
    assert reports(town, newer) == []
    assert set(mine) < set(reports(town, older))
    told = queries.timeline(town.session, town.city_id, older)
    assert [(row.kind, row.report_id) for row in told if row.staff == "Ada"] == [
        ("merged", None), ("joined", mine[0]),
    ]  # fmt: skip


def test_a_split_restores_exactly_what_was(town: Town, pair: tuple[int, int]) -> None:
    before = everything(town)
    merged(town, pair)
    assert everything(town) != before
    split(town.session, town.city, pair[1], by=town.staff["sue"], version=now(town, pair[0]).version)
    assert everything(town) == before


def test_a_split_after_a_merge_into_a_closed_ticket_closes_it_again(
    town: Town, pair: tuple[int, int]
) -> None:
    older, newer = pair
    done = move(town.session, town.city, older, "done", by=town.staff["ann"], version=1, detail="fixed")
    before = everything(town)
    merged(town, pair)
    kept = now(town, older)
    assert (kept.status, kept.outcome, kept.due_at, kept.version) == (
        "reopened",
        None,
        SOON,
        done.version + 1,
    )
    assert all(row.closed_at is None for row in queries.reports_of(town.session, town.city_id, older))
    split(town.session, town.city, newer, by=town.staff["ada"], version=kept.version)
    assert everything(town) == before


def test_what_happened_since_stays_with_the_ticket_that_went_on(town: Town, pair: tuple[int, int]) -> None:
    older, newer = pair
    merged(town, pair)
    joined = records.join_ticket(
        town.connection, older, town.report(due_at=LATE + timedelta(days=2)), [town.entry("joined")]
    )
    done = move(
        town.session, town.city, older, "done", by=town.staff["ann"], version=now(town, older).version, detail="fixed"
    )  # fmt: skip
    split(town.session, town.city, newer, by=town.staff["ada"], version=done.version)
    kept, back = now(town, older), now(town, newer)
    assert (kept.status, kept.report_count, kept.due_at) == ("done", 3, LATE)
    assert joined.report_id in reports(town, older)
    assert (back.status, back.report_count, back.due_at, back.merged_into) == ("assigned", 1, SOON, None)
    [report] = queries.reports_of(town.session, town.city_id, newer)
    assert report.closed_at is None


def test_one_report_is_taken_out_into_a_ticket_of_its_own(town: Town, pair: tuple[int, int]) -> None:
    older, _ = pair
    first, second = reports(town, older)
    town.session.execute(text("update ticket set match_keys = array[7]"))
    made = split_report(
        town.session, town.city, second, by=town.staff["ada"], version=now(town, older).version
    )
    assert (reports(town, older), reports(town, made)) == ([first], [second])
    kept, own = now(town, older), now(town, made)
    assert (kept.report_count, kept.latest_at, kept.due_at) == (1, NOON, LATE)
    assert (own.status, own.crew, own.opened_at) == ("assigned", "Paving", NOON + timedelta(hours=1))
    assert own.due_at == LATE + timedelta(days=1)
    # Whose words the ticket opened with may have changed.
    keys = text("select match_keys from ticket where id in (:older, :made)")
    assert set(town.session.scalars(keys, {"older": older, "made": made})) == {None}
    with pytest.raises(NotAllowed, match="only report"):
        split_report(town.session, town.city, first, by=town.staff["ada"], version=kept.version)


def test_every_comparison_is_remembered_the_latest_for_each_pair(town: Town, pair: tuple[int, int]) -> None:
    older, newer = pair
    [flagged] = reports(town, newer)
    second = reports(town, older)[1]
    keep_apart(town.session, town.city, flagged, older, by=town.staff["sue"])
    assert [
        (row.report, row.ticket, row.same, row.by) for row in queries.decisions_on_pairs(town.session, town.city_id)
    ] == [(flagged, older, False, "Sue")]  # fmt: skip
    merged(town, pair)
    split_report(town.session, town.city, second, by=town.staff["ada"], version=now(town, older).version)
    found = queries.decisions_on_pairs(town.session, town.city_id)
    assert {(row.report, row.ticket, row.same, row.by) for row in found} == {
        (flagged, older, True, "Ada"), (second, older, False, "Ada"),
    }  # fmt: skip
    split(town.session, town.city, newer, by=town.staff["sue"], version=now(town, older).version)
    found = queries.decisions_on_pairs(town.session, town.city_id)
    assert {(row.report, row.same) for row in found} == {(flagged, False), (second, False)}


def test_what_cannot_be_merged_is_refused(town: Town, pair: tuple[int, int]) -> None:
    older, newer = pair
    session, city, ada = town.session, town.city, town.staff["ada"]
    with pytest.raises(NotAllowed, match="ask a supervisor"):
        merge(session, city, newer, into=older, by=town.staff["ann"], version=1, into_version=1)
    with pytest.raises(NotAllowed, match="with itself"):
        merge(session, city, older, into=older, by=ada, version=1, into_version=1)
    with pytest.raises(NoSuchTicket):
        merge(session, city, newer, into=4711, by=ada, version=1, into_version=1)
    with pytest.raises(Overtaken):
        merge(session, city, newer, into=older, by=ada, version=1, into_version=7)
    with pytest.raises(NoSuchTicket, match="not merged"):
        split(session, city, newer, by=ada, version=1)
    merged(town, pair)
    with pytest.raises(NotAllowed, match="merged already"):
        merge(session, city, newer, into=older, by=ada, version=2, into_version=2)
    with pytest.raises(NoSuchTicket):
        keep_apart(session, city, reports(town, older)[0], older, by=ada)


def test_a_report_that_meant_to_join_a_merged_ticket_joins_the_one_that_has_its_reports(
    town: Town, pair: tuple[int, int]
) -> None:
    older, newer = pair
    merged(town, pair)
    joined = records.join_ticket(town.connection, newer, town.report(), [town.entry("joined")])
    assert joined.ticket_id == older
    assert now(town, older).report_count == 4
    repeated = town.session.scalars(text("select duplicate_of from report order by id desc limit 1")).one()
    assert repeated == reports(town, older)[0]
