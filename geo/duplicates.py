"""Which open ticket does a new report repeat? A scored, explained answer from a small readable model.

Each ticket within reach gets a probability (`geo.scoring`) from what it has in common with the report
(`geo.pair_features`). `judge` decides for one report and the tickets at hand, the live path;
`geo.matching.Matcher` for many reports in time order, the bulk path. Both run the same compiled functions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.arrays import Floats, Ints, compiled
from geo.calibration import Outlook
from geo.pair_features import MOST_CANDIDATES, N_FEATURES, RECORD, Services, admit
from geo.scoring import FLAGGED, JOINED, NONE, Weights, decide
from geo.text import UNKNOWN, Words, fold

__all__ = [
    "FLAGGED",
    "JOINED",
    "NONE",
    "Limits",
    "Model",
    "Reports",
    "Services",
    "Tickets",
    "Verdict",
    "judge",
]

SUGGESTIONS = 5
"""How many tickets are suggested at most."""
DECISIONS = ("none", "flagged", "joined")
"""What the numbers of a decision, `NONE`, `FLAGGED` and `JOINED`, are called."""


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
    """Side of the segment: 1 left, -1 right, 0 unknown or on the line."""
    along_m: ArrayLike | None = None
    """Metres along the segment."""
    address: ArrayLike | None = None
    """`geo.text.address_key` of the address, -1 where unknown."""
    asset: ArrayLike | None = None
    """Any number that stands for the asset (`geo.text.key` of kind and id), -1 where unknown."""
    words: Words | None = None
    """`geo.text.words` of what was written."""
    by_staff: ArrayLike | None = None
    """1 where the city's own staff noticed it, 0 where somebody else did, -1 unknown."""
    closed: ArrayLike | None = None
    """When the city was done with it, seconds since 1970 UTC; NaN or infinite while it is not."""

    def records(self) -> NDArray[Any]:
        """Return the reports as one array of `geo.pair_features.RECORD`.

        Raises
        ------
        ValueError
            If an array has another length than ``x``, or a report that may be matched has no x, y or time.
        """
        n = np.size(self.x)
        out = np.zeros(n, RECORD)
        for name, values, unknown in self._columns():
            if values is None:
                out[name] = unknown
                continue
            column = np.atleast_1d(np.asarray(values))
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

    def first(self, n: int) -> Self:
        """Return the first n."""
        kept: dict[str, Any] = {
            column.name: np.asarray(getattr(self, column.name))[:n]
            for column in fields(self)
            if column.name != "words" and getattr(self, column.name) is not None
        }
        if self.words is not None:
            kept["words"] = Words(self.words.starts[: n + 1], self.words.keys)
        return replace(self, **kept)

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
            ("by_staff", self.by_staff, UNKNOWN),
            ("reports", None, 1),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets(Reports):
    """Tickets as arrays of one length n, each in the place of the report that opened it, lowest id first."""

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
class Limits:
    """The settings of a service's matching."""

    auto: float
    """Probability of the best suggestion from which a report joins it by itself; above 1: never."""
    flag: float
    """Probability that it repeats any ticket from which staff are asked."""
    reach_m: float
    lookback_days: float
    """For how long a closed ticket is still a candidate."""


@dataclass(frozen=True, slots=True)
class ServiceHistory:
    """What the past says of one service, shrunk to what it says of all."""

    repeat_rate: float
    """Log-odds that a report repeats another."""
    usual_h: float
    """Hours that a ticket usually takes, the geometric mean."""
    newest: float = 0.0
    """Log-odds for each doubling, beyond a day, of the gap to the newest candidate; 0: as for all."""
    afar: float = 0.0
    """Log-odds for each 100 m to the ticket; 0: as for all."""
    one_address: float = 0.0
    """Log-odds if the ticket is at the report's address; 0: as for all."""


@dataclass(frozen=True, slots=True)
class Model:
    """All that was fitted. `webapp.intake.duplicates` reads and writes it as a file."""

    weights: Weights
    services: Mapping[str, ServiceHistory]
    """By `service_key`."""
    unknown_service: ServiceHistory
    """Of a service that the model has never seen."""
    affinities: Mapping[tuple[str, str], float]
    """Log-odds by two `service_key` in alphabetical order; 0 for those not named."""
    limits: Limits
    related_groups: frozenset[tuple[str, str]] = frozenset()
    """Two `service_key` of groups in alphabetical order, of which reports repeat each other's."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """The data, the date and the method of the fit."""
    outlook: Outlook | None = None
    """What to expect of any thresholds."""

    def bind(
        self,
        services: Sequence[str],
        groups: Sequence[str] | None = None,
        overrides: Sequence[Mapping[str, float]] | None = None,
    ) -> Services:
        """Look up a city's services in the model.

        Two services are related if they are the same, belong to one group or to related ones, or if the model
        has an affinity for them.

        Parameters
        ----------
        services
            Names or codes, compared without regard to case and punctuation.
        groups
            The group of each service.
        overrides
            For each service, those of the names in `Limits` whose values differ from the model's.
        """
        names = [service_key(name) for name in services]
        n = len(names)
        related = np.eye(n, dtype=bool)
        if groups is not None:
            related |= self._related(groups)
        affinity = np.zeros((n, n))
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(names):
            rows.setdefault(name, []).append(row)
        for (a, b), value in self.affinities.items():
            for i in rows.get(a, []):
                for j in rows.get(b, []):
                    related[i, j] = related[j, i] = True
                    affinity[i, j] = affinity[j, i] = value
        known = [self.services.get(name, self.unknown_service) for name in names]
        own = overrides if overrides is not None else [{}] * n
        limits = {
            name: np.array([o.get(name, getattr(self.limits, name)) for o in own], float)
            for name in ("auto", "flag", "reach_m", "lookback_days")
        }
        return Services(
            related=related,
            affinity=affinity,
            repeat_rate=np.array([service.repeat_rate for service in known], float),
            usual_h=np.array([service.usual_h for service in known], float),
            newest=np.array([service.newest for service in known], float),
            afar=np.array([service.afar for service in known], float),
            one_address=np.array([service.one_address for service in known], float),
            auto=limits["auto"],
            flag=limits["flag"],
            reach_m=limits["reach_m"],
            lookback_s=86400.0 * limits["lookback_days"],
        )

    def _related(self, groups: Sequence[str]) -> NDArray[np.bool_]:
        """Return which of n services are related by their groups."""
        distinct, which = np.unique(np.array(groups, str), return_inverse=True)
        names = [service_key(group) for group in distinct.tolist()]
        related = [[a == b or (min(a, b), max(a, b)) in self.related_groups for b in names] for a in names]
        found: NDArray[np.bool_] = np.array(related, bool).reshape(len(names), -1)[np.ix_(which, which)]
        return found


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
    """(k, F) why: `geo.pair_features.FEATURES`."""


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
        Tickets near by, lowest id first: at least the `MOST_CANDIDATES` nearest that
        `geo.pair_features.is_candidate` admits, and whatever else was cheaper to fetch than to leave out.
    services, model
        A city's services as bound by this model.
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
        services,
        model.weights,
        chosen,
        scores,
        features,
    )
    return Verdict(decision, score, chosen[:count].astype(np.int32), scores[:count], features[:count])


@compiled
def _judge(report, words, tickets, ticket_words, services, model, chosen, scores, features):  # type: ignore[no-untyped-def]
    found, squares = np.empty(MOST_CANDIDATES, np.int64), np.empty(MOST_CANDIDATES)
    n = 0
    for i in range(len(tickets)):
        n = admit(i, report, tickets, services, found, squares, n)
    candidates = np.sort(found[:n])
    return decide(report, words, tickets, ticket_words, candidates, services, model, chosen, scores, features)
