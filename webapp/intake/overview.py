"""How a city's reports are matched: the model in use, what to expect of it, what was seen, and the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.calibration import Expectation
from geo.duplicates import Model
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.intake.choosing import Chosen, Fitted, choices, current_model, fitted_models

SEEN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the reports of the last ``SEEN_DAYS`` days, those of imports left out."""

    reports: int
    joined: int
    flagged: int
    wrong: int
    """How many of those that joined by themselves staff have split off again."""

    def of_1000(self) -> Expectation:
        """Return the same of 1,000 reports."""
        per_1000 = 1000.0 / max(self.reports, 1)
        return Expectation(self.joined * per_1000, self.flagged * per_1000, self.wrong * per_1000)


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it."""

    model_id: int | None
    """None: the one that comes with Pinward."""
    model: Model
    expected: Expectation | None
    """Of 1,000 reports, with the thresholds of the model; None where it does not say."""
    seen: Seen
    own_settings: Sequence[tuple[str, Mapping[str, float]]]
    """Names of services with settings of their own in the city file, and these."""
    fitted: Sequence[Fitted]
    choices: Sequence[Chosen]


def overview(session: Session, city: City) -> Overview:
    """Return how a city's reports are matched."""
    model = current_model(session, city)
    limits = model.limits
    counts: Any = session.execute(_SEEN, {"city_id": city.id, "days": SEEN_DAYS}).one()
    return Overview(
        model_id=city.duplicate_model_id,
        model=model,
        expected=model.outlook.expect(limits.auto, limits.flag) if model.outlook else None,
        seen=Seen(*counts),
        own_settings=[
            (service.name, service.duplicates)
            for service in catalog(session, city).services.values()
            if service.duplicates
        ],
        fitted=fitted_models(session, city.id),
        choices=choices(session, city.id),
    )


_SEEN = text(
    """
    select count(*), count(*) filter (where duplicate_decision = 'joined'),
           count(*) filter (where duplicate_decision = 'flagged'),
           count(*) filter (where duplicate_decision = 'joined' and exists (
               select from timeline
                where timeline.city_id = report.city_id and kind = 'split'
                  and timeline.data -> 'report' = to_jsonb(report.id)))
      from report
     where city_id = :city_id and channel <> 'import'
       and received_at > now() - make_interval(days => :days)
    """
)
