"""The city teaches the matching: fits it anew to what staff and residents said of its own reports.

Drawn to the model that comes with Pinward so firmly that ten answers change hardly a decision and a thousand
outweigh it. Only reports of which somebody said something count: that nobody compared a report with a ticket
does not mean that they are two problems. The thresholds stay, since they are probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo import matching
from geo.duplicates import Model, Tickets
from geo.pair_features import FEATURES
from geo.scoring import utility
from layers.models import City
from webapp.intake import duplicates
from webapp.intake.choosing import choose, current_model, fitted_models
from webapp.intake.desk import Desk, desk_of
from webapp.intake.learning.curves import Curve
from webapp.intake.learning.fitting import HABITS, NONE, THIS, UNKNOWN, Prior, Problem, likelihood_of, solve
from webapp.intake.matching import CityMatching, noticed_by_staff
from webapp.intake.models import DuplicateModel
from webapp.people.models import Staff
from webapp.tickets.said import KINDS, Answer, Arrival, answers, arrivals

LOOKED_BACK = timedelta(days=730)
FEWEST_ANSWERS = 40
"""With fewer there is nothing to hold back, and little to learn."""
_HELD_BACK = 0.3
"""So many of the answers, the latest, judge a model that was fitted to the others."""
_FIRM = 1000.0
"""A report counts in some 17 weights at once: ten answers of one kind move a probability by a few percent."""
_FIRM_AFFINITY = 60.0
"""What is peculiar to two services is learned sooner."""


class TooFew(ValueError):  # noqa: N818  (not an error: wait for more)
    """There are too few answers to learn from; the message says how many there are."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A city's reports with their candidates, and what was said of each."""

    pairs: matching.Pairs
    right: NDArray[np.bool_]
    """(pairs,) whether the report repeats the candidate. Pairs are of reports of which anything was said."""
    said: NDArray[np.int8]
    """(reports,) of `webapp.intake.learning.fitting`."""
    service: NDArray[np.int32]
    services: list[str]
    answers: list[Answer]
    span: tuple[str, str]
    """Days of the first and the last report that somebody said something of."""

    def problem(self, said: NDArray[np.int8]) -> Problem:
        """Return the training table, with some of what was said."""
        return Problem.of_pairs(self.pairs, self.right, said, self.service, self.services)


class Learned(NamedTuple):
    """A model, what it was fitted on, and how it did."""

    model: Model
    answers: dict[str, Any]
    held_back: dict[str, Any]


class Refitted(NamedTuple):
    """What came of a refit."""

    row: DuplicateModel
    in_use: bool


def refit(session: Session, city: City, *, by: Staff | None = None) -> Refitted:
    """Fit the matching to a city's answers, keep the model, and take it into use if it is better.

    It is better if, fitted without the latest answers, it thinks them likelier than the model in use does.
    The caller commits.

    Raises
    ------
    TooFew
        Where people said too little yet; nothing was written.
    """
    desk = desk_of(session, city)
    lesson = read_lesson(session, desk)
    model, said, held_back = learn_from(lesson, duplicates.shipped(), current_model(session, city))
    refused = None
    if held_back["new"] >= held_back["in_use"]:
        refused = (
            f"It thinks the latest {held_back['answers']} answers less likely than the model in use does: "
            f"{held_back['new']:.4f} against {held_back['in_use']:.4f}, where less is better."
        )
    row = DuplicateModel(
        city_id=city.id,
        staff_id=by.id if by else None,
        model=duplicates.dumps(model),
        answers=said,
        held_back=held_back,
        refused=refused,
    )
    session.add(row)
    session.flush()
    if refused is None:
        choose(session, city, row.id, by=by)
    return Refitted(row, refused is None)


def is_due(session: Session, city: City) -> bool:
    """Tell whether people said more since the last refit."""
    latest = fitted_models(session, city.id, limit=1)
    if not latest:
        return True
    since = datetime.now(UTC) - LOOKED_BACK
    said = len(answers(session, city.id, arrivals(session, city.id, since)))
    return said > sum(int(latest[0].answers[kind]) for kind in KINDS)


def read_lesson(session: Session, desk: Desk) -> Lesson:
    """Return a city's reports of two years, compared anew as they were compared when they came.

    Raises
    ------
    TooFew
        Where people said too little yet.
    """
    came = arrivals(session, desk.city.id, datetime.now(UTC) - LOOKED_BACK)
    heard = answers(session, desk.city.id, came)
    row = {each.id: i for i, each in enumerate(came)}
    opened: dict[int, int] = {}
    for n, each in enumerate(came):
        opened.setdefault(each.ticket, n)
    opener = np.array([opened[each.ticket] for each in came], np.int64)
    right_of: dict[int, int] = {}
    said = np.full(len(came), UNKNOWN, np.int8)
    for answer in sorted(heard, key=lambda each: each.same):
        i, of = row.get(answer.report), opened.get(answer.ticket)
        if i is None:
            continue
        if not answer.same:
            said[i] = NONE
        elif of is not None and of < i:
            said[i], right_of[i] = THIS, of
    told = np.flatnonzero(said != UNKNOWN)
    if len(told) < FEWEST_ANSWERS:
        raise TooFew(f"People said something of {len(told)} reports; {FEWEST_ANSWERS} are needed to learn.")
    matcher = CityMatching(desk.catalog, duplicates.shipped())
    found = matching.pairs(_reports(desk, matcher, came), matcher.services, opener)
    right = np.array([right_of.get(r) == t for r, t in zip(found.report, found.ticket, strict=True)], bool)
    # Who was told that it repeats a ticket out of reach teaches nothing about those within.
    said[np.setdiff1d(np.flatnonzero(said == THIS), found.report[right])] = UNKNOWN
    of_told = said[found.report] != UNKNOWN
    found, right = matching.Pairs(*(column[of_told] for column in found)), right[of_told]
    days = [datetime.fromtimestamp(came[i].opened, UTC).date().isoformat() for i in (told[0], told[-1])]
    codes = [service.code for service in desk.catalog.services.values()]
    service = matcher.rows([each.service_id for each in came])
    return Lesson(found, right, said, service, codes, heard, (days[0], days[1]))


def learn_from(lesson: Lesson, shipped: Model, in_use: Model) -> Learned:
    """Return the model fitted to a lesson, and how it did on the latest answers, fitted without them.

    Raises
    ------
    TooFew
        Where too little of what was said is of tickets within reach.
    """
    told = np.unique(lesson.pairs.report)
    if len(told) < FEWEST_ANSWERS:
        raise TooFew(
            f"{len(told)} answers are of tickets within reach; {FEWEST_ANSWERS} are needed to learn."
        )
    first_held_back = told[int((1.0 - _HELD_BACK) * len(told))]
    number = np.arange(len(lesson.said))
    before = np.where(number < first_held_back, lesson.said, np.int8(UNKNOWN))
    after = lesson.problem(np.where(number >= first_held_back, lesson.said, np.int8(UNKNOWN)))
    prior = _prior(shipped)
    trial = solve(shipped, lesson.problem(before), prior)
    count = int((told >= first_held_back).sum())
    held_back = {
        "answers": count,
        "new": _surprise(after, trial, shipped) / count,
        "in_use": _surprise(after, in_use, shipped) / count,
    }
    model = solve(shipped, lesson.problem(lesson.said), prior)
    same, first, last = int((lesson.said == THIS).sum()), *lesson.span
    about = {
        "data": "what staff and residents said of this city's reports",
        "from": first,
        "to": last,
        "reports": len(told),
        "linked_pairs": same,
        "fitted_on": datetime.now(UTC).date().isoformat(),
        "method": f"Nested logit by penalised maximum likelihood, drawn to that of {shipped.about['data']}",
    }
    if "precision_of_joins" in shipped.about:
        # The thresholds stay, and with them what they were chosen for.
        about["precision_of_joins"] = shipped.about["precision_of_joins"]
    said: dict[str, Any] = {kind: sum(each.kind == kind for each in lesson.answers) for kind in KINDS}
    said |= {"same": same, "different": len(told) - same, "from": first, "to": last}
    return Learned(replace(model, about=about), said, held_back)


def _surprise(problem: Problem, model: Model, shipped: Model) -> float:
    """Return how unlikely a model thinks what was said: minus the logarithm of its likelihood."""
    beyond = [model.affinities.get(two, 0.0) - shipped.affinities.get(two, 0.0) for two in problem.services]
    own = np.array([utility(row, model.weights) for row in problem.features])
    likelihood, _, _ = likelihood_of(
        own + np.array(beyond)[problem.of_services], model.weights.nesting, problem
    )
    return -likelihood


def _prior(shipped: Model) -> Prior:
    """Return the model that comes with Pinward as what is believed."""
    curves = []
    for name, knots, weights, missing in zip(FEATURES, *shipped.weights[:3], strict=True):
        used = np.isfinite(knots)
        # What is learned of two services is learned as their affinity, not as how much any affinity counts.
        firm = np.inf if name in ("affinity", *HABITS) else _FIRM
        curves.append(Curve(tuple(knots[used].tolist()), tuple(weights[used].tolist()), firm, float(missing)))
    return Prior(
        curves, _FIRM_AFFINITY, shipped.weights.nesting, _FIRM, unknown_is_average=False, learns_habits=False
    )


def _reports(desk: Desk, matcher: CityMatching, came: list[Arrival]) -> Tickets:
    return replace(
        matcher.tickets(came, desk.atlas),
        by_staff=[noticed_by_staff(each.channel) for each in came],
        matchable=[each.placed for each in came],
    )
