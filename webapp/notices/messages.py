"""Hands a message to a person over to be sent: by the way they want, once, in quiet hours later.

For whatever tells people of more than one timeline entry, or of none: surveys, alerts, links by mail.
Timeline entries themselves become notices by the outbox.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import BigInteger, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from webapp.notices.models import Notice
from webapp.people import contacts


@dataclass(frozen=True)
class Message:
    """What a message says, in the language of its reader."""

    subject: str
    """One line. An SMS holds it and the link, and little more."""
    text: str
    """Paragraphs with an empty line between them, as plain text."""
    path: str = ""
    """Where its link leads, such as ``/track/K7QM4XPR/fixed``."""
    path_words: str = ""
    """What the link says."""
    stop_path: str = ""
    """Where one tap stops messages of this kind, by a POST; empty: where all messages are stopped."""


def hand_over(
    session: Session,
    city_id: int,
    contact_id: int,
    message: Message,
    *,
    key: str,
    report_id: int | None = None,
    asked_for: bool = False,
) -> bool:
    """Have a message sent to a contact once the caller commits, by the way that they want.

    Parameters
    ----------
    key
        Such as ``survey 12``. A second message under it is not made.
    report_id
        The report that it is about.
    asked_for
        The person wants this very message now, such as a link to sign in: it is mailed to them at any hour,
        also where they stopped all others.

    Returns
    -------
    bool
        Whether there will be one: not where they asked for no more messages, or there is no way.
    """
    way = contacts.mailboxes() if asked_for else contacts.ways()
    wanted = select(
        way.c.city_id,
        way.c.contact_id,
        way.c.channel,
        literal(report_id, BigInteger),
        literal(asdict(message) | {"asked_for": asked_for}, JSONB),
        literal(key),
    ).where(way.c.city_id == city_id, way.c.contact_id == contact_id)
    columns = ["city_id", "contact_id", "channel", "report_id", "message", "message_key"]
    made = insert(Notice).from_select(columns, wanted).on_conflict_do_nothing()
    return session.scalar(made.returning(Notice.id)) is not None


def hand_over_to_staff(session: Session, city_id: int, staff_id: int, message: Message, *, key: str) -> bool:
    """Have a message mailed to a member of staff once the caller commits; False where ``key`` had one."""
    values = {
        "city_id": city_id,
        "staff_id": staff_id,
        "message": asdict(message),
        "message_key": key,
    }
    made = insert(Notice).values(values).on_conflict_do_nothing()
    return session.scalar(made.returning(Notice.id)) is not None
