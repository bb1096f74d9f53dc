# mypy: allow-untyped-defs
"""The sequential matcher: reports in time order against all open tickets, opening and joining as it goes."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats, compiled
from geo.duplicates import SUGGESTIONS, Model, Reports, Tickets
from geo.pair_features import MOST_CANDIDATES, N_FEATURES, RECORD, Services, admit, features_of
from geo.scoring import JOINED, decide

_EMPTY = np.iinfo(np.int64).max
_NARROWEST_CELL_M = 10.0


@dataclass(frozen=True, slots=True)
class Decisions:
    """What became of n reports; tickets are named by their ordinal in the `Matcher`."""

    decision: NDArray[np.int8]
    """(n,) `NONE`, `FLAGGED` or `JOINED` of `geo.duplicates`."""
    ticket: NDArray[np.int64]
    """(n,) the ticket joined, or else opened."""
    score: Floats
    """(n,) probability that the report repeats any ticket within reach."""
    suggestions: NDArray[np.int64]
    """(n, 5) tickets it may repeat, best first, filled up with -1."""
    scores: Floats
    """(n, 5) the probability of each."""
    features: Floats
    """(n, F) features of the best suggestion; NaN where there is none."""


class Matcher:
    """Open and lately closed tickets in a grid, and the reports that arrive among them.

    Tickets get ordinals 0, 1, 2 … in the order in which they are added or opened.

    Parameters
    ----------
    services, model
        `Services` as bound by this model.
    """

    def __init__(self, services: Services, model: Model) -> None:
        self._services, self._weights = services, model.weights
        self._ground = _Ground.of(services)
        self._tickets = np.zeros(0, RECORD)
        self._count = 0
        self._words = np.zeros(0, np.int64)
        self._word_count = 0
        self._grid = _Grid.with_room(0)
        self._now = -math.inf

    def __len__(self) -> int:
        return self._count

    def add_tickets(self, tickets: Tickets) -> None:
        """Take in tickets that exist already, lowest id first."""
        records = self._with_words(tickets)
        self._make_room(len(records))
        self._tickets[self._count : self._count + len(records)] = records
        _insert(self._tickets, self._count, self._count + len(records), self._ground, self._grid)
        self._count += len(records)

    def match(self, reports: Reports) -> Decisions:
        """Decide for each report, in order; one that does not join opens a ticket that later ones may join.

        May be called again and again with later reports. A ticket is closed once all of its reports are.

        Raises
        ------
        ValueError
            If the reports are not in the order of their times, within this call and after earlier ones.
        """
        records = self._with_words(reports)
        times = records["opened"]
        if not (np.diff(times, prepend=self._now) >= 0).all():
            raise ValueError("reports must come in the order of their times, each with a time")
        n = len(records)
        self._make_room(n)
        out = Decisions(
            decision=np.zeros(n, np.int8),
            ticket=np.zeros(n, np.int64),
            score=np.zeros(n),
            suggestions=np.full((n, SUGGESTIONS), -1),
            scores=np.zeros((n, SUGGESTIONS)),
            features=np.full((n, N_FEATURES), math.nan),
        )
        self._count = _match(
            records, self._tickets, self._count, self._words, self._ground, self._grid, self._services,
            self._weights, out.decision, out.ticket, out.score, out.suggestions, out.scores, out.features,
        )  # fmt: skip
        self._now = float(times[-1]) if n else self._now
        return out

    def _with_words(self, reports: Reports) -> NDArray[Any]:
        """Return the records, pointing into this matcher's own words."""
        records, keys = reports.records(), reports.word_keys()
        records["words_start"] += self._word_count
        records["words_stop"] += self._word_count
        needed = self._word_count + len(keys)
        if needed > len(self._words):
            room = np.zeros(max(needed, 2 * len(self._words)), np.int64)
            room[: self._word_count] = self._words[: self._word_count]
            self._words = room
        self._words[self._word_count : needed] = keys
        self._word_count = needed
        return records

    def _make_room(self, more: int) -> None:
        """Make tickets and grid large enough for `more` tickets, and forget none."""
        needed = self._count + more
        if needed <= len(self._tickets):
            return
        room = max(needed, 2 * len(self._tickets))
        self._tickets = np.concatenate([self._tickets[: self._count], np.zeros(room - self._count, RECORD)])
        self._grid = _Grid.with_room(room)
        _insert(self._tickets, 0, self._count, self._ground, self._grid)


class Pairs(NamedTuple):
    """Pairs of a report and an earlier one that it may repeat, in the order of the reports."""

    report: NDArray[np.int64]
    ticket: NDArray[np.int64]
    features: Floats
    """(pairs, F): `geo.pair_features.FEATURES`."""


def pairs(reports: Reports, services: Services, opener: NDArray[np.int64] | None = None) -> Pairs:
    """Return each report with its candidates: what a model is fitted on.

    Parameters
    ----------
    reports
        In the order of their times.
    opener
        (n,) position of the report that opened the ticket of each, itself for those that did; a report
        joins that ticket after it was compared. Every report a ticket of its own where not given.

    Raises
    ------
    ValueError
        If the reports are not in the order of their times, or a ticket is opened after a report joins it.
    """
    records = reports.records()
    if not (np.diff(records["opened"]) >= 0).all():
        raise ValueError("reports must come in the order of their times, each with a time")
    each = np.arange(len(records))
    opener = each if opener is None else opener
    if (opener > each).any() or (opener[opener] != opener).any():
        raise ValueError("opener must name an earlier report that opened a ticket, or the report itself")
    grid = _Grid.with_room(len(records))
    words, ground = reports.word_keys(), _Ground.of(services)
    return Pairs(*_pairs(records, records.copy(), opener, words, ground, grid, services, N_FEATURES))


class _Ground(NamedTuple):
    """How tickets are spread over cells."""

    cell_m: float
    """As wide as the longest reach, so candidates lie in 3 × 3 cells."""
    keep_s: float
    """The longest look-back: a ticket closed for longer is nobody's candidate."""
    family: NDArray[np.int64]
    """(S,) Services that are related, directly or through others, have one; each has cells of its own."""

    @classmethod
    def of(cls, services: Services) -> "_Ground":
        n = len(services.related)
        family = np.arange(n)
        while True:
            lowest = np.where(services.related | services.related.T, family, n).min(axis=1, initial=n)
            if (lowest >= family).all():
                break
            family = np.minimum(family, lowest)
        return cls(
            float(services.reach_m.max(initial=_NARROWEST_CELL_M)),
            float(services.lookback_s.max(initial=0.0)),
            family,
        )


_LINK = np.dtype(
    [("x", "f8"), ("y", "f8"), ("closed", "f8"), ("following", "i8"), ("service", "i4")], align=True
)
"""What tells most tickets of a cell from candidates, in one line of the processor's cache."""


class _Grid(NamedTuple):
    """An open-addressed hash of cells; each cell heads a chain of tickets, the newest first."""

    keys: NDArray[np.int64]
    heads: NDArray[np.int64]
    links: NDArray[Any]
    """(n,) `_LINK` of each ticket."""

    @classmethod
    def with_room(cls, tickets: int) -> "_Grid":
        slots = 1 << max(2 * tickets, 16).bit_length()
        return cls(np.full(slots, _EMPTY), np.full(slots, -1), np.zeros(tickets, _LINK))


@compiled
def _slot(column, row, family, keys):
    """Return where a cell of a family is, or would be put, and its key."""
    cell = (np.int64(column) << 40) | ((np.int64(row) & 0xFFFFFF) << 16) | family
    mask = len(keys) - 1
    # Fibonacci hashing spreads neighbouring cells over the table (Knuth, TAOCP 6.4).
    at = ((np.uint64(cell) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & np.uint64(mask)
    while keys[at] != _EMPTY and keys[at] != cell:
        at = (at + np.uint64(1)) & np.uint64(mask)
    return np.int64(at), cell


@compiled
def _insert(tickets, start, stop, ground, grid):
    for i in range(start, stop):
        if not tickets[i].matchable:
            continue
        column, row = math.floor(tickets[i].x / ground.cell_m), math.floor(tickets[i].y / ground.cell_m)
        at, cell = _slot(column, row, ground.family[tickets[i].service], grid.keys)
        grid.keys[at] = cell
        link = grid.links[i]
        link.x, link.y, link.closed = tickets[i].x, tickets[i].y, tickets[i].closed
        link.service, link.following = tickets[i].service, grid.heads[at]
        grid.heads[at] = i


@compiled
def _near(report, tickets, ground, grid, services):
    """Return the candidates, lowest ordinal first."""
    found, squares = np.empty(MOST_CANDIDATES, np.int64), np.empty(MOST_CANDIDATES)
    n = 0
    heads, links = grid.heads, grid.links
    reach, related = services.reach_m[report.service], services.related[report.service]
    column, row = math.floor(report.x / ground.cell_m), math.floor(report.y / ground.cell_m)
    for cx in range(column - 1, column + 2):
        for cy in range(row - 1, row + 2):
            at, _ = _slot(cx, cy, ground.family[report.service], grid.keys)
            before = -1
            i = heads[at]
            while i >= 0:
                link = links[i]
                after = link.following
                if report.opened - link.closed >= ground.keep_s:
                    # Time only goes on: nobody will ask for this ticket again.
                    if before < 0:
                        heads[at] = after
                    else:
                        links[before].following = after
                else:
                    before = i
                    dx, dy = report.x - link.x, report.y - link.y
                    if dx * dx + dy * dy <= reach * reach and related[link.service]:
                        n = admit(i, report, tickets, services, found, squares, n)
                i = after
    return np.sort(found[:n])


@compiled
def _match(
    reports, tickets, count, words, ground, grid, services, weights,
    decision, ticket, score, suggestions, scores, features,
):  # fmt: skip
    best = np.empty((suggestions.shape[1], features.shape[1]))
    for r in range(len(reports)):
        report = reports[r]
        if report.matchable:
            candidates = _near(report, tickets, ground, grid, services)
            written, score[r], decision[r] = decide(
                report, words, tickets, words, candidates, services, weights, suggestions[r], scores[r], best
            )
            if written > 0:
                features[r] = best[0]
        if decision[r] == JOINED:
            ticket[r] = suggestions[r, 0]
            _join(tickets, grid, ticket[r], report)
        else:
            ticket[r] = count
            tickets[count] = report
            _insert(tickets, count, count + 1, ground, grid)
            count += 1
    return count


@compiled
def _join(tickets, grid, i, report):
    tickets[i].opened = min(tickets[i].opened, report.opened)
    tickets[i].latest = max(tickets[i].latest, report.opened)
    tickets[i].closed = max(tickets[i].closed, report.closed)
    grid.links[i].closed = tickets[i].closed
    tickets[i].reports += 1


@compiled
def _pairs(reports, tickets, opener, words, ground, grid, services, width):
    of_report, of_ticket = np.empty(1024, np.int64), np.empty(1024, np.int64)
    features = np.empty((1024, width))
    count = 0
    for r in range(len(reports)):
        if reports[r].matchable:
            candidates = _near(reports[r], tickets, ground, grid, services)
            n = len(candidates)
            while count + n > len(of_report):
                of_report = np.concatenate((of_report, np.empty_like(of_report)))
                of_ticket = np.concatenate((of_ticket, np.empty_like(of_ticket)))
                features = np.concatenate((features, np.empty_like(features)))
            of_report[count : count + n] = r
            of_ticket[count : count + n] = candidates
            features_of(features[count : count + n], reports[r], words, tickets, words, candidates, services)
            count += n
        if opener[r] == r:
            _insert(tickets, r, r + 1, ground, grid)
        else:
            _join(tickets, grid, opener[r], reports[r])
    return of_report[:count], of_ticket[:count], features[:count]
