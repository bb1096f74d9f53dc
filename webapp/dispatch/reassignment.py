"""Gives open tickets to those who are to have them after rules or areas changed, and takes that back.

A run goes over the open tickets in batches, each in a transaction of its own, and goes on where it stopped.
It leaves alone what a person gave to somebody, and what a crew has planned or begun; only those of a retired
crew go on in any case. What each ticket was is kept: undoing a run restores all that nobody has moved since.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, SMALLINT
from sqlalchemy.orm import Session

from layers.atlas import Atlas
from layers.current import load_atlas
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.dispatch.assignment import Assigner, Assignment
from webapp.dispatch.models import Reassignment
from webapp.dispatch.queries import assigner
from webapp.people.models import Staff

BATCH = 1000
PLANNED = frozenset({"scheduled", "in_progress", "waiting"})
"""States in which a crew has planned or begun its work."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What decides: the map, the catalog and the rules as they are now."""

    atlas: Atlas
    catalog: Catalog
    assigner: Assigner


def desk_of(session: Session, city: City) -> Desk:
    """Return what decides now: the map read anew, for what was published a moment ago counts."""
    session.refresh(city)
    return Desk(load_atlas(session, city.id), catalog(session, city), assigner(session, city))


def ask(
    session: Session,
    city_id: int,
    *,
    by: Staff | None,
    publication_id: int | None = None,
    starts_at: datetime | None = None,
) -> Reassignment:
    """Order a run, for now or for later. The caller commits; the worker makes it."""
    run = Reassignment(
        city_id=city_id,
        publication_id=publication_id,
        staff_id=by.id if by else None,
        starts_at=starts_at or datetime.now(UTC),
    )
    session.add(run)
    session.flush()
    return run


def due(session: Session, city_id: int, now: datetime) -> list[int]:
    """Return the runs that should be at work by now, the oldest first."""
    found = select(Reassignment.id).where(
        Reassignment.city_id == city_id, Reassignment.finished_at.is_(None), Reassignment.starts_at <= now
    )
    return list(session.scalars(found.order_by(Reassignment.id)))


def complete(session: Session, city: City, run_id: int) -> Reassignment:
    """Make a run to its end, committing after each batch."""
    desk = desk_of(session, city)
    while (run := step(session, city, run_id, desk)).finished_at is None:
        session.commit()
    session.commit()
    return run


def step(session: Session, city: City, run_id: int, desk: Desk) -> Reassignment:
    """Make the next batch of a run. The caller commits."""
    run = session.scalars(
        select(Reassignment)
        .where(Reassignment.city_id == city.id, Reassignment.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if run.finished_at is not None:
        return run
    values = {"city_id": city.id, "after": run.after_ticket, "limit": BATCH}
    tickets = session.execute(_OPEN, values).all()
    if not tickets:
        run.finished_at = datetime.now(UTC)
        session.flush()
        return run
    retired = {crew.id for crew in desk.catalog.crews.values() if crew.retired}
    changes = []
    for ticket, assignment in zip(tickets, _assignments(desk, tickets), strict=True):
        if _same(ticket, assignment):
            continue
        if ticket.crew_id not in retired:
            if ticket.by_hand:
                run.by_hand += 1
                continue
            if ticket.status in PLANNED:
                run.begun += 1
                continue
        changes.append(_change(ticket, assignment, desk.catalog))
    run.changed += _write(session, city.id, run.id, changes)
    run.tickets += len(tickets)
    run.after_ticket = tickets[-1].id
    session.flush()
    return run


def clear_retired(session: Session, city: City) -> Reassignment | None:
    """Give the open tickets of retired crews to others, at once, in the caller's transaction.

    Returns
    -------
    Reassignment or None
        None where no open ticket is with a retired crew.
    """
    session.refresh(city)
    retired = [crew.id for crew in catalog(session, city).crews.values() if crew.retired]
    tickets = session.execute(_OF_CREWS, {"city_id": city.id, "crews": retired}).all() if retired else []
    if not tickets:
        return None
    desk = desk_of(session, city)
    run = ask(session, city.id, by=None)
    changes = [
        _change(ticket, assignment, desk.catalog)
        for ticket, assignment in zip(tickets, _assignments(desk, tickets), strict=True)
    ]
    run.changed = _write(session, city.id, run.id, changes)
    run.tickets = len(tickets)
    run.finished_at = datetime.now(UTC)
    session.flush()
    return run


def undo(session: Session, city_id: int, run_id: int, *, by: Staff) -> Reassignment | None:
    """Take a run back, also one that is still at work. The caller commits.

    Each ticket is again who had it before, with a timeline entry, except where somebody has moved it since.

    Returns
    -------
    Reassignment or None
        With the counts of both; None where there is no such run, or it was undone before.
    """
    run = session.scalars(
        select(Reassignment)
        .where(Reassignment.city_id == city_id, Reassignment.id == run_id, Reassignment.undone_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        return None
    values = {"city_id": city_id, "run_id": run_id, "staff_id": by.id}
    counts = session.execute(_UNDO, values).one()
    run.restored, run.moved_since = counts.restored, counts.kept
    run.undone_at, run.undone_by = datetime.now(UTC), by.id
    run.finished_at = run.finished_at or run.undone_at
    session.flush()
    return run


def _assignments(desk: Desk, tickets: Sequence[Row[Any]]) -> list[Assignment]:
    """Return who is to have each ticket, by its pin and the time when it was opened."""
    lon, lat = (np.array([getattr(row, name) for row in tickets], float) for name in ("lon", "lat"))
    at = np.array([row.opened_at.astimezone(UTC).replace(tzinfo=None) for row in tickets], "datetime64[us]")
    services = [row.service_id for row in tickets]
    classes = desk.catalog.street_classes(services)
    places = desk.atlas.locate(lon, lat, [row.address for row in tickets], classes)
    found = desk.assigner.assign_many(services, places, at)
    return [found[i] for i in range(len(tickets))]


def _same(ticket: Row[Any], assignment: Assignment) -> bool:
    has = (ticket.crew_id, ticket.department_id, ticket.owner)
    return has == (assignment.crew_id, assignment.department_id, assignment.owner)


def _change(ticket: Row[Any], assignment: Assignment, known: Catalog) -> dict[str, Any]:
    """Return the columns of a ticket that changes hands."""
    planned = ticket.status in PLANNED
    # Work that was planned goes on with whoever in the city has it now; nobody outside has agreed to it.
    owner = None if planned else assignment.owner
    return {
        "id": ticket.id,
        "version": ticket.version,
        "status": (_replanned if planned else status_after)(ticket.status, assignment),
        "crew_id": assignment.crew_id,
        "department_id": assignment.department_id,
        "owner": owner,
        "service_area": assignment.service_area,
        "why": assignment.why,
        "told": assignment.told(known),
    }


def status_after(status: str, assignment: Assignment) -> str:
    """Return the status of a ticket, whose work is not planned, after it was assigned again."""
    if status == "reopened" and assignment.owner is None:
        return status
    return assignment.first_status


def _replanned(status: str, assignment: Assignment) -> str:
    """Return the status of work that was planned: what a crew had begun, the next one begins anew."""
    if status != "in_progress":
        return status
    return "assigned" if assignment.crew_id is not None else "new"


def _write(session: Session, city_id: int, run_id: int, changes: list[dict[str, Any]]) -> int:
    """Write changes, with a timeline entry each; return how many. A ticket just moved by somebody is left."""
    if not changes:
        return 0
    values = {"city_id": city_id, "run_id": run_id, "changes": json.dumps(changes)}
    count: int = session.execute(_WRITE, values).scalar_one()
    return count


BY_HAND = """
    coalesce((select actor = 'staff' from timeline as given
               where given.city_id = ticket.city_id and given.ticket_id = ticket.id
                 and (given.data ? 'crew' or given.kind = 'referred')
                 and not exists (select from timeline as undone
                                  where undone.city_id = given.city_id
                                    and undone.ticket_id = given.ticket_id and undone.kind = 'undone'
                                    and (undone.data ->> 'undoes')::bigint = given.id)
               order by given.at desc, given.id desc limit 1), false)"""
"""SQL: whether a person gave a row ``ticket`` to who has it."""

_COLUMNS = f"""
    select ticket.id, ticket.version, ticket.status, ticket.service_id, ticket.opened_at, ticket.address,
           ticket.crew_id, ticket.department_id, ticket.owner,
           coalesce(st_x(ticket.geom), 'NaN') as lon, coalesce(st_y(ticket.geom), 'NaN') as lat,
           {BY_HAND} as by_hand
      from ticket"""  # noqa: S608  (only names of columns)

_OPEN = text(
    f"""{_COLUMNS}
     where ticket.city_id = :city_id and open and ticket.id > :after order by ticket.id limit :limit"""
)

_OF_CREWS = text(
    f"""{_COLUMNS}
     where ticket.city_id = :city_id and open and crew_id = any(:crews) order by ticket.id for update"""
).bindparams(bindparam("crews", type_=ARRAY(SMALLINT)))

_WAS = """jsonb_build_object(
    'status', ticket.status, 'crew_id', ticket.crew_id, 'department_id', ticket.department_id,
    'owner', ticket.owner, 'service_area', ticket.service_area, 'assigned_why', ticket.assigned_why)"""

_WRITE = text(
    f"""
    with change as (
        select * from jsonb_to_recordset(cast(:changes as jsonb))
            as _ (id bigint, version integer, status text, crew_id smallint, department_id smallint,
                  owner text, service_area text, why text, told jsonb)
    ), seen as (
        select ticket.id, {_WAS} as was from ticket join change using (id)
         where ticket.city_id = :city_id
    ), changed as (
        update ticket
           set status = change.status, crew_id = change.crew_id, department_id = change.department_id,
               owner = change.owner, service_area = change.service_area, assigned_why = change.why,
               version = ticket.version + 1
          from change join seen using (id)
         where ticket.city_id = :city_id and ticket.id = change.id and ticket.version = change.version
           and ticket.open
     returning ticket.id, ticket.version, change.why, change.told, seen.was,
               jsonb_build_object('crew_id', ticket.crew_id, 'department_id', ticket.department_id,
                                  'owner', ticket.owner) as has
    ), kept as (
        insert into reassigned_ticket (city_id, reassignment_id, ticket_id, version, was, now)
        select :city_id, :run_id, id, version, was, has from changed
    ), told as (
        insert into timeline (city_id, ticket_id, kind, actor, note, data)
        select :city_id, id, 'assigned', 'system', why, told || jsonb_build_object('reassignment', :run_id)
          from changed
    )
    select count(*) from changed
    """  # noqa: S608  (only names of columns)
)

_UNDO = text(
    """
    with back as (
        update ticket
           set status = was.status, crew_id = was.crew_id, department_id = was.department_id,
               owner = was.owner, service_area = was.service_area, assigned_why = was.assigned_why,
               version = ticket.version + 1
          from reassigned_ticket as kept
         cross join lateral jsonb_populate_record(null::ticket, kept.was) as was
         where kept.city_id = :city_id and kept.reassignment_id = :run_id and kept.restored is null
           and ticket.city_id = kept.city_id and ticket.id = kept.ticket_id and ticket.version = kept.version
     returning ticket.id, ticket.crew_id, ticket.department_id, ticket.owner, ticket.assigned_why
    ), marked as (
        update reassigned_ticket
           set restored = exists (select from back where back.id = ticket_id)
         where city_id = :city_id and reassignment_id = :run_id and restored is null
     returning restored
    ), told as (
        insert into timeline (city_id, ticket_id, kind, actor, staff_id, note, data)
        select :city_id, back.id, 'assigned', 'system', :staff_id, back.assigned_why,
               jsonb_build_object('department', department.code, 'crew', crew.code, 'owner', back.owner,
                                  'undoes_reassignment', :run_id)
          from back
          join department on department.city_id = :city_id and department.id = back.department_id
          left join crew on crew.city_id = :city_id and crew.id = back.crew_id
    )
    select count(*) filter (where restored) as restored, count(*) filter (where not restored) as kept
      from marked
    """
)
