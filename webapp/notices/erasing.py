"""Erases how to reach people when the city's term is over. What they reported stays. The caller commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.notices.models import Alert
from webapp.people import audit, contacts
from webapp.people.models import Contact
from webapp.tickets import following
from webapp.tickets.following_models import Follower
from webapp.tickets.models import Report

AT_ONCE = 500


def erase_old(session: Session, city: City, now: datetime) -> int:
    """Erase contacts of whom nothing is open since longer than the city's term; return how many.

    Nobody is erased while a report of theirs is open, while they follow one that is, or while an alert of
    theirs stands. The audit trail says how many were erased; whom, nothing says. A city that names no term
    erases nobody.
    """
    days = city.details.get("contact_days")
    if not days:
        return 0
    before = now - timedelta(days=days)
    lately = or_(Report.closed_at.is_(None), Report.closed_at >= before)
    reports = exists().where(Report.city_id == Contact.city_id, Report.contact_id == Contact.id, lately)
    follows = (
        select(Follower.report_id)
        .join(Report, and_(Report.city_id == Follower.city_id, Report.id == Follower.report_id))
        .where(Follower.city_id == Contact.city_id, Follower.contact_id == Contact.id)
        .where(Follower.stopped_at.is_(None), lately)
    )
    alert = exists().where(
        Alert.city_id == Contact.city_id, Alert.contact_id == Contact.id, Alert.stopped_at.is_(None)
    )
    query = (
        select(Contact.id)
        .where(Contact.city_id == city.id, Contact.created_at < before)
        .where(~reports, ~follows.exists(), ~alert)
        .order_by(Contact.id)
        .limit(AT_ONCE)
    )
    old = session.scalars(query).all()
    if old:
        following.forget_contacts(session, city.id, old)
        contacts.erase(session, city.id, old)
        what = f"{len(old)} contacts"
        audit.record(session, city.id, "contacts_erased", what, by=None, count=len(old), days=days)
    return len(old)
