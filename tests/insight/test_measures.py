"""Figures of a period, its order of merit, and the places that are done again and again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

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
from webapp.insight.gathering import read
from webapp.insight.leagues import FEWEST, league, wilson
from webapp.insight.measures import Measures, Window, before, by_key, measured, year_before
from webapp.insight.periods import Period
from webapp.insight.worst import worst

BEGIN, END = FIRST + timedelta(days=30), FIRST + timedelta(days=60)
NOW = FIRST + timedelta(days=DAYS)
WINDOW = Window(BEGIN, END, NOW)


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def tickets(demo_session: Session, city: City) -> pd.DataFrame:
    return add_tickets(demo_session, city, 400, seed=1)


def counted(tickets: pd.DataFrame) -> dict[str, object]:
    """Count with pandas what takes no survival curve."""
    tickets = tickets.assign(
        closed_at=pd.to_datetime(tickets.closed_at), due_at=pd.to_datetime(tickets.due_at)
    )
    mine = tickets[(tickets.opened_at >= BEGIN) & (tickets.opened_at < END)]
    backlog = tickets[(tickets.opened_at < END) & ~(tickets.closed_at < END)]
    ages = (END - backlog.opened_at).dt.total_seconds() / 86_400
    decided = mine[mine.due_at.notna() & (mine.closed_at.notna() | (mine.due_at < NOW))]
    on_time = decided.closed_at <= decided.due_at
    return {
        "received": len(mine),
        "reports": int(mine.report_count.sum()),
        "closed": int(((tickets.closed_at >= BEGIN) & (tickets.closed_at < END)).sum()),
        "open": len(backlog),
        "old": int((ages > 30).sum()),
        "open_days": pytest.approx(ages.median()) if len(ages) else None,
        "overdue": int((mine.closed_at.isna() & (mine.due_at < NOW)).sum()),
        "promised": len(decided),
        "on_time": pytest.approx(on_time.mean()) if len(decided) else None,
        "finished": int(mine.status.isin(["done", "confirmed"]).sum()),
    }


def same(found: Measures, expected: dict[str, object]) -> None:
    assert {name: getattr(found, name) for name in expected} == expected


def test_figures_are_what_pandas_counts(demo_session: Session, city: City, tickets: pd.DataFrame) -> None:
    facts = read(demo_session, city.id)
    same(measured(facts, WINDOW), counted(tickets))
    by_district = by_key(facts, facts.district.codes, WINDOW)
    assert len(by_district) > 1
    for code, found in by_district.items():
        name = facts.district.names[code] if code >= 0 else None
        same(found, counted(tickets[tickets.district == name] if name else tickets[tickets.district.isna()]))


def test_of_no_tickets_there_are_no_figures(demo_session: Session, city: City, tickets: pd.DataFrame) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    found = measured(read(demo_session, city.id), Window(long_ago, long_ago + timedelta(days=9), NOW))
    assert (found.received, found.open, found.on_time, found.median_days, found.reopened) == (
        0,
        0,
        None,
        None,
        None,
    )


def test_the_periods_before() -> None:
    leap = Period(date(2024, 2, 1), date(2024, 2, 29))
    assert before(leap) == Period(date(2024, 1, 3), date(2024, 1, 31))
    assert year_before(leap) == Period(date(2023, 2, 1), date(2023, 2, 28))


def test_one_quick_fix_tops_no_league() -> None:
    found = league(
        {"lucky": (1, 1), "good": (980, 1000), "fair": (47, 50), "slow": (500, 1000), "none": (0, 0)}
    )
    assert [place.key for place in found] == ["good", "fair", "slow", "lucky"]
    best, fair, slow, lucky = found
    assert (best.best, best.worst) == (1, 2), "the next is of few: its interval reaches as high"
    assert (slow.best, slow.worst) == (3, 3)
    assert (lucky.best, lucky.worst) == (None, None)
    assert slow.share < fair.drawn < best.drawn
    assert lucky.drawn < lucky.share
    assert league({}) == []


COUNTS = st.lists(
    st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    min_size=1,
    max_size=12,
)


@given(COUNTS)
def test_a_league_is_fair(counts: list[tuple[int, int]]) -> None:
    found = league(dict(enumerate(counts)))
    assert sorted(place.key for place in found) == list(range(len(counts)))
    ranked = [place for place in found if place.best is not None]
    assert all(place.of >= FEWEST for place in ranked)
    total = sum(part for part, _ in counts) / sum(of for _, of in counts)
    for place in found:
        low, high = sorted([place.share, total])
        assert low - 1e-9 <= place.drawn <= high + 1e-9
        assert 0 <= place.low <= place.share <= place.high <= 1
    for number, place in enumerate(ranked, start=1):
        assert place.best is not None
        assert place.worst is not None
        assert 1 <= place.best <= place.worst <= len(ranked)
        assert place.best <= len([each for each in ranked if each.high >= place.low])
        assert number


def test_the_interval_of_a_share() -> None:
    """Of the table in Newcombe 1998, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=0.00005)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=0.00005)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=0.00005)


def test_the_worst_places_are_those_that_are_done_again(demo_session: Session, city: City) -> None:
    add_tickets(demo_session, city, 30, seed=4)
    ids = demo_session.scalars(text("select id from ticket order by id")).all()
    closings = "closed_at = case when status = 'assigned' then null else opened_at + interval '1 day' end"
    demo_session.execute(
        text("update ticket set service_id = 1, status = 'done', closed_at = opened_at, segment_id = null")
    )
    for rank, (place, count) in enumerate((("s1", 5), ("s2", 3), ("s3", 1))):
        demo_session.execute(
            text(
                f"update ticket set segment_id = :place, opened_at = :first + (id - :least) * interval '9 days', {closings}"
                " where id >= :least and id < :least + :count"
            ),
            {"place": place, "count": count, "least": ids[rank * 6], "first": FIRST},
        )
        demo_session.execute(
            text(f"update ticket set {closings} where segment_id = :place"), {"place": place}
        )
    demo_session.execute(
        text(
            "insert into timeline (city_id, ticket_id, at, kind, actor) select 1, id, closed_at, 'done', 'staff' from ticket"
        )
    )
    found = worst(read(demo_session, city.id), "segment", most=10)
    assert [(each.id, each.tickets, each.visits, each.repeats) for each in found] == [
        ("s1", 5, 5, 4),
        ("s2", 3, 3, 2),
    ]
    assert found[0].ticket_ids == list(ids[:5])
    assert np.hypot(found[0].lon + 0, found[0].lat) > 1
    assert [each.id for each in worst(read(demo_session, city.id), "segment", most=1)] == ["s1"]
    assert worst(read(demo_session, city.id), "asset", most=10) == []
