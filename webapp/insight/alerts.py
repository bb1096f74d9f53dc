"""Alerts that staff set on figures: looked at by a job, told once each time a figure goes beyond its limit.

Nobody is told twice of the same: a count is told again only after it had come back to nine tenths of its
limit, so that one that lingers there does not nag; a late ticket is told once, late ones together once a day.
The caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from webapp.insight.watch_models import AlertCrossing, FigureAlert
from webapp.tickets.models import MERGED, Report, Ticket

MEASURES = ("reports_week", "late_days", "weekly")
MOST_ALERTS = 30
"""Of one person."""
HIGHEST = {"reports_week": 100_000, "late_days": 365, "weekly": 0}
"""Limit of each measure."""
COMES_BACK = 0.9
"""Of its limit, where a count has come back."""
BETWEEN_LATE = timedelta(hours=20)
CROSSINGS_SHOWN = 5


@dataclass(frozen=True)
class Crossed:
    """An alert that is to be told of, with what was found."""

    alert: FigureAlert
    crossing: AlertCrossing


@dataclass(frozen=True)
class Listed:
    """An alert with the last times that it was told."""

    alert: FigureAlert
    crossings: Sequence[AlertCrossing]


def add(
    session: Session,
    city_id: int,
    staff_id: int,
    *,
    measure: str,
    most: int,
    service_id: int | None = None,
    district: str | None = None,
) -> FigureAlert | None:
    """Set an alert; None where the person has `MOST_ALERTS` already.

    The very same alert is not set twice: the one that is there is returned, restored if it was deleted.
    """
    same = (
        FigureAlert.city_id == city_id,
        FigureAlert.staff_id == staff_id,
        FigureAlert.measure == measure,
        FigureAlert.most == most,
        FigureAlert.service_id.is_not_distinct_from(service_id),
        FigureAlert.district.is_not_distinct_from(district),
    )
    there = session.scalars(select(FigureAlert).where(*same)).first()
    if there is not None:
        there.deleted_at = None
        return there
    mine = FigureAlert.city_id == city_id, FigureAlert.staff_id == staff_id
    kept = select(func.count()).select_from(FigureAlert).where(*mine, FigureAlert.deleted_at.is_(None))
    if (session.scalar(kept) or 0) >= MOST_ALERTS:
        return None
    made = FigureAlert(
        city_id=city_id,
        staff_id=staff_id,
        measure=measure,
        most=most,
        service_id=service_id,
        district=district,
    )
    session.add(made)
    session.flush()
    return made


def delete(session: Session, city_id: int, staff_id: int, alert_id: int, *, undo: bool = False) -> bool:
    """Silence an alert of a person, or let it speak again; False where it is not theirs."""
    found = session.get(FigureAlert, (city_id, alert_id))
    if found is None or found.staff_id != staff_id:
        return False
    found.deleted_at = None if undo else datetime.now(UTC)
    return True


def of_person(session: Session, city_id: int, staff_id: int) -> list[Listed]:
    """Return somebody's alerts in the order in which they were set."""
    alerts = session.scalars(
        select(FigureAlert)
        .where(
            FigureAlert.city_id == city_id,
            FigureAlert.staff_id == staff_id,
            FigureAlert.deleted_at.is_(None),
        )
        .order_by(FigureAlert.id)
    ).all()
    rank = func.row_number().over(partition_by=AlertCrossing.alert_id, order_by=AlertCrossing.at.desc())
    ranked = (
        select(AlertCrossing.id, rank.label("rank"))
        .where(AlertCrossing.city_id == city_id, AlertCrossing.alert_id.in_([each.id for each in alerts]))
        .subquery()
    )
    crossings = session.scalars(
        select(AlertCrossing)
        .join(ranked, ranked.c.id == AlertCrossing.id)
        .where(AlertCrossing.city_id == city_id, ranked.c.rank <= CROSSINGS_SHOWN)
        .order_by(AlertCrossing.at.desc())
    ).all()
    return [Listed(alert, [each for each in crossings if each.alert_id == alert.id]) for alert in alerts]


def evaluate(session: Session, city_id: int, now: datetime) -> list[Crossed]:
    """Look at every alert of a city, and return those to tell of now."""
    alerts = session.scalars(
        select(FigureAlert)
        .where(
            FigureAlert.city_id == city_id,
            FigureAlert.deleted_at.is_(None),
            FigureAlert.measure != "weekly",
        )
        .order_by(FigureAlert.id)
        # Two workers at once would tell twice.
        .with_for_update(skip_locked=True)
    ).all()
    look = {"reports_week": _reports_week, "late_days": _late_days}
    found = [look[alert.measure](session, alert, now) for alert in alerts]
    session.flush()
    return [each for each in found if each is not None]


def weekly(session: Session, city_id: int) -> Sequence[FigureAlert]:
    """Return who asked for the weekly mail, as alerts."""
    return session.scalars(
        select(FigureAlert)
        .where(
            FigureAlert.city_id == city_id,
            FigureAlert.deleted_at.is_(None),
            FigureAlert.measure == "weekly",
        )
        .order_by(FigureAlert.id)
    ).all()


def _reports_week(session: Session, alert: FigureAlert, now: datetime) -> Crossed | None:
    alert.checked_at = now
    alert.value = _count(session, alert, _reports(alert, now - timedelta(days=7), now))
    if alert.value > alert.most:
        if alert.beyond:
            return None
        alert.beyond = True
        return _crossed(session, alert, now, alert.value)
    if alert.value <= COMES_BACK * alert.most:
        alert.beyond = False
    return None


def _late_days(session: Session, alert: FigureAlert, now: datetime) -> Crossed | None:
    until = now - timedelta(days=alert.most)
    alert.checked_at = now
    alert.value = _count(session, alert, _late(alert, until))
    last = _last_crossing(session, alert)
    if last is not None and now - last < BETWEEN_LATE:
        return None
    since = alert.told_until
    new = _count(session, alert, and_(_late(alert, until), Ticket.due_at > since)) if since else alert.value
    alert.told_until = until
    alert.beyond = alert.value > 0
    return _crossed(session, alert, now, new) if new else None


def _crossed(session: Session, alert: FigureAlert, now: datetime, value: int) -> Crossed:
    crossing = AlertCrossing(city_id=alert.city_id, alert_id=alert.id, at=now, value=value)
    session.add(crossing)
    return Crossed(alert, crossing)


def _last_crossing(session: Session, alert: FigureAlert) -> datetime | None:
    mine = AlertCrossing.city_id == alert.city_id, AlertCrossing.alert_id == alert.id
    return session.scalar(select(func.max(AlertCrossing.at)).where(*mine))


def _count(session: Session, alert: FigureAlert, wanted: ColumnElement[bool]) -> int:
    """Count reports by their ticket, or tickets."""
    if alert.measure == "reports_week":
        of_ticket = and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id)
        counted = select(func.count()).select_from(Report).join(Ticket, of_ticket)
    else:
        counted = select(func.count()).select_from(Ticket)
    if alert.district is not None:
        counted = counted.where(Ticket.district == alert.district)
    return session.scalar(counted.where(wanted)) or 0


def _reports(alert: FigureAlert, begin: datetime, end: datetime) -> ColumnElement[bool]:
    wanted = [Report.city_id == alert.city_id, Report.requested_at >= begin, Report.requested_at < end]
    if alert.service_id is not None:
        wanted.append(Report.service_id == alert.service_id)
    return and_(*wanted)


def _late(alert: FigureAlert, until: datetime) -> ColumnElement[bool]:
    """Tickets promised until then that are open. The promise of one that waits stands still."""
    wanted = [
        Ticket.city_id == alert.city_id,
        Ticket.open,
        Ticket.status != MERGED,
        Ticket.waiting_since.is_(None),
        Ticket.due_at <= until,
    ]
    if alert.service_id is not None:
        wanted.append(Ticket.service_id == alert.service_id)
    return and_(*wanted)
