"""What a report repeats: the matching's verdict, in the words of reports and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from geo import duplicates
from geo.duplicates import DECISIONS, JOINED, NONE
from layers.places import Places
from webapp.intake.desk import Desk
from webapp.intake.matching import match_keys
from webapp.intake.reasons import REPORTER_SAYS, Reason, reasons
from webapp.tickets.nearby import Candidate


@dataclass(frozen=True, slots=True)
class Likely:
    """A ticket that a report may repeat."""

    ticket: Candidate
    score: float
    """Probability from 0 to 1."""
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a report."""

    decision: str = DECISIONS[NONE]
    """``joined``, ``flagged`` or ``none``."""
    score: float | None = None
    """Probability that it repeats any ticket; None where its pin cannot be matched by place."""
    likely: list[Likely] = field(default_factory=list)
    """Best first. A report that joins, joins the first."""
    match_keys: list[int] | None = None
    """Those of the report, for the ticket that it may open."""

    @property
    def repeats(self) -> Likely | None:
        """The ticket joined, or that staff will compare with."""
        return self.likely[0] if self.decision != DECISIONS[NONE] else None


def judge(
    desk: Desk,
    places: Places,
    service_id: int,
    requested_at: datetime,
    *,
    address: str | None,
    description: str,
    channel: str,
    candidates: Sequence[Candidate],
    same_as: int | None = None,
) -> Judgement:
    """Decide which of the candidates a report repeats.

    Parameters
    ----------
    places
        The one pin of the report.
    same_as
        The ticket that the reporter chose; what somebody says who stands there outweighs any score.
    """
    if not places.placed[0]:
        return Judgement()
    matching = desk.matching
    report = matching.reports(
        places, [service_id], [requested_at.timestamp()], [address], [description], [channel]
    )
    tickets = matching.tickets(candidates, desk.atlas)
    verdict = duplicates.judge(report, tickets, matching.services, matching.model)
    kind = desk.catalog.services[service_id].asset_kind
    likely = [
        Likely(candidates[position], float(score), reasons(features, places, 0, kind))
        for position, score, features in zip(
            verdict.suggestions, verdict.scores, verdict.features, strict=True
        )
    ]
    mine = match_keys(report).keys.tolist()
    chosen = next((each for each in likely if each.ticket.id == same_as), None)
    if chosen is not None:
        likely.remove(chosen)
        likely.insert(0, Likely(chosen.ticket, chosen.score, [REPORTER_SAYS, *chosen.reasons]))
        return Judgement(DECISIONS[JOINED], verdict.score, likely, mine)
    return Judgement(DECISIONS[verdict.decision], verdict.score, likely, mine)
