"""Mail that comes back: which notice it was, and whether the address is dead (RFC 3464, RFC 3463).

Each mail goes out from an envelope address of its own that names the notice and carries the contact's key, so
that what comes back is known whatever mail servers on the way make of the text, and nobody can stop another
person's mail with a made-up report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.notices.models import Notice
from webapp.people import contacts

_RETURN_PATH = re.compile(r"\+([a-z][a-z0-9-]*)\.(\d{1,18})\.([0-9a-f]{20})@", re.IGNORECASE)
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<!\d)(55[0134])(?!\d)")
_DEAD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox or domain, moved away, or closed. A full mailbox (5.2.2) or a refused text is not."""
_SAYS_NOTHING = "5.0.0"
"""What some mail servers report of everything; then the other server's own words count."""


@dataclass(frozen=True)
class Bounce:
    """A mail that came back."""

    slug: str
    """Of the city."""
    notice_id: int
    key: str
    failed: bool
    """For good: not only late."""
    is_dead: bool
    """The address takes no mail at all."""
    status: str
    """Such as 5.1.1."""


def return_path(bounces: str, slug: str, notice_id: int, key: str) -> str:
    """Return the envelope address of one mail (a variable envelope return path)."""
    name, _at, domain = bounces.partition("@")
    return f"{name}+{slug}.{notice_id}.{key}@{domain}"


def is_dead(said: str) -> bool:
    """Say whether a mail server's words mean that an address does not exist, by the code in them."""
    found = _CODE.search(said)
    return found is not None and found[0] in _DEAD


def read(raw: bytes, recipient: str = "") -> Bounce | None:
    """Return what a delivery status notification reports; None where it is none, or of no mail of ours.

    Parameters
    ----------
    recipient
        The address that it came to, where the mail server tells; else the headers say.
    """
    message = message_from_bytes(raw, policy=policy.default)
    asked = [recipient, *(str(value) for name in _RECIPIENTS for value in message.get_all(name, []))]
    found = next(filter(None, map(_RETURN_PATH.search, asked)), None)
    report = _failed_recipient(message)
    if found is None or report is None:
        return None
    action, status, diagnostic = report
    if status == _SAYS_NOTHING or not status:
        told = _CODE.search(diagnostic) or _REPLY.search(diagnostic)
        status = told[0] if told else _SAYS_NOTHING
    dead = status in _DEAD or status in ("550", "551", "553")
    failed = action == "failed"
    return Bounce(found[1].lower(), int(found[2]), found[3].lower(), failed, failed and dead, status)


def record(session: Session, city: City, bounce: Bounce) -> bool:
    """Note that a mail came back; where its address is dead, write there no more. The caller commits.

    Whoever has a phone number is called instead.

    Returns
    -------
    bool
        Whether it was a mail of ours that is now known to have failed.
    """
    if not bounce.failed:
        return False
    contact_id = contacts.by_key(session, city.id, bounce.key)
    if contact_id is None:
        return False
    one = (Notice.city_id == city.id, Notice.id == bounce.notice_id, Notice.contact_id == contact_id)
    error = f"The mail came back ({bounce.status})."
    came_back = update(Notice).where(*one, Notice.channel == "mail").values(state="failed", error=error)
    if session.scalar(came_back.returning(Notice.id)) is None:
        return False
    if bounce.is_dead:
        give_up_address(session, city.id, contact_id, bounce.notice_id)
    return True


def give_up_address(session: Session, city_id: int, contact_id: int, notice_id: int) -> None:
    """Write to a contact's e-mail address no more; have what a notice says told by phone, if there is one."""
    contacts.note_bounce(session, city_id, contact_id)
    way = contacts.ways()
    columns = ["city_id", "timeline_id", "message", "report_id", "contact_id", "channel"]
    again = (
        select(
            Notice.city_id,
            Notice.timeline_id,
            Notice.message,
            Notice.report_id,
            Notice.contact_id,
            way.c.channel,
        )
        .join(way, (way.c.city_id == Notice.city_id) & (way.c.contact_id == Notice.contact_id))
        .where(Notice.city_id == city_id, Notice.id == notice_id, way.c.channel != "mail")
    )
    session.execute(insert(Notice).from_select(columns, again).on_conflict_do_nothing())


def _failed_recipient(message: EmailMessage) -> tuple[str, str, str] | None:
    """Return action, status and diagnostic of the first recipient that a report names."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        groups: list[Message] = [group for group in part.get_payload() if isinstance(group, Message)]
        for group in groups:
            if "Action" in group:
                return (
                    str(group["Action"]).strip().lower(),
                    str(group.get("Status", "")).strip().partition(" ")[0],
                    str(group.get("Diagnostic-Code", "")),
                )
    return None
