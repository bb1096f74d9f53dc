"""Times of what is over and what is not, beside the textbook's way of counting them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.insight.durations import median_and_80th, quantiles, survival

TICKETS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=40)


def by_hand(tickets: list[tuple[int, bool]], part: Fraction) -> int | None:
    """The textbook: after each day with an end, multiply by the share of those still there that go on."""
    left = Fraction(1)
    for day in sorted({days for days, over in tickets if over}):
        at_risk = sum(days >= day for days, _ in tickets)
        ended = sum(days == day and over for days, over in tickets)
        left *= 1 - Fraction(ended, at_risk)
        if left <= 1 - part:
            return day
    return None


def arrays(tickets: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([t[0] for t in tickets], dtype=float), np.array([t[1] for t in tickets], dtype=bool)


@given(TICKETS)
def test_it_is_what_the_textbook_counts(tickets: list[tuple[int, bool]]) -> None:
    expected = by_hand(tickets, Fraction(1, 2)), by_hand(tickets, Fraction(4, 5))
    assert median_and_80th(*arrays(tickets)) == expected


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.sampled_from([0.1, 0.5, 0.8, 0.9]))
def test_where_all_is_over_it_is_the_plain_quantile(days: list[int], part: float) -> None:
    values = np.array(days, dtype=float)
    plain = np.quantile(values, part, method="inverted_cdf")
    assert quantiles(values, np.ones(len(days), dtype=bool), part) == (plain,)


@given(TICKETS, st.integers(1, 10))
def test_an_open_ticket_more_never_makes_a_city_faster(tickets: list[tuple[int, bool]], more: int) -> None:
    before = median_and_80th(*arrays(tickets))
    after = median_and_80th(*arrays([*tickets, *[(99, False)] * more]))
    for then, now in zip(before, after, strict=True):
        assert now is None or (then is not None and now >= then)


@given(TICKETS)
def test_an_interval_holds_its_quantile(tickets: list[tuple[int, bool]]) -> None:
    curve = survival(*arrays(tickets))
    median = curve.quantile(0.5)
    low, high = curve.interval(0.5)
    assert median is None or low <= median
    assert high is None or (median is not None and median <= high)


def test_the_interval_of_a_known_study() -> None:
    """Remission of leukaemia with 6-MP: Freireich and others 1963, as in the books on survival."""
    weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = survival(np.array(weeks, dtype=float), np.arange(21) < 9)
    assert curve.share == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=0.0005)
    assert curve.quantile(0.5) == 23
    assert np.sqrt(curve.spread) * curve.share == pytest.approx(
        [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=0.0001
    )
    assert curve.interval(0.5) == (13, None)


def test_nothing_has_no_time() -> None:
    assert median_and_80th(*arrays([])) == (None, None)
    assert survival(*arrays([])).interval(0.5) == (0.0, None)
