"""The facts of tickets: what happened to them, and what of it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.tickets import DAYS, FIRST, add_tickets
from webapp.insight.facts import Facts
from webapp.insight.gathering import facts_of, gather, read, with_repeats
from webapp.insight.queries import Scope
from webapp.insight.repeats import repeats

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


def day(number: float) -> datetime:
    return FIRST + timedelta(days=number)


def happen(session: Session, *entries: tuple[float, str, str], number: int) -> list[int]:
    """Write entries of (day, kind, actor) into a ticket's timeline, and return their ids."""
    return [
        session.scalars(
            text(
                "insert into timeline (city_id, ticket_id, at, kind, actor, data) select 1, :ticket, :at, :kind, :actor,"
                " case when :kind = 'undone' then jsonb_build_object('undoes', (select max(id) from timeline where ticket_id = :ticket)) else '{}' end"
                " returning id"
            ),
            {"ticket": number, "at": day(at), "kind": kind, "actor": actor},
        ).one()
        for at, kind, actor in entries
    ]


def add(session: Session, number: int, status: str, closed: float | None = None, **more: object) -> None:
    values = {"id": number, "status": status, "opened": FIRST, "closed": None if closed is None else day(closed),
              "due": day(5), "waiting": None, "segment": None, "into": None} | more  # fmt: skip
    session.execute(
        text(
            "insert into ticket (city_id, id, service_id, status, opened_at, latest_at, closed_at, due_at, waiting_since,"
            " matchable, zones, department_id, assigned_why, segment_id, merged_into) overriding system value select 1, :id,"
            " id, :status, :opened, :opened, :closed, :due, :waiting, false, '{}', department_id, '', :segment, :into"
            " from service order by id limit 1"
        ),
        values,
    )


def one(session: Session, number: int) -> Facts:
    return facts_of(with_repeats(gather(session, 1, [number])))


def test_time_stands_still_while_a_ticket_waits(demo_session: Session, city: City) -> None:
    add(demo_session, 1, "done", 10)
    happen(
        demo_session,
        (0, "received", "resident"), (0, "assigned", "system"), (2, "in_progress", "staff"), (3, "waiting", "staff"),
        (4, "noted", "staff"), (7, "in_progress", "staff"), (10, "done", "staff"), number=1,
    )  # fmt: skip
    found = one(demo_session, 1)
    assert found.days(NOW) == pytest.approx([6.0])
    assert found.days_to_response(NOW) == pytest.approx([2.0])
    assert found.late(NOW).tolist() == [True]
    add(demo_session, 2, "waiting", waiting=day(4))
    happen(demo_session, (1, "waiting", "staff"), (2, "assigned", "staff"), (4, "waiting", "staff"), number=2)
    found = one(demo_session, 2)
    assert found.days(NOW) == pytest.approx([3.0])
    assert found.late(NOW).tolist() == [False], "it began to wait before the promised date"


def test_what_was_undone_never_was(demo_session: Session, city: City) -> None:
    add(demo_session, 1, "done", 9)
    happen(
        demo_session,
        (1, "noted", "resident"), (2, "done", "staff"), (2, "undone", "staff"), (3, "waiting", "staff"),
        (3.001, "undone", "staff"), (4, "done", "staff"), (6, "reopened", "resident"), (9, "done", "staff"), number=1,
    )  # fmt: skip
    found = one(demo_session, 1)
    assert (found.visits.tolist(), found.reopened.tolist()) == ([2], [1])
    assert found.days(NOW) == pytest.approx([9.0])
    assert found.days_to_response(NOW) == pytest.approx([4.0])


def test_a_repeat_is_the_same_service_at_the_same_place_soon_after(demo_session: Session, city: City) -> None:
    for number, (opened, closed, segment) in enumerate(
        [(0, 10, "s1"), (20, 30, "s1"), (21, None, "s1"), (125, 126, "s1"), (12, None, "s2"), (11, None, None)], start=1
    ):  # fmt: skip
        status = "assigned" if closed is None else "done"
        add(demo_session, number, status, closed, opened=day(opened), segment=segment)
    add(demo_session, 7, "merged", 30, opened=day(15), segment="s1", into=1)
    found = read(demo_session, 1)
    assert found.id.tolist() == [1, 2, 3, 4, 5, 6], "of tickets that were merged one counts"
    assert found.repeat.tolist() == [False, True, True, False, False, False]


def test_facts_are_those_of_the_tables(demo_session: Session, city: City) -> None:
    tickets = add_tickets(demo_session, city, 300, seed=5)
    found = read(demo_session, city.id)
    assert len(found) == 300
    assert found.service.tolist() == tickets.service_id.tolist()
    assert found.reports.tolist() == tickets.report_count.tolist()
    for layer, labels in (("council", found.district), ("neighborhood", found.zones["neighborhood"])):
        theirs = [zones.get(layer) for zones in tickets.zones]
        assert [labels.names[code] if code >= 0 else None for code in labels.codes] == theirs
    assert np.isnan(found.lon).sum() == 0
    end = pd.to_datetime(tickets.closed_at).fillna(NOW)
    assert found.days(NOW) == pytest.approx((end - tickets.opened_at).dt.total_seconds() / 86_400)
    late = end > pd.to_datetime(tickets.due_at)
    assert found.late(NOW).tolist() == late.tolist()


def test_a_scope_and_its_groups(demo_session: Session, city: City) -> None:
    tickets = add_tickets(demo_session, city, 300, seed=6)
    found = read(demo_session, city.id)
    scope = Scope(city_id=city.id, begin=day(10), end=day(DAYS), district="1", service_ids=[1, 2, 3, 4])
    mine = (tickets.opened_at >= day(10)) & (tickets.district == "1") & tickets.service_id.isin([1, 2, 3, 4])
    chosen = found.within(scope)
    assert chosen.id.tolist() == found.id[mine.to_numpy()].tolist()
    assert len(found.within(Scope(city_id=1, begin=day(0), end=day(DAYS), district="none"))) == 0
    groups = {key: len(part) for key, part in chosen.groups(chosen.department)}
    departments = {row.id: row.department_id for row in demo_session.execute(text("select * from service"))}
    assert groups == tickets[mine].service_id.map(departments).value_counts().to_dict()


EVENTS = st.lists(
    st.tuples(st.integers(1, 2), st.integers(-1, 1), st.integers(-1, 2), st.integers(0, 200), st.integers(0, 120), st.booleans()),
    max_size=20,
)  # fmt: skip


@given(EVENTS)
def test_repeats_are_what_comparing_all_pairs_finds(
    tickets: list[tuple[int, int, int, int, int, bool]],
) -> None:
    origin = np.datetime64("2026-01-01", "us")
    opened = [origin + np.timedelta64(each[3], "D") for each in tickets]
    fixed = [
        at + np.timedelta64(each[4], "D") if each[5] else np.datetime64("NaT")
        for at, each in zip(opened, tickets, strict=True)
    ]

    def place(each: tuple[int, ...]) -> tuple[int, int, int]:
        return (each[0], each[1], -1) if each[1] >= 0 else (each[0], -1, each[2])

    expected = [
        (each[1] >= 0 or each[2] >= 0)
        and any(
            j != i and place(other) == place(each) and not np.isnat(fixed[j])
            and np.timedelta64(0, "D") <= opened[i] - fixed[j] <= np.timedelta64(90, "D")
            for j, other in enumerate(tickets)
        )
        for i, each in enumerate(tickets)
    ]  # fmt: skip
    columns = [np.array([each[k] for each in tickets], dtype=np.int32) for k in range(3)]
    found = repeats(
        columns[0].astype(np.int16), columns[1], columns[2],
        np.array(opened, dtype="datetime64[us]"), np.array(fixed, dtype="datetime64[us]"),
    )  # fmt: skip
    assert found.tolist() == expected
