"""Which open ticket does a new report repeat? A scored, explained answer from a small readable model.

The model is a multinomial logit with an outside option (McFadden 1974): each ticket within reach has a utility,
the sum of what each of its features says, and "a new problem" has utility 0. The score of a ticket is its share
exp(u) / (1 + sum of exp(u)), the probability that the report belongs to it; candidates compete, so a second equally
good ticket halves the score of the first.

`judge` decides for one report and the tickets at hand (the live path); `geo.matching.Matcher` for many reports in
time order (the bulk path). Both run the compiled functions of this module and of `geo.pair_features`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, compiled
from geo.pair_features import N_FEATURES, RECORD, is_candidate, pair_features, utility
from geo.text import UNKNOWN, Words, fold

SUGGESTIONS = 5
"""How many tickets are suggested at most."""
NONE, FLAGGED, JOINED = 0, 1, 2
DECISIONS = ("none", "flagged", "joined")
"""What the numbers of a decision stand for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Reports as arrays of one length n. What is left out is unknown, and unknown is no evidence."""

    x: ArrayLike
    """Metres in the city's metric CRS."""
    y: ArrayLike
    opened: ArrayLike
    """When it was made (of a ticket: when its first report was), seconds since 1970 UTC."""
    service: ArrayLike
    """Row of the service in the `Services` table."""
    matchable: ArrayLike | None = None
    """False for pins that may not be matched by place: flagged, at a fall-back point, without coordinates."""
    segment: ArrayLike | None = None
    """Any number that stands for the segment (`geo.text.key` of its id), -1 where unknown."""
    side: ArrayLike | None = None
    """Side of the segment: -1 left, 1 right, 0 unknown."""
    along_m: ArrayLike | None = None
    """Metres along the segment."""
    address: ArrayLike | None = None
    """`geo.text.address_key` of the address, -1 where unknown."""
    asset: ArrayLike | None = None
    """Any number that stands for the asset (`geo.text.key` of kind and id), -1 where unknown."""
    words: Words | None = None
    """`geo.text.words` of what was written."""
    closed: ArrayLike | None = None
    """When the city was done with it, seconds since 1970 UTC; NaN or infinite while it is not."""

    def records(self) -> NDArray[Any]:
        """Return the reports as one array of `geo.pair_features.RECORD`.

        Raises
        ------
        ValueError
            If an array has another length than ``x``, or a report that may be matched has no finite x, y or time.
        """
        n = np.size(self.x)
        out = np.zeros(n, RECORD)
        for name, values, unknown in self._columns():
            column = np.full(n, unknown) if values is None else np.atleast_1d(np.asarray(values))
            if column.shape != (n,):
                raise ValueError(f"{name} has {column.size} values for {n} reports")
            out[name] = column
        out["closed"][np.isnan(out["closed"])] = math.inf
        if self.words is not None:
            out["words_start"], out["words_stop"] = self.words.starts[:-1], self.words.starts[1:]
        finite = np.isfinite(out["x"]) & np.isfinite(out["y"]) & np.isfinite(out["opened"])
        if (out["matchable"] & ~finite).any():
            raise ValueError(
                "x, y and opened must be finite where matchable; clear matchable for pins without a place"
            )
        return out

    def word_keys(self) -> NDArray[np.int64]:
        """Return the word keys that the records point into."""
        return np.zeros(0, np.int64) if self.words is None else self.words.keys

    def _columns(self) -> list[tuple[str, ArrayLike | None, Any]]:
        return [
            ("x", self.x, math.nan),
            ("y", self.y, math.nan),
            ("opened", self.opened, math.nan),
            ("latest", self.opened, math.nan),
            ("closed", self.closed, math.inf),
            ("service", self.service, 0),
            ("matchable", self.matchable, True),
            ("segment", self.segment, UNKNOWN),
            ("side", self.side, 0),
            ("along", self.along_m, math.nan),
            ("address", self.address, UNKNOWN),
            ("asset", self.asset, UNKNOWN),
            ("reports", None, 1),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets(Reports):
    """Tickets as arrays of one length n, each in the place of the report that opened it, oldest (lowest id) first."""

    latest: ArrayLike
    """When its latest report was made, seconds since 1970 UTC."""
    reports: ArrayLike
    """How many reports it has."""

    def _columns(self) -> list[tuple[str, ArrayLike | None, Any]]:
        own = {"latest": self.latest, "reports": self.reports}
        return [
            (name, own.get(name, values), unknown)
            for name, values, unknown in super(Tickets, self)._columns()
        ]


@dataclass(frozen=True, slots=True)
class Services:
    """What the matching knows of a city's S services, made by `Model.bind`."""

    related: NDArray[np.bool_]
    """(S, S): may a report of the row's service belong to a ticket of the column's?"""
    affinity: Floats
    """(S, S) log-odds."""
    repeat_rate: Floats
    """(S,) log-odds."""
    auto: Floats
    """(S,) probability from which a report joins the ticket by itself; above 1: never."""
    flag: Floats
    """(S,) probability from which staff are asked."""
    reach_m: Floats
    """(S,) metres."""
    lookback_s: Floats
    """(S,) seconds for which a closed ticket is still a candidate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The four settings of a service's matching."""

    auto: float
    flag: float
    reach_m: float
    lookback_days: float


@dataclass(frozen=True, slots=True)
class Model:
    """The fitted coefficients. `webapp.intake.duplicates` reads and writes them."""

    knots: Floats
    """(F, K) values of each feature between which the weight is linear; padded with infinity."""
    weights: Floats
    """(F, K) log-odds at the knots."""
    missing: Floats
    """(F,) log-odds where the feature is unknown."""
    repeat_rates: Mapping[str, float]
    """Log-odds by service, shrunk to the city's own rate."""
    affinities: Mapping[tuple[str, str], float]
    """Log-odds by pair of services in alphabetical order, shrunk to the priors."""
    prior_repeat_rate: float
    prior_same: float
    """Affinity of a service with itself where nothing was learned."""
    prior_group: float
    """Affinity of two services of one group where nothing was learned."""
    limits: Limits
    about: Mapping[str, Any] = field(default_factory=dict)
    """The data, the date and the method of the fit."""

    def bind(
        self,
        services: Sequence[str],
        groups: Sequence[str] | None = None,
        overrides: Sequence[Mapping[str, float]] | None = None,
    ) -> Services:
        """Look up a city's services in the model; those it has never seen get the priors.

        Parameters
        ----------
        services
            Names or codes, compared without regard to case and punctuation.
        groups
            The group of each service: two services of one group are related, others only where history says so.
        overrides
            For each service, those of ``auto``, ``flag``, ``reach_m`` and ``lookback_days`` that differ from the
            model's.
        """
        names = [service_key(name) for name in services]
        n = len(names)
        affinity = np.full((n, n), -math.inf)
        if groups is not None:
            one_group = np.array([[a == b for b in groups] for a in groups], bool).reshape(n, n)
            affinity[one_group] = self.prior_group
        np.fill_diagonal(affinity, self.prior_same)
        rows = {name: row for row, name in enumerate(names)}
        for (a, b), value in self.affinities.items():
            if a in rows and b in rows:
                affinity[rows[a], rows[b]] = affinity[rows[b], rows[a]] = value
        own = overrides if overrides is not None else [{}] * n
        return Services(
            related=affinity > -math.inf,
            affinity=affinity,
            repeat_rate=np.array(
                [self.repeat_rates.get(name, self.prior_repeat_rate) for name in names], float
            ),
            auto=np.array([o.get("auto", self.limits.auto) for o in own], float),
            flag=np.array([o.get("flag", self.limits.flag) for o in own], float),
            reach_m=np.array([o.get("reach_m", self.limits.reach_m) for o in own], float),
            lookback_s=86400.0
            * np.array([o.get("lookback_days", self.limits.lookback_days) for o in own], float),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one report."""

    decision: int
    """`NONE`, `FLAGGED` or `JOINED`."""
    score: float
    """Probability that the report repeats any ticket within reach."""
    suggestions: Ints
    """(k,) positions of up to `SUGGESTIONS` tickets, best first; a report that joins, joins the first."""
    scores: Floats
    """(k,) probability that it belongs to each."""
    features: Floats
    """(k, F) why."""


def service_key(name: str) -> str:
    """Return the form of a service's name or code under which the model keeps it."""
    return "-".join("".join(c if c.isalnum() else " " for c in fold(name)).split())


def judge(report: Reports, tickets: Tickets, services: Services, model: Model) -> Verdict:
    """Score the tickets that one report may belong to, and decide.

    Parameters
    ----------
    report
        One report.
    tickets
        Tickets near by, oldest first: at least all that `candidate rule <geo.pair_features.is_candidate>` admits,
        and whatever else was cheaper to fetch than to leave out.
    services, model
        `Services` as bound by this model.
    """
    mine, theirs = report.records(), tickets.records()
    chosen = np.zeros(SUGGESTIONS, np.int64)
    scores = np.zeros(SUGGESTIONS)
    features = np.zeros((SUGGESTIONS, N_FEATURES))
    count, score, decision = _judge(
        mine[0],
        report.word_keys(),
        theirs,
        tickets.word_keys(),
        *tables(services, model),
        chosen,
        scores,
        features,
    )
    return Verdict(decision, score, chosen[:count].astype(np.int32), scores[:count], features[:count])


def tables(services: Services, model: Model) -> tuple[NDArray[Any], ...]:
    """Return what the compiled functions read, in the order they take it."""
    return (
        services.related,
        services.affinity,
        services.repeat_rate,
        services.auto,
        services.flag,
        services.reach_m,
        services.lookback_s,
        model.knots,
        model.weights,
        model.missing,
    )


@compiled
def _judge(  # type: ignore[no-untyped-def]
    report, words, tickets, ticket_words, related, affinity, repeat_rate, auto, flag, reach_m, lookback_s, knots,
    weights, missing, chosen, scores, features
):  # fmt: skip
    candidates = np.empty(len(tickets), np.int64)
    n = 0
    for i in range(len(tickets)):
        if is_candidate(report, tickets[i], related, reach_m, lookback_s):
            candidates[n] = i
            n += 1
    return rank(
        report, words, tickets, ticket_words, candidates[:n], affinity, repeat_rate, auto, flag, knots, weights,
        missing, chosen, scores, features
    )  # fmt: skip


@compiled
def rank(  # type: ignore[no-untyped-def]
    report, words, tickets, ticket_words, candidates, affinity, repeat_rate, auto, flag, knots, weights, missing,
    chosen, scores, features
):  # fmt: skip
    """Write the best candidates, their scores and features; return how many, the report's score and the decision."""
    n = len(candidates)
    utilities = np.empty(n)
    rows = np.empty((n, len(missing)))
    top = 0.0
    for c in range(n):
        pair_features(rows[c], report, words, tickets[candidates[c]], ticket_words, affinity, repeat_rate)
        utilities[c] = utility(rows[c], knots, weights, missing)
        top = max(top, utilities[c])
    total = math.exp(-top)
    for c in range(n):
        total += math.exp(utilities[c] - top)
    order = np.empty(n, np.int64)
    for c in range(n):
        # Insertion keeps the order exact under ties: score, then nearer, then older.
        k = c
        while k > 0 and _better(tickets, candidates, utilities, rows, c, order[k - 1]):
            order[k] = order[k - 1]
            k -= 1
        order[k] = c
    count = min(n, len(chosen))
    for k in range(count):
        chosen[k] = candidates[order[k]]
        scores[k] = math.exp(utilities[order[k]] - top) / total
        features[k] = rows[order[k]]
    score = 1.0 - math.exp(-top) / total
    if count == 0 or score < flag[report.service]:
        return count, score, NONE
    return count, score, JOINED if score >= auto[report.service] else FLAGGED


@compiled
def _better(tickets, candidates, utilities, rows, a, b):  # type: ignore[no-untyped-def]
    if utilities[a] != utilities[b]:
        return utilities[a] > utilities[b]
    if rows[a, 0] != rows[b, 0]:
        return rows[a, 0] < rows[b, 0]
    first, second = tickets[candidates[a]], tickets[candidates[b]]
    if first.opened != second.opened:
        return first.opened < second.opened
    return candidates[a] < candidates[b]
