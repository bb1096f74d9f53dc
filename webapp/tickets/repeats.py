"""The possible repeats that wait for somebody on the staff to compare. Never writes or commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class PossibleRepeat:
    """A report that was flagged on arrival, its own ticket, and the ticket that it may repeat."""

    report_id: int
    ticket_id: int
    other_id: int
    score: float
    """Probability from 0 to 1, as it was scored then."""
    reasons: list[dict[str, Any]]
    waiting: int
    """How many there are, this one among them; no more than ``MOST_COUNTED`` are counted."""


def possible_repeat(
    session: Session, city_id: int, *, before: int | None = None, department_id: int | None = None
) -> PossibleRepeat | None:
    """Return the newest possible repeat that nobody has decided, or None where there is none.

    A report is one while its ticket is open and apart from the one that it was flagged beside.

    Parameters
    ----------
    before
        Only reports older than this one, by id.
    department_id
        Only tickets of this department.
    """
    values = {"city_id": city_id, "before": before, "department_id": department_id, "most": MOST_COUNTED}
    row = session.execute(_WAITING, values).one_or_none()
    return None if row is None else PossibleRepeat(*row)


_WAITING = text(
    """
    with waiting as (
        select report.id as report_id, ticket.id as ticket_id, other.id as other_id,
               report.duplicate_score as score, report.duplicate_reasons as reasons
          from report
          join ticket on ticket.city_id = report.city_id and ticket.id = report.ticket_id
          join report as original on original.city_id = report.city_id and original.id = report.duplicate_of
          join ticket as other on other.city_id = report.city_id and other.id = original.ticket_id
         where report.city_id = :city_id and report.duplicate_decision = 'flagged'
           and ticket.open and other.id <> ticket.id
           and (cast(:before as bigint) is null or report.id < cast(:before as bigint))
           and (cast(:department_id as smallint) is null
                or ticket.department_id = cast(:department_id as smallint))
           and not exists (
               select from timeline
                where timeline.city_id = ticket.city_id and timeline.ticket_id = ticket.id
                  and kind in ('different', 'split')
                  and (data -> 'ticket' = to_jsonb(other.id) or data -> 'from' = to_jsonb(other.id)))
         order by report.id desc limit :most
    )
    select report_id, ticket_id, other_id, score, reasons, (select count(*) from waiting)
      from waiting order by report_id desc limit 1
    """
)
