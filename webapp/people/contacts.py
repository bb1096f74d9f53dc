"""How to reach those who reported. The only module that reads or writes the table of contacts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    ColumnElement,
    String,
    Subquery,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from webapp.languages import Sentence
from webapp.people import audit
from webapp.people.models import PHONE_DIGITS, Contact, Staff

_EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s.<>()]+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{5,30}")
WAYS = ("email", "sms", "push", "phone", "letter", "none")
_SHORTEST_NUMBER = 7
"""Fewer digits than these are not looked up: they would find strangers."""
MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """What somebody told of themselves, cleaned. Kept out of ``repr``, so that no log shows it."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str = "en"
    prefers: str = "email"
    """How they want to hear from us: one of ``WAYS``."""
    postal_address: str | None = None
    """Where letters go, in lines."""
    key: str = field(default="", compare=False)
    """Whoever has it may stop their messages. Empty: not known here."""
    bounced: bool = field(default=False, compare=False)
    """Mail to them came back."""
    stopped: bool = field(default=False, compare=False)
    """They asked for no more messages."""

    def __repr__(self) -> str:
        return "ContactDetails(…)"

    def __bool__(self) -> bool:
        return bool(self.name or self.email or self.phone or self.postal_address)


def clean(
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    language: str = "en",
    prefers: str = "email",
    postal_address: str | None = None,
) -> tuple[ContactDetails, dict[str, str]]:
    """Return the details without stray spaces, and what to do about each field that cannot be right."""
    lines = "\n".join(filter(None, map(_tidy, (postal_address or "").splitlines())))
    details = ContactDetails(
        _tidy(name), _tidy(email), _tidy(phone), language, prefers, postal_address=lines or None
    )
    wrong: dict[str, str] = {}
    if details.name and len(details.name) > 200:
        wrong["name"] = Sentence("Shorten the name to 200 characters.")
    if details.email and (len(details.email) > 254 or not _EMAIL.fullmatch(details.email)):
        wrong["email"] = Sentence("Write an e-mail address such as name@example.org, or leave it empty.")
    if details.phone and not _PHONE.fullmatch(details.phone):
        wrong["phone"] = Sentence("Write a phone number in digits, or leave it empty.")
    if len(lines) > 500:
        wrong["postal_address"] = Sentence("Shorten the postal address to 500 characters.")
    return details, wrong


def find_or_make(session: Session, city_id: int, details: ContactDetails) -> int:
    """Return the id of the contact with exactly these details, making it where there is none.

    Somebody who gives another person's address thereby neither changes nor learns anything of theirs: only
    all details together are the same contact.
    """
    same = and_(
        Contact.city_id == city_id,
        # Says nothing beyond the lines below, but is what the table is indexed by.
        func.lower(Contact.email) == (details.email and details.email.lower()),
        Contact.name == details.name,
        Contact.email == details.email,
        Contact.phone == details.phone,
        Contact.language == details.language,
        Contact.prefers == details.prefers,
        Contact.postal_address == details.postal_address,
    )
    known = select(Contact.id).where(same).order_by(Contact.id).limit(1).cte("known")
    values = {
        "city_id": city_id,
        "name": details.name,
        "email": details.email,
        "phone": details.phone,
        "language": details.language,
        "prefers": details.prefers,
        "postal_address": details.postal_address,
    }
    columns = [literal(value, Contact.__table__.c[name].type) for name, value in values.items()]
    made = (
        insert(Contact)
        .from_select(list(values), select(*columns).where(~select(known.c.id).exists()))
        .returning(Contact.id)
        .cte("made")
    )
    found: int = session.scalars(union_all(select(known.c.id), select(made.c.id))).one()
    return found


def get(session: Session, city_id: int, contact_id: int) -> ContactDetails | None:
    """Return how to reach a contact, for sending a notice; None where the contact was erased."""
    contact = session.get(Contact, (city_id, contact_id), populate_existing=True)
    if contact is None:
        return None
    return _details(contact)


def show(
    session: Session, city_id: int, contact_ids: Sequence[int], *, to: Staff, of: str
) -> list[ContactDetails]:
    """Return contacts for somebody on the staff to read, and write into the audit trail that they did.

    Parameters
    ----------
    of
        What they were looking at, such as ``ticket 12``.
    """
    if not contact_ids:
        return []
    rows = session.scalars(
        select(Contact).where(Contact.city_id == city_id, Contact.id.in_(contact_ids)).order_by(Contact.id)
    ).all()
    audit.record(session, city_id, "contact_seen", of, by=to, contacts=[row.id for row in rows])
    return [_details(row) for row in rows]


def look_up(
    session: Session, city_id: int, *, email: str | None, phone: str | None, to: Staff
) -> dict[int, ContactDetails]:
    """Return the contacts with an e-mail address or a phone number, by id, the newest first.

    However a number is written, and with or without its country code, its last ten digits count. That
    somebody looked goes into the audit trail.
    """
    digits = re.sub(r"\D", "", phone or "")[-10:]
    ways = [func.lower(Contact.email) == email.strip().lower()] if email and email.strip() else []
    if len(digits) >= _SHORTEST_NUMBER:
        ways.append(literal_column(PHONE_DIGITS, String) == digits)
    if not ways:
        return {}
    rows = session.scalars(
        select(Contact)
        .where(Contact.city_id == city_id, or_(*ways))
        .order_by(Contact.id.desc())
        .limit(MOST_FOUND)
    ).all()
    if rows:
        audit.record(session, city_id, "contact_seen", "a call", by=to, contacts=[row.id for row in rows])
    return {row.id: _details(row) for row in rows}


def ways() -> Subquery:
    """Return who can be told how, for the statements of others: as each wants it, where that is possible.

    Its columns are ``city_id``, ``contact_id``, ``channel`` (mail, sms, push, phone or letter) and
    ``address``: the same where messages go to one mailbox or phone. Who asked for no more is not among them.
    Whose mail comes back is called, where there is a number.
    """
    mail = and_(Contact.prefers == "email", Contact.email.is_not(None))
    channel = case(
        (and_(mail, Contact.bounced_at.is_(None)), "mail"),
        (and_(mail, Contact.phone.is_not(None)), "phone"),
        (and_(Contact.prefers.in_(("sms", "phone")), Contact.phone.is_not(None)), Contact.prefers),
        (and_(Contact.prefers == "letter", Contact.postal_address.is_not(None)), "letter"),
        (Contact.prefers == "push", "push"),
    )
    address = case(
        (channel == "mail", func.lower(Contact.email)),
        (channel.in_(("sms", "phone")), literal_column(PHONE_DIGITS, String)),
        (channel == "letter", func.lower(Contact.postal_address)),
        else_=cast(Contact.id, String),
    )
    told = select(
        Contact.city_id, Contact.id.label("contact_id"), channel.label("channel"), address.label("address")
    ).where(Contact.stopped_at.is_(None), Contact.prefers != "none")
    reachable = told.subquery()
    return select(reachable).where(reachable.c.channel.is_not(None)).subquery("way")


def mailboxes() -> Subquery:
    """Return who can be written to by mail, whether they want it or not; columns as those of ``ways``."""
    return (
        select(
            Contact.city_id,
            Contact.id.label("contact_id"),
            literal("mail").label("channel"),
            func.lower(Contact.email).label("address"),
        )
        .where(Contact.email.is_not(None))
        .subquery("mailbox")
    )


def add_browser(session: Session, city_id: int, language: str) -> int:
    """Return the id of a new contact that is nothing but a browser to push messages to."""
    contact = Contact(city_id=city_id, language=language, prefers="push")
    session.add(contact)
    session.flush()
    return contact.id


def by_key(session: Session, city_id: int, key: str) -> int | None:
    """Return the id of the contact whose messages carry this key."""
    return session.scalar(select(Contact.id).where(Contact.city_id == city_id, Contact.key == key))


def same_address(session: Session, city_id: int, contact_id: int) -> Sequence[int]:
    """Return the contact and those with its e-mail address or phone number: one person to our messages."""
    digits = literal_column(PHONE_DIGITS, String)
    one = and_(Contact.city_id == city_id, Contact.id == contact_id)
    email = select(func.lower(Contact.email)).where(one).correlate(None).scalar_subquery()
    phone = select(digits).where(one).correlate(None).scalar_subquery()
    same = or_(Contact.id == contact_id, func.lower(Contact.email) == email, digits == phone)
    return session.scalars(select(Contact.id).where(Contact.city_id == city_id, same)).all()


def latest_with_address(session: Session, city_id: int, email: str) -> int | None:
    """Return the newest contact with an e-mail address, whatever else each tells."""
    return session.scalar(
        select(func.max(Contact.id)).where(
            Contact.city_id == city_id, func.lower(Contact.email) == email.strip().lower()
        )
    )


def of_mailbox(session: Session, city_id: int, contact_id: int) -> Sequence[int]:
    """Return all contacts with a contact's e-mail address: who reads its mail may see what they reported."""
    one = and_(Contact.city_id == city_id, Contact.id == contact_id)
    email = select(func.lower(Contact.email)).where(one).correlate(None).scalar_subquery()
    same = func.lower(Contact.email) == email
    return session.scalars(select(Contact.id).where(Contact.city_id == city_id, same)).all()


def erase(session: Session, city_id: int, contact_ids: Sequence[int]) -> None:
    """Forget contacts for good, with all messages to them. No report may name them any more."""
    session.execute(delete(Contact).where(Contact.city_id == city_id, Contact.id.in_(contact_ids)))


def stop(session: Session, city_id: int, contact_ids: Sequence[int], *, stopped: bool = True) -> None:
    """Note that contacts want no more messages, or want them again after all."""
    when = func.now() if stopped else None
    _note(session, city_id, Contact.id.in_(contact_ids), stopped_at=when)


def note_bounce(session: Session, city_id: int, contact_id: int) -> None:
    """Note that mail to a contact's address comes back, with whatever name it was given."""
    one = and_(Contact.city_id == city_id, Contact.id == contact_id)
    address = select(func.lower(Contact.email)).where(one).correlate(None).scalar_subquery()
    _note(session, city_id, func.lower(Contact.email) == address, bounced_at=func.now())


def _note(session: Session, city_id: int, which: ColumnElement[bool], **values: object) -> None:
    session.execute(update(Contact).where(Contact.city_id == city_id, which).values(**values))


def _details(row: Contact) -> ContactDetails:
    return ContactDetails(
        row.name,
        row.email,
        row.phone,
        row.language,
        row.prefers,
        row.postal_address,
        row.key,
        bounced=row.bounced_at is not None,
        stopped=row.stopped_at is not None,
    )


def _tidy(value: str | None) -> str | None:
    return " ".join(value.split()) or None if value else None
