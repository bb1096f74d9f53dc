"""What a draft would change: who gets a pin, and who would have got the reports of some days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from layers.areas import zones_of
from layers.atlas import Atlas
from layers.current import current_atlas
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.dispatch import rulebook
from webapp.dispatch.assignment import Assigner, Assignment
from webapp.dispatch.drafts import Draft
from webapp.dispatch.queries import assigner
from webapp.dispatch.rules import RuleEntry
from webapp.dispatch.sections import RuleRow
from webapp.tickets.models import Report, Ticket

MOST_REPORTS = 100_000
"""Of a longer period, the latest so many are looked at."""
MOST_SHOWN = 2_000
"""So many of those that change are shown on the map."""

Who = tuple[int | None, int, str | None]
"""Crew, department, owner outside the city."""


@dataclass(frozen=True, slots=True)
class Deciders:
    """A map and rules that decide together."""

    atlas: Atlas
    assigner: Assigner


@dataclass(frozen=True, slots=True)
class Change:
    """A report or ticket that somebody else would get."""

    lon: float
    lat: float
    now: Who
    then: Who


@dataclass(frozen=True, slots=True)
class Trial:
    """What a draft would change."""

    looked_at: int
    changed: int
    moves: list[tuple[Who, Who, int]]
    """From whom to whom how many, the most at the top."""
    shown: list[Change]
    """The first `MOST_SHOWN` of those with a place."""
    cut: bool
    """There were more in the period than were looked at."""


_kept: dict[tuple[Any, ...], Atlas] = {}
_lock = Lock()


def deciders(session: Session, city: City, draft: Draft) -> tuple[Deciders, Deciders]:
    """Return what decides now, and what would by the draft."""
    atlas, known = current_atlas(session, city), catalog(session, city)
    now = Deciders(atlas, assigner(session, city))
    if draft.own_rules is None:
        return now, Deciders(_drafted(atlas, draft), now.assigner)
    return now, Deciders(_drafted(atlas, draft), Assigner(known, entries(known, draft.own_rules)))


def pin(
    session: Session, city: City, draft: Draft, service_id: int, lon: float, lat: float, at: datetime
) -> tuple[Assignment, Assignment]:
    """Return who gets a pin (EPSG:4326 degrees) now, and who would by the draft."""
    now, then = deciders(session, city, draft)
    found = [each.assigner.assign(service_id, each.atlas.locate([lon], [lat]), at) for each in (now, then)]
    return found[0], found[1]


def period(session: Session, city: City, draft: Draft, since: datetime, until: datetime) -> Trial:
    """Return what the draft would have changed for the reports of a period; the latest, of very many."""
    rows = session.execute(
        select(Report.service_id, Report.requested_at.label("at"), *_place(Report))
        .where(Report.city_id == city.id, Report.requested_at >= since, Report.requested_at < until)
        .order_by(Report.requested_at.desc())
        .limit(MOST_REPORTS + 1)
    ).all()
    return _compared(session, city, draft, rows)


def open_tickets(session: Session, city: City, draft: Draft) -> Trial:
    """Return what the draft would change for the tickets that are open, whoever has them by now."""
    rows = session.execute(
        select(Ticket.service_id, Ticket.opened_at.label("at"), *_place(Ticket))
        .where(Ticket.city_id == city.id, Ticket.open)
        .order_by(Ticket.id.desc())
        .limit(MOST_REPORTS + 1)
    ).all()
    return _compared(session, city, draft, rows)


def entries(known: Catalog, rows: Sequence[RuleRow]) -> list[RuleEntry]:
    """Return rules of a draft as assignment reads them; what the catalog does not have is left out."""
    crews = known.crew_by_code
    departments = {each.code: each.id for each in known.departments.values()}
    found = []
    for number, (row, service, zone) in enumerate(rulebook.single(rows), start=1):
        if (service and service not in known.service_by_code) or (row.crew and row.crew not in crews):
            continue
        found.append(
            RuleEntry(
                id=number,
                service_id=known.service_by_code[service].id if service else None,
                service_group=row.group,
                layer=row.layer,
                zone=zone,
                street_class=row.street_class,
                street_owner=row.street_owner,
                asset_owner=row.asset_owner,
                hours=row.hours,
                crew_id=crews[row.crew].id if row.crew else None,
                department_id=departments.get(row.department or ""),
                owner=row.owner,
            )
        )
    return found


def _drafted(atlas: Atlas, draft: Draft) -> Atlas:
    """Return the atlas with the areas of the draft, kept until the next step: indexing takes a moment."""
    if not draft.begun:
        return atlas
    key = (atlas.city.id, draft.layer.id, draft.step, draft.at, atlas.edition_ids)
    with _lock:
        if key not in _kept:
            _kept.clear()
            _kept[key] = atlas.with_zones(draft.layer.name, zones_of(draft.areas, atlas.metric))
        return _kept[key]


def _place(table: type[Report] | type[Ticket]) -> tuple[Any, ...]:
    return func.st_x(table.geom).label("lon"), func.st_y(table.geom).label("lat"), table.address


def _compared(session: Session, city: City, draft: Draft, rows: Sequence[Row[Any]]) -> Trial:
    cut, rows = len(rows) > MOST_REPORTS, rows[:MOST_REPORTS]
    lon, lat = (np.array([getattr(row, name) for row in rows], float) for name in ("lon", "lat"))
    at = np.array([row.at.astimezone(UTC).replace(tzinfo=None) for row in rows], "datetime64[us]")
    services = np.array([row.service_id for row in rows], np.int32)
    addresses = [row.address for row in rows]
    classes = catalog(session, city).street_classes(services.tolist())
    whose = []
    for each in deciders(session, city, draft):
        found = each.assigner.assign_many(services, each.atlas.locate(lon, lat, addresses, classes), at)
        who = [(one.crew_id, one.department_id, one.owner) for one in found.distinct]
        whose.append([who[i] for i in found.which.tolist()])
    changed = [i for i, (now, then) in enumerate(zip(*whose, strict=True)) if now != then]
    moves = Counter((whose[0][i], whose[1][i]) for i in changed)
    shown = [
        Change(float(lon[i]), float(lat[i]), whose[0][i], whose[1][i]) for i in changed if lon[i] == lon[i]
    ]
    return Trial(
        len(rows),
        len(changed),
        [(*pair, count) for pair, count in moves.most_common()],
        shown[:MOST_SHOWN],
        cut,
    )
