"""Takes words and photos out of public view, with history. The caller commits.

What everybody reads is the redacted text or photo itself: nothing that shows a report needs to know of it,
and none can forget to leave something out. What it was stays in the table of redactions, for administrators
and auditors; each redaction and its undoing is an entry of the timeline, and so of the audit trail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from webapp.languages import Sentence
from webapp.people.models import Staff
from webapp.storage import Storage
from webapp.tickets import photos, pictures
from webapp.tickets.lifecycle import COMPARERS, Incomplete, NoSuchTicket, NotAllowed
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.photo_models import Photo
from webapp.tickets.redaction_models import Redaction

MASK = "█████"
"""In place of words, however long they were."""
LONGEST_WHY = 200
REDACTED = "redacted"
RESTORED = "restored"
"""Kinds of timeline entries."""


@dataclass(frozen=True, slots=True)
class RedactionRow:
    """A redaction, with who made it. ``original`` is for administrators and auditors."""

    id: int
    report_id: int | None
    what: str
    original: dict[str, Any]
    redacted: dict[str, Any] | None
    why: str
    by: str
    at: datetime
    undone_at: datetime | None


def redact_description(
    session: Session, city_id: int, report_id: int, words: Sequence[str], why: str, *, by: Staff
) -> None:
    """Take words out of what somebody reported, wherever they stand in it.

    Raises
    ------
    NotAllowed, NoSuchTicket, Incomplete
        Nothing was written; the last where none of the words are there.
    """
    _check(by, why)
    report = session.get(Report, (city_id, report_id), with_for_update=True)
    if report is None:
        raise NoSuchTicket(f"There is no report {report_id}.")
    masked = _masked(report.description, words)
    original = {"text": report.description}
    _record(session, city_id, report.ticket_id, "description", original, {"text": masked}, why, by, report_id)
    _describe(session, report, masked)


def redact_note(
    session: Session, city_id: int, timeline_id: int, words: Sequence[str], why: str, *, by: Staff
) -> None:
    """Take words out of a note in a timeline.

    Raises
    ------
    NotAllowed, NoSuchTicket, Incomplete
        Nothing was written.
    """
    _check(by, why)
    entry = session.get(TimelineEntry, (city_id, timeline_id))
    if entry is None:
        raise NoSuchTicket(f"There is no entry {timeline_id}.")
    masked = _masked(entry.note, words)
    original = {"text": entry.note}
    _record(
        session, city_id, entry.ticket_id, "note", original, {"text": masked}, why, by,
        entry.report_id, timeline_id,
    )  # fmt: skip
    _set_note(session, city_id, timeline_id, masked)


def redact_photo(
    session: Session,
    storage: Storage,
    city_id: int,
    ticket_id: int,
    name: str,
    boxes: Sequence[pictures.Box],
    why: str,
    *,
    by: Staff,
) -> None:
    """Make parts of a photo unrecognisable, or take out all of it where no part is named.

    It has another name from then on: addresses that somebody kept lead to nothing.

    Parameters
    ----------
    ticket_id
        That the photo belongs to, itself or with its report.

    Raises
    ------
    NotAllowed, NoSuchTicket, Incomplete
        Nothing was written.
    """
    _check(by, why)
    photo = session.scalar(
        select(Photo).where(Photo.city_id == city_id, Photo.name == name).with_for_update()
    )
    content = photos.read_photo(storage, city_id, name, "large") if photo else None
    if photo is None or content is None:
        raise NoSuchTicket(Sentence("This photo is not there any more."))
    original, redacted = _kept(photo), None
    if boxes:
        picture = pictures.blurred(content, boxes)
        redacted = original | {"name": photos.new_name(), "bytes": len(picture.large)}
        photos.keep_files(storage, city_id, redacted["name"], picture)
    _record(session, city_id, ticket_id, "photo", original, redacted, why, by, photo.report_id)
    if redacted is None:
        session.delete(photo)
    else:
        photo.name, photo.bytes = redacted["name"], redacted["bytes"]
    session.flush()


def undo(session: Session, city_id: int, redaction_id: int, *, by: Staff) -> int:
    """Show again what a redaction took out, and return its ticket.

    Of several redactions of one text or photo, the latest is undone first.

    Raises
    ------
    NotAllowed, NoSuchTicket
        Nothing was written.
    """
    _check(by, None)
    made = session.get(Redaction, (city_id, redaction_id), with_for_update=True)
    if made is None or made.undone_at is not None:
        raise NoSuchTicket(Sentence("This was undone already."))
    if not _UNDO[made.what](session, made):
        raise NotAllowed(Sentence("It was redacted once more since: undo that first."))
    made.undone_at, made.undone_by = datetime.now(UTC), by.id
    _tell(session, city_id, made.ticket_id, RESTORED, made.report_id, made.what, by)
    session.flush()
    return made.ticket_id


def history(session: Session, city_id: int, ticket_ids: Sequence[int]) -> list[RedactionRow]:
    """Return the redactions of tickets, the latest first."""
    made = Redaction
    query = (
        select(
            made.id, made.report_id, made.what, made.original, made.redacted, made.why, Staff.name, made.at,
            made.undone_at,
        )
        .join(Staff, and_(Staff.city_id == made.city_id, Staff.id == made.staff_id))
        .where(made.city_id == city_id, made.ticket_id.in_(ticket_ids))
        .order_by(made.id.desc())
    )  # fmt: skip
    return [RedactionRow(*row) for row in session.execute(query)]


def original_photo(session: Session, city_id: int, redaction_id: int) -> str | None:
    """Return the name under which the photo that was redacted is kept, None where there is none."""
    made = session.get(Redaction, (city_id, redaction_id))
    return made.original["name"] if made is not None and made.what == "photo" else None


def _check(by: Staff, why: str | None) -> None:
    if by.role not in COMPARERS:
        raise NotAllowed(Sentence("What others may see is for the desk to say: ask a supervisor."))
    if why is not None and not 0 < len(why.strip()) <= LONGEST_WHY:
        raise Incomplete("why", Sentence("Say why, in %(most)d characters at most.", most=LONGEST_WHY))


def _masked(text: str, words: Sequence[str]) -> str:
    wanted = sorted({word.strip() for word in words if word.strip()}, key=len, reverse=True)
    masked = re.sub("|".join(map(re.escape, wanted)), MASK, text, flags=re.IGNORECASE) if wanted else text
    if masked == text:
        raise Incomplete("words", Sentence("Write the words as they stand in the text, one on each line."))
    return masked


def _record(
    session: Session,
    city_id: int,
    ticket_id: int,
    what: str,
    original: dict[str, Any],
    redacted: dict[str, Any] | None,
    why: str,
    by: Staff,
    report_id: int | None,
    timeline_id: int | None = None,
) -> None:
    session.add(
        Redaction(
            city_id=city_id, ticket_id=ticket_id, report_id=report_id, timeline_id=timeline_id, what=what,
            original=original, redacted=redacted, why=why.strip(), staff_id=by.id,
        )
    )  # fmt: skip
    _tell(session, city_id, ticket_id, REDACTED, report_id, what, by)
    session.flush()


def _tell(
    session: Session, city_id: int, ticket_id: int, kind: str, report_id: int | None, what: str, by: Staff
) -> None:
    session.add(
        TimelineEntry(
            city_id=city_id, ticket_id=ticket_id, report_id=report_id, kind=kind, actor="staff",
            staff_id=by.id, data={"what": what},
        )
    )  # fmt: skip


def _set_note(session: Session, city_id: int, timeline_id: int, note: str) -> None:
    entry = TimelineEntry
    session.execute(update(entry).where(entry.city_id == city_id, entry.id == timeline_id).values(note=note))


def _kept(photo: Photo) -> dict[str, Any]:
    columns = ("id", "report_id", "ticket_id", "shows", "name", "width", "height", "bytes", "alt")
    return {name: getattr(photo, name) for name in columns}


def _describe(session: Session, report: Report, description: str) -> None:
    """Change what a report says. The keys of its words go: they would tell what was taken out."""
    report.description, report.updated_at = description, datetime.now(UTC)
    of_its_ticket = (Ticket.city_id == report.city_id) & (Ticket.id == report.ticket_id)
    session.execute(update(Ticket).where(of_its_ticket).values(match_keys=None))


def _undo_description(session: Session, made: Redaction) -> bool:
    report = session.get(Report, (made.city_id, made.report_id), with_for_update=True)
    if report is None or made.redacted is None or report.description != made.redacted["text"]:
        return False
    _describe(session, report, made.original["text"])
    return True


def _undo_note(session: Session, made: Redaction) -> bool:
    entry = session.get(TimelineEntry, (made.city_id, made.timeline_id), populate_existing=True)
    if entry is None or made.timeline_id is None or made.redacted is None:
        return False
    if entry.note != made.redacted["text"]:
        return False
    _set_note(session, made.city_id, made.timeline_id, made.original["text"])
    return True


def _undo_photo(session: Session, made: Redaction) -> bool:
    if made.redacted is None:
        session.add(Photo(city_id=made.city_id, **made.original))
        return True
    named = Photo.city_id == made.city_id, Photo.name == made.redacted["name"]
    photo = session.scalar(select(Photo).where(*named).with_for_update())
    if photo is None:
        return False
    photo.name, photo.bytes = made.original["name"], made.original["bytes"]
    return True


_UNDO: dict[str, Callable[[Session, Redaction], bool]] = {
    "description": _undo_description,
    "note": _undo_note,
    "photo": _undo_photo,
}
