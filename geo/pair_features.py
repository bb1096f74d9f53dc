"""What a report and an open ticket have in common, as numbers: one row of features a pair.

The live path and the bulk path both run these compiled functions, so they cannot disagree.
"""

import math

import numpy as np
from numba import njit

from geo.arrays import compiled
from geo.text import UNKNOWN

RECORD = np.dtype(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("opened", "f8"),
        ("latest", "f8"),
        ("closed", "f8"),
        ("segment", "i8"),
        ("address", "i8"),
        ("asset", "i8"),
        ("words_start", "i8"),
        ("words_stop", "i8"),
        ("service", "i4"),
        ("reports", "i4"),
        ("along", "f4"),
        ("side", "i1"),
        ("matchable", "?"),
    ],
    align=True,
)
"""A report or a ticket as the compiled code holds it."""

FEATURES = (
    "distance_m",  # straight line
    "along_m",  # along the street, where both snap to one segment
    "same_side",  # of that segment
    "same_asset",
    "same_address",
    "same_service",
    "affinity",  # log-odds that two reports of these services tell of one problem
    "repeat_rate",  # log-odds that a report of this service repeats another
    "gap_h",  # since the ticket's latest report
    "gap_same_place_h",  # the same, where address or asset is the same or the pins lie within 15 m
    "closed_d",  # since the ticket was closed
    "reports",  # of the ticket so far
    "words",  # share of words in common
)
"""The names of the columns of a feature row; NaN in a row means no evidence either way."""
N_FEATURES = len(FEATURES)
(
    _DISTANCE,
    _ALONG,
    _SIDE,
    _ASSET,
    _ADDRESS,
    _SERVICE,
    _AFFINITY,
    _RATE,
    _GAP,
    _GAP_SAME,
    _CLOSED,
    _REPORTS,
    _WORDS,
) = range(N_FEATURES)

SAME_PLACE_M = 15.0
"""Pins nearer than this are at the same place: many systems round coordinates to about 10 m."""


inline = njit(inline="always")


@compiled
def is_candidate(report, ticket, related, reach_m, lookback_s):  # type: ignore[no-untyped-def]
    """Tell whether a report may belong to a ticket at all: the rule that SQL and the grid must not undercut.

    Both may be matched by place, their services are related, the pins lie within reach, and the ticket was open
    when the report was made or had been closed for less than the look-back.
    """
    if not (report.matchable and ticket.matchable) or not related[report.service, ticket.service]:
        return False
    if report.opened - ticket.closed >= lookback_s[report.service]:
        return False
    dx, dy = report.x - ticket.x, report.y - ticket.y
    reach = reach_m[report.service]
    return dx * dx + dy * dy <= reach * reach


@compiled
def pair_features(row, report, report_words, ticket, ticket_words, affinity, repeat_rate):  # type: ignore[no-untyped-def]
    """Write the features of one pair into ``row``, a float64 array of length `N_FEATURES`."""
    row[:] = math.nan
    distance = math.hypot(report.x - ticket.x, report.y - ticket.y)
    row[_DISTANCE] = distance
    if report.segment != UNKNOWN and report.segment == ticket.segment:
        row[_ALONG] = abs(report.along - ticket.along)
        if report.side != 0 and ticket.side != 0:
            row[_SIDE] = report.side == ticket.side
    if report.asset != UNKNOWN and ticket.asset != UNKNOWN:
        row[_ASSET] = report.asset == ticket.asset
    if report.address != UNKNOWN and ticket.address != UNKNOWN:
        row[_ADDRESS] = report.address == ticket.address
    row[_SERVICE] = report.service == ticket.service
    row[_AFFINITY] = affinity[report.service, ticket.service]
    row[_RATE] = repeat_rate[report.service]
    row[_GAP] = abs(report.opened - ticket.latest) / 3600.0
    if distance <= SAME_PLACE_M or row[_ADDRESS] == 1.0 or row[_ASSET] == 1.0:
        row[_GAP_SAME] = row[_GAP]
    if report.opened > ticket.closed:
        row[_CLOSED] = (report.opened - ticket.closed) / 86400.0
    row[_REPORTS] = ticket.reports
    row[_WORDS] = words_in_common(
        report_words[report.words_start : report.words_stop],
        ticket_words[ticket.words_start : ticket.words_stop],
    )


@compiled
def words_in_common(a, b):  # type: ignore[no-untyped-def]
    """Return the Jaccard index of two ascending arrays of word keys; NaN where one is empty."""
    if len(a) == 0 or len(b) == 0:
        return math.nan
    i = j = both = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            both += 1
            i += 1
            j += 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return both / (len(a) + len(b) - both)


@compiled
def utility(row, knots, weights, missing):  # type: ignore[no-untyped-def]
    """Add up what each feature says for the pair: linear between knots, level beyond them, its own where NaN."""
    total = 0.0
    for f in range(len(row)):
        value = row[f]
        if math.isnan(value):
            total += missing[f]
            continue
        last = knots.shape[1] - 1
        k = 0
        while k < last and value > knots[f, k + 1]:
            k += 1
        if value <= knots[f, 0]:
            total += weights[f, 0]
        elif k == last or not knots[f, k + 1] < math.inf:
            total += weights[f, k]
        else:
            part = (value - knots[f, k]) / (knots[f, k + 1] - knots[f, k])
            total += weights[f, k] + part * (weights[f, k + 1] - weights[f, k])
    return total
