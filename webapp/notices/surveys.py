"""Asks those who reported, the day after the work was done, whether it is fixed. The caller commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Row, and_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.queries import catalog
from webapp.config import Settings
from webapp.languages import SOURCE, nearest, sentences
from webapp.notices.messages import Message, hand_over
from webapp.people import contacts, tokens
from webapp.tickets.asking import ANSWER_WITHIN
from webapp.tickets.following_models import Follower, Survey
from webapp.tickets.models import Report, Ticket, TimelineEntry

ASK_AFTER = timedelta(hours=20)
"""So long after the work was done: people pass by there in the meantime."""
ASK_WITHIN = timedelta(days=4)
"""Where nobody could be asked for longer than that, it is left alone."""
MINE = "mine"
"""The purpose of links by which a browser becomes the reporter's."""


def ask(session: Session, settings: Settings, city: City, now: datetime) -> int:
    """Write to those whose problem was done lately and who have not said whether it is fixed.

    Returns
    -------
    int
        How many were asked.
    """
    count = 0
    for row in _to_ask(session, city.id, now):
        noted = insert(Survey).values(
            city_id=city.id, report_id=row.id, ticket_id=row.ticket_id, timeline_id=row.entry_id, asked_at=now
        )
        survey_id = session.scalar(noted.on_conflict_do_nothing().returning(Survey.id))
        if survey_id is not None:
            message = _message(session, settings, city, row)
            key = f"survey {survey_id}"
            count += hand_over(session, city.id, row.contact_id, message, key=key, report_id=row.id)
    return count


def mine_path(settings: Settings, city_id: int, report_id: int) -> str:
    """Return the address that makes the browser which opens it the reporter's, for `ANSWER_WITHIN`."""
    return f"/mine/{tokens.sign(settings.secret_key, MINE, city_id, report_id)}"


def _to_ask(
    session: Session, city_id: int, now: datetime
) -> list[Row[int, int, int, int, int, str, str | None]]:
    """Return who is to be asked: of a ticket each person once, by their first report."""
    entry = TimelineEntry
    answered = select(Survey.id).where(
        Survey.city_id == entry.city_id, Survey.timeline_id == entry.id, Survey.report_id == Report.id
    )
    stopped = select(Follower.id).where(
        Follower.city_id == Report.city_id,
        Follower.report_id == Report.id,
        Follower.contact_id == Report.contact_id,
        Follower.stopped_at.is_not(None),
    )
    way = contacts.ways()
    query = (
        select(
            Report.id, Report.ticket_id, entry.id.label("entry_id"), Report.contact_id, Report.service_id,
            Report.tracking_number, Report.address,
        )
        .join(Ticket, and_(Ticket.city_id == entry.city_id, Ticket.id == entry.ticket_id))
        .join(Report, and_(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id))
        .join(way, and_(way.c.city_id == Report.city_id, way.c.contact_id == Report.contact_id))
        .where(
            entry.city_id == city_id,
            entry.kind == "done",
            entry.actor != "import",
            entry.at.between(now - ASK_WITHIN, now - ASK_AFTER),
            Ticket.status.in_(("done", "confirmed")),
            # Done again since: of that it is asked.
            Ticket.closed_at <= entry.at,
            ~answered.exists(),
            ~stopped.exists(),
        )
        .ext(distinct_on(entry.id, way.c.channel, way.c.address))
        .order_by(entry.id, way.c.channel, way.c.address, Report.id)
    )  # fmt: skip
    return list(session.execute(query))


def _message(
    session: Session, settings: Settings, city: City, row: Row[int, int, int, int, int, str, str | None]
) -> Message:
    person = contacts.get(session, city.id, row.contact_id)
    language = nearest(person.language if person else SOURCE) or SOURCE
    _ = sentences(language).gettext
    service = catalog(session, city).services[row.service_id].translated("name", language)
    told = _("We were told that the work is done: %(what)s (%(number)s).") % {
        "what": f"{service}, {row.address}" if row.address else service,
        "number": row.tracking_number,
    }
    asked = _(
        "Please tell us with one tap whether it is fixed. If it is not, your report is opened again and the "
        "crew reads what you write. You can answer for %(days)d days after the work."
    ) % {"days": ANSWER_WITHIN.days}
    return Message(
        subject=_("Is it fixed?"),
        text=f"{told}\n\n{asked}",
        path=mine_path(settings, city.id, row.id),
        path_words=_("Say whether it is fixed"),
    )
