# mypy: allow-untyped-defs
"""From features to probabilities and a decision: the compiled half of `geo.duplicates`.

The model is a nested logit (McFadden 1978). The utility u of a ticket adds up what each of its features says.
The tickets within reach share one nest, beside the choice "a new problem", whose utility is 0:

    V = n log(sum over tickets of exp(u / n)),  P(repeat) = 1 / (1 + exp(-V)),
    P(ticket) = P(repeat) exp((u - V) / n)

with the nesting n in (0, 1]. At 1 each further ticket adds to the probability of a repeat as if it were
evidence of its own; towards 0 only the best one counts.
"""

import math
from typing import NamedTuple

import numpy as np

from geo.arrays import Floats, compiled
from geo.pair_features import features_of

NONE, FLAGGED, JOINED = 0, 1, 2


class Weights(NamedTuple):
    """The fitted coefficients, one row for each of F features."""

    knots: Floats
    """(F, K) values between which the weight is linear, and beyond which level; padded with infinity."""
    weights: Floats
    """(F, K) log-odds at the knots."""
    missing: Floats
    """(F,) log-odds where the feature is NaN."""
    nesting: float


@compiled
def utility(row, model):
    """Add up what each feature of a row says, in log-odds."""
    knots, weights = model.knots, model.weights
    last = knots.shape[1] - 1
    total = 0.0
    for f in range(len(row)):
        value = row[f]
        if math.isnan(value):
            total += model.missing[f]
            continue
        k = 0
        while k < last and value >= knots[f, k + 1]:
            k += 1
        total += weights[f, k]
        if k < last and value > knots[f, k] and knots[f, k + 1] < math.inf:
            part = (value - knots[f, k]) / (knots[f, k + 1] - knots[f, k])
            total += part * (weights[f, k + 1] - weights[f, k])
    return total


@compiled
def decide(report, words, tickets, ticket_words, candidates, services, model, chosen, scores, features):
    """Score a report's candidates and decide what becomes of it.

    Parameters
    ----------
    report, tickets
        A record, and an array of records, of `geo.pair_features.RECORD`.
    candidates
        Positions of the candidates in ``tickets``, ascending.
    services, model
        `geo.pair_features.Services` and `Weights`.
    chosen, scores, features
        Room for the best k candidates, their probabilities and their rows of features; written here.

    Returns
    -------
    count, score, decision
        How many candidates were written, the probability that the report repeats any ticket, and `NONE`,
        `FLAGGED` or `JOINED`.
    """
    n = len(candidates)
    if n == 0:
        return 0, 0.0, NONE
    rows = np.empty((n, features.shape[1]))
    features_of(rows, report, words, tickets, ticket_words, candidates, services)
    utilities = np.empty(n)
    best = np.empty(len(chosen), np.int64)
    count = 0
    for c in range(n):
        utilities[c] = utility(rows[c], model) / model.nesting
        k = count
        while k > 0 and _better(tickets, candidates, utilities, rows, c, best[k - 1]):
            if k < len(best):
                best[k] = best[k - 1]
            k -= 1
        if k < len(best):
            best[k] = c
            count = min(count + 1, len(best))
    top = utilities[best[0]]
    total = np.exp(utilities - top).sum()
    score = 1.0 / (1.0 + math.exp(-model.nesting * (top + math.log(total))))
    for k in range(count):
        chosen[k] = candidates[best[k]]
        scores[k] = score * math.exp(utilities[best[k]] - top) / total
        features[k] = rows[best[k]]
    if scores[0] >= services.auto[report.service]:
        return count, score, JOINED
    return count, score, FLAGGED if score >= services.flag[report.service] else NONE


@compiled
def _better(tickets, candidates, utilities, rows, a, b):
    """Tell whether candidate a comes before b: the better score, then the nearer, then the older."""
    if utilities[a] != utilities[b]:
        return utilities[a] > utilities[b]
    if rows[a, 0] != rows[b, 0]:
        return rows[a, 0] < rows[b, 0]
    first, second = tickets[candidates[a]].opened, tickets[candidates[b]].opened
    return first < second or (first == second and candidates[a] < candidates[b])
