"""Many reports in time order: the bulk path must come to what the live path comes to, one by one."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.duplicates import JOINED, SUGGESTIONS, Model, Reports, Tickets, judge
from geo.matching import Decisions, Matcher, pairs
from geo.pair_features import Services
from geo.text import Words, words
from tests.geo.matching_oracle import GROUPS, SERVICES, model

HOUR, DAY = 3600.0, 86400.0
REACH_M = 60.0
PHRASES = ["", "lamp broken", "broken lamp again", "deep hole", "red paint"]


def reports(rows: list[tuple[Any, ...]]) -> Reports:
    """Return rows of (x, y, opened, service, closed after, matchable, asset, address, phrase) as reports."""
    x, y, opened, service, lasted, matchable, asset, address, phrase = map(list, zip(*rows, strict=True))
    return Reports(
        x=np.array(x, float),
        y=np.array(y, float),
        opened=np.array(opened, float),
        service=np.array(service),
        closed=np.array(opened, float) + np.array(lasted, float),
        matchable=np.array(matchable),
        asset=np.array(asset),
        address=np.array(address),
        words=words(phrase),
        segment=np.where(np.array(asset) > 0, 3, -1),
        side=np.ones(len(rows), int),
        along_m=np.array(x, float),
    )


def row(reports: Reports, i: int) -> dict[str, Any]:
    """Return the columns of one report."""
    names = (
        "x",
        "y",
        "opened",
        "service",
        "closed",
        "matchable",
        "asset",
        "address",
        "segment",
        "side",
        "along_m",
    )
    return {name: np.asarray(getattr(reports, name))[i] for name in names}


@dataclass
class OneByOne:
    """The live path: each report is judged by itself against all tickets there are."""

    services: Services
    model: Model
    tickets: list[dict[str, Any]] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)

    def take(
        self, reports: Reports, phrases: list[str]
    ) -> list[tuple[int, int, float, list[int], list[float]]]:
        told = []
        for i in range(len(reports.x)):
            mine = row(reports, i)
            report = Reports(**{name: [value] for name, value in mine.items()}, words=words([phrases[i]]))
            verdict = judge(report, self._tickets(), self.services, self.model)
            suggestions = verdict.suggestions.tolist()
            if verdict.decision == JOINED:
                ticket = suggestions[0]
                self.tickets[ticket]["latest"] = mine["opened"]
                self.tickets[ticket]["reports"] += 1
                self.tickets[ticket]["closed"] = max(self.tickets[ticket]["closed"], mine["closed"])
            else:
                ticket = len(self.tickets)
                self.tickets.append(mine | {"latest": mine["opened"], "reports": 1})
                self.phrases.append(phrases[i])
            told.append((verdict.decision, ticket, verdict.score, suggestions, verdict.scores.tolist()))
        return told

    def _tickets(self) -> Tickets:
        names = (
            self.tickets[0]
            if self.tickets
            else dict.fromkeys(("x", "y", "opened", "service", "latest", "reports"))
        )
        columns = {name: np.array([ticket[name] for ticket in self.tickets]) for name in names}
        return Tickets(**columns, words=words(self.phrases))


def told_by(decisions: Decisions) -> list[tuple[int, int, float, list[int], list[float]]]:
    return [
        (
            int(decisions.decision[i]),
            int(decisions.ticket[i]),
            float(decisions.score[i]),
            decisions.suggestions[i][decisions.suggestions[i] >= 0].tolist(),
            decisions.scores[i][decisions.suggestions[i] >= 0].tolist(),
        )
        for i in range(len(decisions.decision))
    ]


# On a lattice of the reach, so that many pins lie exactly on the edges of cells and exactly within reach.
COORDINATES = st.one_of(
    st.integers(-4, 4).map(lambda step: step * REACH_M / 2), st.floats(-130, 130).map(lambda x: round(x, 1))
)
ROWS = st.lists(
    st.tuples(
        COORDINATES,
        COORDINATES,
        st.integers(0, 200).map(lambda h: h * HOUR),
        st.integers(0, 3),
        st.sampled_from([HOUR, DAY, 3 * DAY, np.inf]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([-1, 1, 2]),
        st.sampled_from([-1, 7]),
        st.sampled_from(PHRASES),
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: sorted(rows, key=lambda row: row[2]))


@given(ROWS, st.sampled_from([0.2, 0.6, 1.01]))
def test_many_at_once_are_decided_as_one_by_one(rows: list[tuple[Any, ...]], auto: float) -> None:
    fitted = model(auto=auto, reach_m=REACH_M)
    services = fitted.bind(SERVICES, GROUPS, [{}, {"reach_m": 30.0}, {"lookback_days": 0.5}, {}])
    phrases = [row[-1] for row in rows]
    expected = OneByOne(services, fitted).take(reports(rows), phrases)
    assert told_by(Matcher(services, fitted).match(reports(rows))) == expected


@given(ROWS, st.data())
@settings(max_examples=20)
def test_batches_and_tickets_from_before_change_nothing(
    rows: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    fitted = model(auto=0.5, reach_m=REACH_M)
    services = fitted.bind(SERVICES, GROUPS)
    whole = told_by(Matcher(services, fitted).match(reports(rows)))
    cut = data.draw(st.integers(0, len(rows)))
    before, after = rows[:cut], rows[cut:]
    batched = Matcher(services, fitted)
    told = told_by(batched.match(reports(before))) if before else []
    assert told + (told_by(batched.match(reports(after))) if after else []) == whole
    # As the next load would find them: in the database.
    live = OneByOne(services, fitted)
    if before and after:
        live.take(reports(before), [row[-1] for row in before])
        resumed = Matcher(services, fitted)
        resumed.add_tickets(live._tickets())
        assert told_by(resumed.match(reports(after))) == whole[cut:]


@given(ROWS)
@settings(max_examples=20)
def test_pairs_are_all_candidates_of_all_reports(rows: list[tuple[Any, ...]]) -> None:
    fitted = model(auto=1.01, reach_m=REACH_M)
    services = fitted.bind(SERVICES, GROUPS)
    found = pairs(reports(rows), services)
    live = OneByOne(services, fitted)
    told = live.take(reports(rows), [row[-1] for row in rows])
    for i, (_, _, _, suggestions, _) in enumerate(told):
        mine = found.ticket[found.report == i]
        assert (np.diff(mine) > 0).all()
        if len(mine) <= SUGGESTIONS:
            assert sorted(suggestions) == mine.tolist()
        else:
            assert set(suggestions) < set(mine.tolist())
    assert (np.diff(found.report) >= 0).all()


def test_a_ticket_stays_open_until_all_its_reports_are_closed() -> None:
    fitted = model(auto=0.1)
    services = fitted.bind(["light"])
    rows = [
        (0, 0, 0.0, 0, HOUR, True, -1, -1, ""),
        (0, 0, 0.5 * HOUR, 0, 9 * DAY, True, -1, -1, ""),
        (0, 0, 8 * DAY, 0, HOUR, True, -1, -1, ""),
    ]
    decisions = Matcher(services, fitted).match(reports(rows))
    assert decisions.ticket[:2].tolist() == [0, 0]
    assert decisions.suggestions[2, 0] == 0


def test_it_grows_with_what_comes() -> None:
    fitted = model(auto=1.01, reach_m=5.0)
    services = fitted.bind(["light"])
    matcher = Matcher(services, fitted)
    for batch in range(6):
        places = np.arange(500.0) * 20.0
        told = matcher.match(
            Reports(x=places, y=np.zeros(500), opened=np.full(500, float(batch)), service=np.zeros(500, int))
        )
        expected = np.arange(500) + 500 * np.arange(batch)[::-1, None]
        assert (expected[:5] == told.suggestions[:, : min(batch, 5)].T).all()
    assert len(matcher) == 3000


def test_what_came_earlier_must_be_told_earlier() -> None:
    fitted = model()
    matcher = Matcher(fitted.bind(["light"]), fitted)
    one = Reports(x=[0.0], y=[0.0], opened=[5.0], service=[0])
    matcher.match(one)
    matcher.match(one)
    with pytest.raises(ValueError, match="order of their times"):
        matcher.match(Reports(x=[0.0], y=[0.0], opened=[4.0], service=[0]))
    with pytest.raises(ValueError, match="order of their times"):
        matcher.match(Reports(x=[0.0, 0.0], y=[0.0, 0.0], opened=[9.0, 8.0], service=[0, 0]))
    with pytest.raises(ValueError, match="order of their times"):
        pairs(Reports(x=[0.0, 0.0], y=[0.0, 0.0], opened=[9.0, 8.0], service=[0, 0]), fitted.bind(["light"]))


def test_nothing_comes_to_nothing() -> None:
    fitted = model()
    none = Reports(
        x=[],
        y=[],
        opened=[],
        service=np.zeros(0, int),
        words=Words(np.zeros(1, np.int64), np.zeros(0, np.int64)),
    )
    matcher = Matcher(fitted.bind(["light"]), fitted)
    assert len(matcher.match(none).decision) == len(matcher) == 0
    assert len(pairs(none, fitted.bind(["light"])).report) == 0
