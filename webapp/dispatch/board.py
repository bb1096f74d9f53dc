"""What a supervisor sees of crews: how much they have, how much of it is late, and where they were last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Load:
    """The open tickets of a crew, counted."""

    crew_id: int
    open: int
    overdue: int
    """The promised date has passed; of those that wait: before they began to."""
    at_risk: int
    """Of the rest: 80 % of the promised time is over, by the service's clock, and nothing is waited for.

    It is the step that ``escalation`` takes each minute which counts: the board and the mails say one thing.
    """
    urgent: int
    """Of high and highest priority."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The ticket that a crew started or finished last."""

    crew_id: int
    at: datetime
    kind: str
    ticket_id: int
    address: str | None


def loads(
    session: Session, city_id: int, *, departments: Sequence[int] | None = None, district: str | None = None
) -> dict[int, Load]:
    """Return the load of each crew that has any, by crew."""
    values = {"city_id": city_id, "departments": _array(departments), "district": district}
    rows = session.execute(_LOADS, values)
    return {row.crew_id: Load(**row._mapping) for row in rows}


def whereabouts(session: Session, city_id: int) -> dict[int, Whereabouts]:
    """Return where each crew was last within a day, by crew: told by their work, by no phone's position."""
    rows = session.execute(_WHEREABOUTS, {"city_id": city_id})
    return {row.crew_id: Whereabouts(**row._mapping) for row in rows}


def _array(values: Sequence[int] | None) -> list[Any] | None:
    return None if values is None else list(values)


_WANTED: LiteralString = """ticket.city_id = :city_id and ticket.open and ticket.crew_id is not null
       and (cast(:departments as smallint[]) is null
            or ticket.department_id = any (cast(:departments as smallint[])))
       and (cast(:district as text) is null or ticket.district = cast(:district as text))"""
# Those at risk are few, and looked for by themselves: of all others the index alone is read.
_LOADS = text(
    f"""
    with at_risk as (
        select ticket.crew_id, count(*) as tickets
          from escalation
          join ticket on ticket.city_id = escalation.city_id and ticket.id = escalation.ticket_id
                     and ticket.due_at = escalation.due_at
         where escalation.city_id = :city_id and step = 'at_risk' and escalation.due_at >= now()
           and waiting_since is null and {_WANTED}
         group by ticket.crew_id
    )
    select crew_id, count(*) as open,
           count(*) filter (where due_at < coalesce(waiting_since, now())) as overdue,
           coalesce((select tickets from at_risk where at_risk.crew_id = ticket.crew_id), 0) as at_risk,
           count(*) filter (where priority >= 2) as urgent
      from ticket
     where {_WANTED}
     group by crew_id
    """  # noqa: S608  (only parts of statements)
)

# Their latest entry is looked up for each member of staff: there are many more entries than people.
_WHEREABOUTS = text(
    """
    select distinct on (staff.crew_id) staff.crew_id, latest.at, latest.kind, latest.ticket_id, ticket.address
      from staff
     cross join lateral (
           select at, kind, ticket_id from timeline
            where timeline.city_id = staff.city_id and timeline.staff_id = staff.id
              and kind in ('in_progress', 'done')
            order by timeline.id desc limit 1) as latest
      join ticket on ticket.city_id = staff.city_id and ticket.id = latest.ticket_id
     where staff.city_id = :city_id and staff.crew_id is not null and latest.at > now() - interval '1 day'
     order by staff.crew_id, latest.at desc
    """
)
