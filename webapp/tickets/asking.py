"""Asks those who reported whether it is fixed, and does what they answer. The caller commits.

Yes confirms the ticket; no, with words, opens it again. Each answers once
for each time that the work was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, and_, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.languages import Sentence
from webapp.storage import Storage
from webapp.tickets import photos
from webapp.tickets.following_models import Survey
from webapp.tickets.lifecycle import Incomplete, NotAllowed
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.moving import move, plain
from webapp.tickets.pictures import Picture
from webapp.tickets.updating import remark

ANSWER_WITHIN = timedelta(days=30)
"""So long after the work was done may its reporters say whether it is fixed."""
LONGEST_WORDS = 2000
MOST_AT_ONCE = 5
"""Photos sent along with one answer or one remark."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, as it stands for one report."""

    entry_id: int
    """The timeline entry that says that the work is done."""
    until: datetime
    survey_id: int | None
    fixed: bool | None
    """The answer; None: there is none yet."""
    rated: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What a reporter tells besides yes and no."""

    words: str = ""
    pictures: Sequence[Picture] = ()


def asked(session: Session, city_id: int, report_id: int, now: datetime) -> Asked | None:
    """Return the question whether a report's problem is fixed; None while there is nothing to ask."""
    done = (
        select(TimelineEntry.id, TimelineEntry.at)
        .where(
            TimelineEntry.city_id == Ticket.city_id,
            TimelineEntry.ticket_id == Ticket.id,
            TimelineEntry.kind == "done",
        )
        .order_by(TimelineEntry.id.desc())
        .limit(1)
        .lateral("done")
    )
    of_report = and_(
        Survey.city_id == Report.city_id, Survey.report_id == Report.id, Survey.timeline_id == done.c.id
    )
    row = session.execute(
        select(
            done.c.id, done.c.at, Survey.id, Survey.fixed,
            func.num_nonnulls(Survey.satisfaction, Survey.easy) > 0,
        )
        .select_from(Report)
        .join(Ticket, and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id))
        .join(done, true())
        .outerjoin(Survey, of_report)
        .where(Report.city_id == city_id, Report.id == report_id, Ticket.status.in_(("done", "confirmed")))
    ).one_or_none()  # fmt: skip
    if row is None or (row.fixed is None and row.at + ANSWER_WITHIN < now):
        return None
    return Asked(row[0], row.at + ANSWER_WITHIN, row[2], row.fixed, bool(row[4]))


def answer(
    session: Session, city: City, storage: Storage, report_id: int, *, fixed: bool, told: Told, now: datetime
) -> None:
    """Take a reporter's answer: a yes confirms the ticket, a no opens it again and tells the crew why.

    Raises
    ------
    webapp.tickets.lifecycle.MoveRefused
        Nothing was written: it was answered before, is open again, or a no has no words.
    webapp.tickets.pictures.PhotoRefusedError
        There are too many photos; the caller rolls back.
    """
    ticket = _locked(session, city.id, report_id)
    question = asked(session, city.id, report_id, now)
    if question is None:
        raise NotAllowed(Sentence("There is nothing to answer now: look at what happened since."))
    if question.fixed is not None:
        raise NotAllowed(Sentence("You have answered this already. Thank you."))
    words = plain(told.words)[:LONGEST_WORDS]
    if not fixed and not words:
        raise Incomplete("words", Sentence("Say in a few words what is still wrong: the crew will read it."))
    _note(session, city.id, report_id, ticket.id, question.entry_id, fixed)
    if not fixed:
        _keep(session, storage, city.id, report_id, told.pictures)
        move(
            session, city, ticket.id, "reopened",
            by="resident", version=ticket.version, note=words, data=_data(told),
        )  # fmt: skip
    elif ticket.status == "done":
        move(session, city, ticket.id, "confirmed", by="resident", version=ticket.version)


def rate(
    session: Session, city_id: int, report_id: int, survey_id: int,
    *, satisfaction: int | None, easy: int | None, words: str,
) -> None:  # fmt: skip
    """Keep what a reporter says to the two questions of the survey; the first word counts."""
    session.execute(
        update(Survey)
        .where(
            Survey.city_id == city_id,
            Survey.id == survey_id,
            Survey.report_id == report_id,
            Survey.answered_at.is_not(None),
            Survey.satisfaction.is_(None),
            Survey.easy.is_(None),
        )
        .values(satisfaction=satisfaction, easy=easy, words=plain(words)[:LONGEST_WORDS])
    )


def said_of(session: Session, city_id: int, ticket_id: int) -> list[Survey]:
    """Return what reporters of a ticket answered, for staff, the latest first."""
    answered = select(Survey).where(
        Survey.city_id == city_id, Survey.ticket_id == ticket_id, Survey.answered_at.is_not(None)
    )
    return list(session.scalars(answered.order_by(Survey.answered_at.desc(), Survey.id.desc())))


def add(session: Session, city_id: int, storage: Storage, report_id: int, told: Told) -> None:
    """Add words or photos to a report: a remark for everybody to read, also its crew.

    Raises
    ------
    webapp.tickets.lifecycle.Incomplete
        There is neither.
    webapp.tickets.pictures.PhotoRefusedError
        There are too many photos; the caller rolls back.
    """
    words = plain(told.words)[:LONGEST_WORDS]
    if not words and not told.pictures:
        raise Incomplete("words", Sentence("Write something, or choose a photo."))
    ticket = _locked(session, city_id, report_id)
    _keep(session, storage, city_id, report_id, told.pictures)
    remark(session, city_id, ticket.id, words, actor="resident", data=_data(told))


def _locked(session: Session, city_id: int, report_id: int) -> Row[int, int, str]:
    return session.execute(
        select(Ticket.id, Ticket.version, Ticket.status)
        .join(Report, and_(Report.city_id == Ticket.city_id, Report.ticket_id == Ticket.id))
        .where(Report.city_id == city_id, Report.id == report_id)
        .with_for_update(of=Ticket)
    ).one()


def _note(session: Session, city_id: int, report_id: int, ticket_id: int, entry_id: int, fixed: bool) -> None:
    key = {"city_id": city_id, "report_id": report_id, "timeline_id": entry_id}
    said = {"answered_at": func.now(), "fixed": fixed}
    noted = insert(Survey).values(**key, ticket_id=ticket_id, **said)
    session.execute(noted.on_conflict_do_update(index_elements=list(key), set_=said))


def _keep(
    session: Session, storage: Storage, city_id: int, report_id: int, pictures: Sequence[Picture]
) -> None:
    for picture in pictures:
        photos.keep_picture(session, storage, city_id, report_id, picture)


def _data(told: Told) -> dict[str, int]:
    return {"photos": len(told.pictures)} if told.pictures else {}
