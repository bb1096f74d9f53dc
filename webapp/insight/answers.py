"""What people thought of the work, and what they were told without any: surveys, articles. Never writes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from webapp.catalog.models import ArticleUse
from webapp.insight.periods import Period
from webapp.insight.queries import Scope
from webapp.tickets.following_models import Survey
from webapp.tickets.models import Report, Ticket

SATISFIED = 4
"""From this on, of 5."""


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """What reporters answered who were asked in a period."""

    asked: int
    """By mail, when the work was said to be done."""
    answered: int
    """Of those."""
    rated: int
    """All who said how satisfied they are, those too who were not asked and did so on the page."""
    satisfied: int
    """Of them, with 4 or 5 of 5."""
    not_fixed: int
    """Answers that it is not fixed."""

    @property
    def response_rate(self) -> float | None:
        """Share of those asked that answered."""
        return self.answered / self.asked if self.asked else None

    @property
    def share(self) -> float | None:
        """Share of the satisfied among those who said."""
        return self.satisfied / self.rated if self.rated else None


def satisfaction(session: Session, scope: Scope) -> Satisfaction:
    """Return what reporters answered who were asked in the scope's period, whenever the ticket was opened.

    Channel and language are those of the report of whoever was asked.
    """
    in_period = [and_(at >= scope.begin, at < scope.end) for at in (Survey.asked_at, Survey.answered_at)]
    query = (
        select(
            func.count(Survey.asked_at),
            func.count().filter(Survey.asked_at.is_not(None), Survey.answered_at.is_not(None)),
            func.count(Survey.satisfaction),
            func.count().filter(Survey.satisfaction >= SATISFIED),
            func.count().filter(Survey.fixed.is_(False)),
        )
        .where(Survey.city_id == scope.city_id)
        .where(or_(in_period[0], and_(Survey.asked_at.is_(None), in_period[1])))
    )
    if scope.of_tickets:
        query = query.join(Ticket, and_(Ticket.city_id == Survey.city_id, Ticket.id == Survey.ticket_id))
        query = query.where(*scope.of_tickets)
    if scope.channel is not None or scope.language is not None:
        query = query.join(Report, and_(Report.city_id == Survey.city_id, Report.id == Survey.report_id))
        query = query.where(Report.channel == scope.channel) if scope.channel is not None else query
        query = query.where(Report.language == scope.language) if scope.language is not None else query
    return Satisfaction(*session.execute(query).one())


def answered_without_ticket(session: Session, city_id: int, period: Period) -> int:
    """Return how many questions articles answered in a period: none of them is a ticket."""
    days = ArticleUse.day.between(period.first, period.last)
    total = select(func.coalesce(func.sum(ArticleUse.times), 0)).where(ArticleUse.city_id == city_id, days)
    return int(session.execute(total).scalar_one())
