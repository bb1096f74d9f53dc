"""Links to all reports of one e-mail address: mailed to it, each opens them once. The caller commits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from webapp.people.models import ReporterLink

LASTS = timedelta(hours=1)
"""So long after it was asked for may a link be used."""


def make(session: Session, city_id: int, contact_id: int) -> int:
    """Return the id of a new link for a contact."""
    link = ReporterLink(city_id=city_id, contact_id=contact_id)
    session.add(link)
    session.flush()
    return link.id


def use(session: Session, city_id: int, link_id: int) -> int | None:
    """Use a link up and return its contact; None where it was used before, or the contact was erased."""
    return session.scalar(
        update(ReporterLink)
        .where(ReporterLink.city_id == city_id, ReporterLink.id == link_id, ReporterLink.used_at.is_(None))
        .values(used_at=func.now())
        .returning(ReporterLink.contact_id)
    )
