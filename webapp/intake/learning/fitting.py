"""Fits the matching's coefficients to a city's past.

The model of `geo.scoring`, by penalised maximum likelihood: coefficients are drawn to what `curves` expects
of them, affinities of services to 0. Of each report the city said one of three things: it repeats this
ticket, it repeats some ticket, unknown which, or none. The second is as likely as that it repeats any
candidate.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo import matching
from geo.arrays import Floats
from geo.calibration import NEVER
from geo.duplicates import Limits, Model, ServiceHistory, service_key
from geo.pair_features import FEATURES, doublings_of_a_day
from geo.scoring import Weights
from webapp.intake.learning.curves import Curve, hats, in_order
from webapp.intake.learning.history import History

REACH_M = 250.0
LOOKBACK_DAYS = 14.0
_LINKS_OF_RELATED_GROUPS = 2
"""So many linked pairs make two groups of services related; of two services one is enough."""
_SHRINK_REPEATS, _SHRINK_USUAL = 30.0, 10.0
"""Reports of the average service that are added to each service's own."""
_SHORTEST_H = 1.0 / 6.0
_AFFINITY_PRECISION = 4.0
_NESTING, _NESTING_PRECISION = 0.5, 10.0
"""So firm that a short past does not drive it to 0, where the best candidate is always thought certain."""
HABITS = {"newest": 36.0, "afar": 4.0, "one_address": 4.0}
"""What is learned of each service, by its name in `ServiceHistory` and `FEATURES`, and one over the variance
that is expected of it."""
_NEGLIGIBLE = 0.05
_DOUBTFUL_COUNTS = 0.5
"""A report that nobody called a repeat, though it looks like one nobody marked, counts for so much."""

Names = tuple[str, str]
NONE, THIS, SOME, UNKNOWN = range(4)
"""What may have been said of a report: it repeats none, this ticket, some ticket; or nothing."""


def fit(history: History) -> Model:
    """Return the model that a history supports best; its thresholds are yet to be chosen."""
    draft = _draft(history)
    found = matching.pairs(history.reports, draft.bind(history.services, history.groups))
    return solve(draft, Problem.of(history, found), Prior(in_order()))


def _draft(history: History) -> Model:
    """Return what can be counted: repeat rates, usual times, and which services are related."""
    n = len(history.services)
    reports = np.bincount(history.service, minlength=n)
    repeats = np.bincount(history.service, history.repeats, minlength=n)
    overall = (history.repeats.sum() + 1.0) / (len(history) + 2.0)
    share = (repeats + _SHRINK_REPEATS * overall) / (reports + _SHRINK_REPEATS)
    # What is still open has taken at least as long as until the last report.
    lasted_h = (np.minimum(history.closed, history.opened[-1]) - history.opened) / 3600.0
    logs = np.log(np.maximum(lasted_h, _SHORTEST_H))
    usual = (np.bincount(history.service, logs, minlength=n) + _SHRINK_USUAL * np.median(logs)) / (
        reports + _SHRINK_USUAL
    )
    names = [service_key(name) for name in history.services]
    groups = [service_key(group) for group in history.groups]
    linked = history.service[history.links].tolist()
    across = Counter(_names(groups, a, b) for a, b in linked if groups[a] != groups[b])
    return Model(
        weights=Weights(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0), 1.0),
        services={
            name: ServiceHistory(math.log(p / (1.0 - p)), math.exp(log))
            for name, p, log in zip(names, share.tolist(), usual.tolist(), strict=True)
        },
        unknown_service=ServiceHistory(math.log(overall / (1.0 - overall)), float(np.exp(np.median(logs)))),
        affinities={_names(names, a, b): 0.0 for a, b in linked if a != b},
        related_groups=frozenset(two for two, n in across.items() if n >= _LINKS_OF_RELATED_GROUPS),
        limits=Limits(NEVER, NEVER, REACH_M, LOOKBACK_DAYS),
    )


def _names(names: list[str], a: int, b: int) -> Names:
    return (names[a], names[b]) if names[a] <= names[b] else (names[b], names[a])


class Problem(NamedTuple):
    """The training table: a row for each pair of a report and a candidate, the pairs of a report together."""

    features: Floats
    of_services: NDArray[np.intp]
    """Position in ``services`` of each pair's two services."""
    services: list[Names]
    habits: list[Any]
    """For each of `HABITS` sparse (pairs, services in ``own``): in the column of the report's, what its habit
    is multiplied by."""
    own: list[str]
    """The services of the reports."""
    right: Floats
    """1 where the city said that the report repeats this candidate."""
    starts: NDArray[np.intp]
    """Where the pairs of each report start."""
    said: NDArray[np.int8]
    """What the city said of each report."""
    counts: Floats
    """How much each report counts."""

    @classmethod
    def of(cls, history: History, found: matching.Pairs) -> Problem:
        """Return the table of a history, where every report was a ticket of its own."""
        right = np.isin(found.report * len(history) + found.ticket, history.links @ [len(history), 1])
        some = history.repeats & ~history.came_first & ~history.linked
        said = np.where(some, SOME, np.where(history.linked, UNKNOWN, NONE))
        said[found.report[right]] = THIS
        counts = np.ones(len(history))
        counts[found.report[doubtful(found.features)]] = _DOUBTFUL_COUNTS
        counts[said != NONE] = 1.0
        return cls.of_pairs(found, right, said, history.service, history.services, counts)

    @classmethod
    def of_pairs(
        cls,
        found: matching.Pairs,
        right: NDArray[np.bool_],
        said: NDArray[np.integer[Any]],
        service: NDArray[np.integer[Any]],
        services: Sequence[str],
        counts: Floats | None = None,
    ) -> Problem:
        """Return the table of pairs.

        Parameters
        ----------
        right
            (pairs,) whether the report repeats the candidate.
        said, service
            (reports,) what was said of each, and the position in ``services`` of its service.
        counts
            (reports,) how much each counts; 1 where not given.
        """
        report, starts = np.unique(found.report, return_index=True)
        weight = np.ones(len(report)) if counts is None else counts[report]
        names = [service_key(name) for name in services]
        two = np.sort(service[np.column_stack([found.report, found.ticket])], axis=1)
        distinct, of_services = np.unique(two, axis=0, return_inverse=True)
        pairs = [_names(names, a, b) for a, b in distinct.tolist()]
        habits, own = _habits(found, starts, [names[row] for row in service.tolist()])
        return cls(
            found.features,
            of_services,
            pairs,
            habits,
            own,
            right.astype(float),
            starts,
            said[report].astype(np.int8),
            weight,
        )


def _habits(found: matching.Pairs, starts: NDArray[np.intp], names: list[str]) -> tuple[list[Any], list[str]]:
    """Return `Problem.habits` and the services that their columns are of."""
    from scipy.sparse import csr_array

    of = dict(zip(FEATURES, found.features.T, strict=True))
    gap = np.minimum.reduceat(of["gap_h"], starts)
    doublings = np.array([doublings_of_a_day(hours) for hours in gap.tolist()])
    sizes = np.diff(starts, append=len(found.report))
    own, column = np.unique([names[row] for row in found.report.tolist()], return_inverse=True)
    at = np.arange(len(found.report)), column
    shape = len(column), len(own)
    times = {
        "newest": np.repeat(doublings, sizes),
        "afar": of["distance_m"] / 100.0,
        "one_address": (of["same_address"] == 1.0).astype(float),
    }
    return [csr_array((times[name], at), shape=shape) for name in HABITS], own.tolist()


def doubtful(features: Floats) -> NDArray[np.bool_]:
    """Return which pairs (n, F) may be of one problem though nobody said so.

    Two reports of one service from one place within a day: many are, and were never marked.
    """
    of = dict(zip(FEATURES, features.T, strict=True))
    one_place = (of["same_address"] == 1.0) | (np.isnan(of["same_address"]) & (of["distance_m"] < 1.0))
    found: NDArray[np.bool_] = (of["same_service"] == 1.0) & one_place & (of["gap_h"] < 24.0)
    return found


class Prior(NamedTuple):
    """What is believed before a past is looked at, and how firmly."""

    curves: Sequence[Curve]
    """In the order of `FEATURES`."""
    affinity_precision: float = _AFFINITY_PRECISION
    nesting: float = _NESTING
    nesting_precision: float = _NESTING_PRECISION
    unknown_is_average: bool = True
    """What was always known counts, where it is unknown, as it did on average; else as the curves say."""
    learns_habits: bool = True
    """Whether what is peculiar to each service is learned; else it stays as the draft has it."""


def solve(draft: Model, problem: Problem, prior: Prior) -> Model:
    """Return the model with weights and habits of services that a table supports best, drawn to a prior.

    Affinities and habits are those beyond what the draft, with which the features were made, has already.
    """
    from scipy.optimize import minimize
    from scipy.sparse import hstack

    design = _Design.of(problem.features, prior.curves)
    n_coefficients, n_pairs = len(design.expected), len(problem.services)
    own = problem.own if prior.learns_habits else []
    habits_of = hstack([columns[:, : len(own)] for columns in problem.habits], format="csr")
    firm = np.repeat(list(HABITS.values()), len(own))
    parts = np.cumsum([n_coefficients, n_pairs, len(firm)])
    expected = np.concatenate([design.expected, np.zeros(n_pairs + len(firm)), [math.log(prior.nesting)]])
    precision = np.concatenate(
        [
            design.precision,
            np.full(n_pairs, prior.affinity_precision),
            firm,
            [prior.nesting_precision],
        ]
    )

    def loss(theta: Floats) -> tuple[float, Floats]:
        coefficients, affinity, habits, nesting = np.split(theta, parts)
        utility = design.offset + design.columns @ coefficients + affinity[problem.of_services]
        utility += habits_of @ habits
        likelihood, by_utility, by_nesting = likelihood_of(utility, math.exp(nesting[0]), problem)
        away = theta - expected
        gradient = np.concatenate(
            [
                design.columns.T @ by_utility,
                np.bincount(problem.of_services, by_utility, minlength=n_pairs),
                habits_of.T @ by_utility,
                [by_nesting * math.exp(nesting[0])],
            ]
        )
        return 0.5 * precision @ away**2 - likelihood, precision * away - gradient

    found = minimize(loss, expected, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    coefficients, affinity, habits, nesting = np.split(found.x, parts)
    weights = design.weights(prior, coefficients, math.exp(nesting[0]))
    affinities = dict(draft.affinities)
    for names, more in zip(problem.services, affinity.tolist(), strict=True):
        if names in affinities or abs(more) >= _NEGLIGIBLE:
            affinities[names] = affinities.get(names, 0.0) + more
    services = dict(draft.services)
    for name, more in zip(own, habits.reshape(len(HABITS), -1).T.tolist(), strict=True):
        before = services[name]
        learned = {habit: getattr(before, habit) + x for habit, x in zip(HABITS, more, strict=True)}
        services[name] = replace(before, **learned)
    return replace(draft, weights=weights, services=services, affinities=affinities)


def likelihood_of(utility: Floats, nesting: float, problem: Problem) -> tuple[float, Floats, float]:
    """Return the logarithm of the likelihood, and its derivatives by each utility and by the nesting."""
    from scipy.special import log_expit

    starts, said, counts = problem.starts, problem.said, problem.counts
    sizes = np.diff(starts, append=len(utility))
    scaled = utility / nesting
    top = np.maximum.reduceat(scaled, starts)
    share = np.exp(scaled - np.repeat(top, sizes))
    total = np.add.reduceat(share, starts)
    share /= np.repeat(total, sizes)
    inclusive = nesting * (np.log(total) + top)
    this = said == THIS
    right = np.where(this, np.add.reduceat(share * problem.right, starts), 1.0)
    repeats = this | (said == SOME)
    likelihood = (
        (counts * log_expit(inclusive))[repeats].sum()
        + (counts * log_expit(-inclusive))[said == NONE].sum()
        + (counts * np.log(np.maximum(right, 1e-300))).sum()
    )
    repeat = np.exp(log_expit(inclusive))
    slope = counts * np.where(repeats, 1.0 - repeat, np.where(said == NONE, -repeat, 0.0))
    among = np.where(np.repeat(this, sizes), share * (problem.right / np.repeat(right, sizes) - 1.0), 0.0)
    among *= np.repeat(counts, sizes)
    mean = np.add.reduceat(share * scaled, starts)
    by_nesting = slope @ (inclusive / nesting - mean) - (among @ scaled) / nesting
    return float(likelihood), np.repeat(slope, sizes) * share + among / nesting, float(by_nesting)


class _Design(NamedTuple):
    """Features as columns of coefficients: one for each knot that may move, one for being NaN."""

    columns: Any
    """Sparse (pairs, coefficients)."""
    offset: Floats
    """(pairs,) what the fixed curves say."""
    expected: Floats
    precision: Floats
    never_missing: list[bool]

    @classmethod
    def of(cls, features: Floats, curves: Sequence[Curve]) -> _Design:
        from scipy.sparse import csr_array, hstack

        offset = np.zeros(len(features))
        columns, expected, precision, never_missing = [], [], [], []
        for curve, values in zip(curves, features.T, strict=True):
            missing = np.isnan(values)
            basis = np.column_stack([hats(values, curve.knots), missing])
            believed = np.array([*curve.weights, curve.missing])
            never_missing.append(not missing.any())
            if curve.fixed:
                offset += basis @ believed
            else:
                columns.append(csr_array(basis))
                expected.append(believed)
                precision.append(np.full(len(believed), curve.precision))
        return cls(
            hstack(columns, format="csr"),
            offset,
            np.concatenate(expected),
            np.concatenate(precision),
            never_missing,
        )

    def weights(self, prior: Prior, coefficients: Floats, nesting: float) -> Weights:
        """Return the fitted curves."""
        curves = prior.curves
        width = max(len(curve.knots) for curve in curves)
        knots, weights = np.full((len(curves), width), math.inf), np.zeros((len(curves), width))
        missing = np.zeros(len(curves))
        average = self.columns.mean(axis=0)
        at = 0
        for row, (curve, always) in enumerate(zip(curves, self.never_missing, strict=True)):
            k = len(curve.knots)
            fitted, missing[row] = np.array(curve.weights, float), curve.missing
            if not curve.fixed:
                fitted, missing[row] = coefficients[at : at + k], coefficients[at + k]
                if always and prior.unknown_is_average:
                    missing[row] = average[at : at + k] @ fitted
                at += k + 1
            knots[row, :k], weights[row, :k] = curve.knots, fitted
        return Weights(knots, weights, missing, nesting)
