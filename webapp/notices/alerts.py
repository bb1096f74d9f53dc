"""Alerts: who wants to hear of what is reported in an area, and telling them. The caller commits.

Reads the outbox with a cursor of its own: each new ticket is found once for each alert whose area it lies in,
and told once, at once or with all others of a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import ColumnElement, LargeBinary, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Service
from webapp.notices import outbox
from webapp.notices.alert_areas import AlertArea
from webapp.notices.models import Alert, AlertFind
from webapp.tickets.models import MERGED, Report, Ticket, TimelineEntry

READER = "alerts"
OFTEN = ("at_once", "daily")
DAILY_AT = time(7)
"""By the city's clock."""
AT_ONCE_APART = timedelta(minutes=10)
"""What comes within so short a time after a message waits for the next."""
MOST_TOLD = 30
"""In one message; of more their number is told."""
MOST_OF_ONE = 20
"""Alerts of one contact."""
_FOUND_BY = ("received", "shown")
"""Timeline entries after which everybody may see a ticket for the first time."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An alert. The shape is in EPSG:4326, lon lat."""

    id: int
    contact_id: int
    kind: str
    name: str
    zone_id: str | None
    groups: list[str]
    often: str
    created_at: datetime
    confirmed: bool
    stopped: bool
    shape: shapely.MultiPolygon


@dataclass(frozen=True, slots=True)
class Find:
    """A ticket that an alert tells of, as everybody may see it."""

    ticket_id: int
    tracking_number: str
    service_id: int
    address: str | None
    opened_at: datetime


def make(
    session: Session, city_id: int, contact_id: int, area: AlertArea, *, groups: Sequence[str], often: str
) -> int | None:
    """Keep an alert and return its id; nothing is told until it is confirmed. None: they have too many."""
    count = select(func.count()).where(
        Alert.city_id == city_id, Alert.contact_id == contact_id, Alert.stopped_at.is_(None)
    )
    if (session.scalar(count) or 0) >= MOST_OF_ONE:
        return None
    alert = Alert(
        city_id=city_id, contact_id=contact_id, kind=area.kind, name=area.name, geom=_shape(area.shape),
        zone_id=area.zone_id, edition_id=area.edition_id, groups=list(groups), often=often,
    )  # fmt: skip
    session.add(alert)
    session.flush()
    return alert.id


def get(session: Session, city_id: int, alert_id: int) -> Chosen | None:
    """Return an alert, None where it was erased."""
    row = session.execute(
        select(
            Alert.id, Alert.contact_id, Alert.kind, Alert.name, Alert.zone_id, Alert.groups, Alert.often,
            Alert.created_at, Alert.confirmed_at.is_not(None).label("confirmed"),
            Alert.stopped_at.is_not(None).label("stopped"),
            func.ST_AsBinary(Alert.geom, type_=LargeBinary).label("shape"),
        ).where(Alert.city_id == city_id, Alert.id == alert_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    told = dict(row._mapping)
    return Chosen(**told | {"shape": shapely.from_wkb(told["shape"])})


def of_contacts(session: Session, city_id: int, contact_ids: Sequence[int]) -> list[int]:
    """Return the ids of the alerts that contacts have confirmed and not stopped."""
    mine = and_(Alert.city_id == city_id, Alert.contact_id.in_(contact_ids))
    return list(session.scalars(select(Alert.id).where(mine, _told()).order_by(Alert.id)))


def confirm(session: Session, city: City, alert_id: int, now: datetime) -> None:
    """Tell of what is reported from now on, also by an alert that was stopped."""
    alert = session.get_one(Alert, (city.id, alert_id))
    alert.confirmed_at = now
    alert.stopped_at = None
    alert.next_at = next_at(city, alert.often, now) if alert.often == "daily" else now


def stop(session: Session, city_id: int, alert_id: int) -> None:
    """Tell nothing more."""
    stopped = update(Alert).where(Alert.city_id == city_id, Alert.id == alert_id, Alert.stopped_at.is_(None))
    session.execute(stopped.values(stopped_at=func.now()))


def give_to(session: Session, city_id: int, alert_id: int, contact_id: int) -> None:
    """Tell of an alert somebody by another way, such as on their phone: a contact of theirs."""
    one = and_(Alert.city_id == city_id, Alert.id == alert_id)
    session.execute(update(Alert).where(one).values(contact_id=contact_id))


def told_to(session: Session, city_id: int, alert_id: int) -> Sequence[int]:
    """Return the contact that hears of an alert; none while it is off."""
    one = and_(Alert.city_id == city_id, Alert.id == alert_id)
    return session.scalars(select(Alert.contact_id).where(one, _told())).all()


def take_area(session: Session, city_id: int, alert_id: int, area: AlertArea) -> None:
    """Give an alert another area, such as its district's with the borders that it has now."""
    session.execute(
        update(Alert)
        .where(Alert.city_id == city_id, Alert.id == alert_id)
        .values(geom=_shape(area.shape), edition_id=area.edition_id, name=area.name)
    )


def find(session: Session, city_id: int) -> int:
    """Look where tickets have come up since the last time; return how many finds there are."""
    return outbox.read(session, city_id, reader=READER, tell=_find)


def due(session: Session, city_id: int, now: datetime) -> list[int]:
    """Return the alerts that have something to tell now."""
    waiting = select(AlertFind.ticket_id).where(
        AlertFind.city_id == Alert.city_id, AlertFind.alert_id == Alert.id, AlertFind.told_at.is_(None)
    )
    query = select(Alert.id).where(Alert.city_id == city_id, _told(), Alert.next_at <= now, waiting.exists())
    return list(session.scalars(query.order_by(Alert.id)))


def take_finds(session: Session, city: City, alert_id: int, now: datetime) -> tuple[list[Find], int]:
    """Note that all finds of an alert are told now; return the first `MOST_TOLD` of them and their number."""
    alert = session.get_one(Alert, (city.id, alert_id), with_for_update=True)
    alert.next_at = next_at(city, alert.often, now)
    told = (
        update(AlertFind)
        .where(AlertFind.city_id == city.id, AlertFind.alert_id == alert_id, AlertFind.told_at.is_(None))
        .values(told_at=now)
        .returning(AlertFind.ticket_id)
    )
    found = session.scalars(told).all()
    first = (
        select(Report.tracking_number)
        .where(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id, ~Report.hidden)
        .order_by(Report.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Ticket.id, first, Ticket.service_id, Ticket.address, Ticket.opened_at)
        .where(
            Ticket.city_id == city.id,
            Ticket.id.in_(found),
            # Hidden or merged since: nothing to tell.
            ~Ticket.hidden,
            Ticket.status != MERGED,
        )
        .order_by(Ticket.id)
    )
    finds = [Find(*row) for row in rows]
    return finds[:MOST_TOLD], len(finds)


def next_at(city: City, often: str, now: datetime) -> datetime:
    """Return when an alert may tell something again: the next morning, or a little later."""
    if often == "at_once":
        return now + AT_ONCE_APART
    local = now.astimezone(ZoneInfo(city.time_zone))
    day = local.date() + timedelta(days=local.time() >= DAILY_AT)
    return datetime.combine(day, DAILY_AT, local.tzinfo)


def _find(session: Session, city_id: int, unread: ColumnElement[bool]) -> int:
    entry = TimelineEntry
    lies_in = and_(
        Alert.city_id == entry.city_id,
        _told(),
        func.st_intersects(Alert.geom, Ticket.geom),
        or_(Alert.groups == [], Service.group == Alert.groups.any_()),
        Alert.confirmed_at <= entry.at,
    )
    finds = (
        select(Alert.city_id, Alert.id, Ticket.id)
        .select_from(entry)
        .join(Ticket, and_(Ticket.city_id == entry.city_id, Ticket.id == entry.ticket_id))
        .join(Service, and_(Service.city_id == Ticket.city_id, Service.id == Ticket.service_id))
        .join(Alert, lies_in)
        .where(
            entry.city_id == city_id,
            entry.kind.in_(_FOUND_BY),
            entry.actor != "import",
            Service.public,
            ~Ticket.hidden,
            unread,
        )
    )
    made = insert(AlertFind).from_select(["city_id", "alert_id", "ticket_id"], finds)
    return len(session.execute(made.on_conflict_do_nothing().returning(AlertFind.ticket_id)).all())


def _told() -> ColumnElement[bool]:
    return and_(Alert.confirmed_at.is_not(None), Alert.stopped_at.is_(None))


def _shape(shape: shapely.MultiPolygon) -> ColumnElement[bytes]:
    return func.st_geomfromwkb(shapely.to_wkb(shape), 4326)
