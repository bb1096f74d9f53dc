# mypy: allow-untyped-defs
"""What a report and a ticket have in common, as numbers: one row of features a pair.

The live path and the bulk path both run these compiled functions, so they cannot disagree.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.arrays import Floats, compiled
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
        ("by_staff", "i1"),
        ("matchable", "?"),
    ],
    align=True,
)
"""A report or a ticket as the compiled code holds it."""

FEATURES = (
    "distance_m",  # straight line
    "rank",  # how many come before it: those of the report's own service do, then the nearer, then the later
    "along_m",  # along the street, where both are on one segment
    "same_side",  # of that segment
    "same_asset",
    "same_address",
    "same_service",
    "affinity",  # of the two services, log-odds beyond what their being the same or not says
    "repeat_rate",  # log-odds that a report of this service repeats another
    "by_staff",  # was it the city's own staff who noticed it?
    "here",  # how many tickets of the report's own service are at the same place as the report
    "lately",  # how many tickets of the report's own service within reach were opened within a day of it
    "gap_h",  # since the ticket's latest report
    "gap_same_place_h",  # the same, where address or asset is the same or the pins lie within 15 m
    "gap_other_service_h",  # the same, where the services differ
    "gap_to_usual",  # binary logarithm of the gap over the time such a ticket usually takes
    "closed_d",  # since the ticket was closed
    "reports",  # of the ticket so far
    "words",  # share of words in common
    "newest",  # log-odds, as the report's service has it, of the gap to the newest of all candidates
    "afar",  # log-odds, as the report's service has it, of the distance
    "one_address",  # log-odds, as the report's service has it, where their address is the same; else 0
)
"""The names of the columns of a row of features; NaN in a row: unknown, or not so."""
N_FEATURES = len(FEATURES)

SAME_PLACE_M = 15.0
"""Pins nearer than this are at the same place: many systems round coordinates to about 10 m."""

MOST_CANDIDATES = 64
"""With so many tickets, the nearest ones, a report is compared at most."""

ON_ITS_WAY_S = 30 * 86400.0
"""A phone may be without a connection for so long before its report arrives."""

_SHORTEST_GAP_H = 1.0 / 60.0
"""Below a minute the ratio of the gap to the usual time, or to a day, says nothing more."""


class Services(NamedTuple):
    """What is known of a city's S services, as `geo.duplicates.Model.bind` looked it up."""

    related: NDArray[np.bool_]
    """(S, S): may a report of the row's service belong to a ticket of the column's?"""
    affinity: Floats
    """(S, S) log-odds."""
    repeat_rate: Floats
    """(S,) log-odds."""
    usual_h: Floats
    """(S,) hours that a ticket usually takes."""
    newest: Floats
    """(S,) log-odds for each doubling, beyond a day, of the gap to the newest candidate."""
    afar: Floats
    """(S,) log-odds for each 100 m to the ticket."""
    one_address: Floats
    """(S,) log-odds if it is at the report's address."""
    auto: Floats
    """(S,) probability of the best suggestion from which a report joins it by itself; above 1: never."""
    flag: Floats
    """(S,) probability that it repeats any ticket from which staff are asked."""
    reach_m: Floats
    """(S,) metres."""
    lookback_s: Floats
    """(S,) seconds for which a closed ticket is still a candidate."""


@compiled
def is_candidate(report, ticket, services):
    """Tell whether a report may belong to a ticket at all: the rule that SQL and the grid must not undercut.

    Both may be matched by place, their services are related, the pins lie within reach, and the ticket was
    open when the report was made or had been closed for less than the look-back. A report that was long on
    its way may also find a ticket that was opened after it was made: by no more than `ON_ITS_WAY_S`, and
    before the report's own problem was done with. An old report, imported late, is not of today's problem.
    """
    if not (report.matchable and ticket.matchable):
        return False
    if not services.related[report.service, ticket.service]:
        return False
    if report.opened - ticket.closed >= services.lookback_s[report.service]:
        return False
    later = ticket.opened - report.opened
    if later > 0.0 and (later > ON_ITS_WAY_S or ticket.opened >= report.closed):
        return False
    dx, dy = report.x - ticket.x, report.y - ticket.y
    reach = services.reach_m[report.service]
    return dx * dx + dy * dy <= reach * reach


@compiled
def admit(i, report, tickets, services, found, squares, n):
    """Put ticket ``i`` among the candidates found so far if it is one; return how many there are now.

    They are kept in order, the nearer first and of equally near ones the higher position. Once there are
    as many as ``found`` has room for, only a nearer one gets in: however many reports pile up at one spot,
    a report is compared with no more.
    """
    if not is_candidate(report, tickets[i], services):
        return n
    dx, dy = report.x - tickets[i].x, report.y - tickets[i].y
    square = dx * dx + dy * dy
    k = n
    while k > 0 and (square < squares[k - 1] or (square == squares[k - 1] and i > found[k - 1])):
        if k < len(found):
            found[k], squares[k] = found[k - 1], squares[k - 1]
        k -= 1
    if k < len(found):
        found[k], squares[k] = i, square
        n = min(n + 1, len(found))
    return n


@compiled
def features_of(rows, report, report_words, tickets, ticket_words, candidates, services):
    """Write the features of a report and each of its candidates into ``rows``, of shape (k, `N_FEATURES`)."""
    here, lately, newest = 0, 0, math.inf
    for i in candidates:
        newest = min(newest, abs(report.opened - tickets[i].latest) / 3600.0)
        if report.service == tickets[i].service:
            here += _same_place(report, tickets[i])
            lately += abs(report.opened - tickets[i].opened) <= 86400.0
    of_newest = services.newest[report.service] * doublings_of_a_day(newest)
    for k in range(len(candidates)):
        ticket = tickets[candidates[k]]
        one_segment = report.segment != UNKNOWN and report.segment == ticket.segment
        same_place = _same_place(report, ticket)
        same_service = report.service == ticket.service
        gap = abs(report.opened - ticket.latest) / 3600.0
        usual = services.usual_h[ticket.service]
        row = rows[k]
        row[0] = math.hypot(report.x - ticket.x, report.y - ticket.y)
        row[1] = _rank(k, report, tickets, candidates)
        row[2] = abs(report.along - ticket.along) if one_segment else math.nan
        row[3] = report.side == ticket.side if one_segment and report.side and ticket.side else math.nan
        row[4] = _same(report.asset, ticket.asset)
        row[5] = _same(report.address, ticket.address)
        row[6] = same_service
        row[7] = services.affinity[report.service, ticket.service]
        row[8] = services.repeat_rate[report.service]
        row[9] = report.by_staff if report.by_staff != UNKNOWN else math.nan
        row[10] = here
        row[11] = lately
        row[12] = gap
        row[13] = gap if same_place else math.nan
        row[14] = math.nan if same_service else gap
        row[15] = math.log2(max(gap, _SHORTEST_GAP_H) / usual)
        row[16] = (report.opened - ticket.closed) / 86400.0 if report.opened > ticket.closed else math.nan
        row[17] = ticket.reports
        row[18] = _words_in_common(report, report_words, ticket, ticket_words)
        row[19] = of_newest
        row[20] = services.afar[report.service] * row[0] / 100.0
        row[21] = services.one_address[report.service] if row[5] == 1.0 else 0.0


@compiled
def doublings_of_a_day(gap_h):
    """Return the binary logarithm of a gap in days: 0 at a day, less where it is shorter."""
    return math.log2(max(gap_h, _SHORTEST_GAP_H) / 24.0)


@compiled
def _rank(k, report, tickets, candidates):
    mine = tickets[candidates[k]]
    other = report.service != mine.service
    square = (report.x - mine.x) ** 2 + (report.y - mine.y) ** 2
    before = 0
    for i in candidates:
        its_other = report.service != tickets[i].service
        if its_other != other:
            before += other
            continue
        its_square = (report.x - tickets[i].x) ** 2 + (report.y - tickets[i].y) ** 2
        before += its_square < square or (its_square == square and i > candidates[k])
    return before


@compiled
def _same_place(a, b):
    """Tell whether two records are at one address or asset, or their pins within `SAME_PLACE_M`."""
    if _same(a.asset, b.asset) == 1.0 or _same(a.address, b.address) == 1.0:
        return True
    return math.hypot(a.x - b.x, a.y - b.y) <= SAME_PLACE_M


@compiled
def _same(a, b):
    if a == UNKNOWN or b == UNKNOWN:
        return math.nan
    return 1.0 if a == b else 0.0


@compiled
def _words_in_common(a, a_words, b, b_words):
    """Return the Jaccard index of the words of two records; NaN where one has none."""
    a_count, b_count = a.words_stop - a.words_start, b.words_stop - b.words_start
    if a_count == 0 or b_count == 0:
        return math.nan
    i, j, both = a.words_start, b.words_start, 0
    while i < a.words_stop and j < b.words_stop:
        both += a_words[i] == b_words[j]
        before = a_words[i] <= b_words[j]
        j += b_words[j] <= a_words[i]
        i += before
    return both / (a_count + b_count - both)
