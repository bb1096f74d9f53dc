"""Webhooks: other systems hear of each timeline entry, signed, until they say that they have it.

Deliveries are made in the transaction that moves the outbox's cursor on, so each entry gets one. One that
fails is tried again, later each time; after the last try it stays as a dead letter until somebody sends it
again. The caller commits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from layers.models import City
from webapp.notices import outbox, waits
from webapp.notices.models import Webhook, WebhookDelivery
from webapp.tickets.models import TimelineEntry

READER = "webhooks"
MOST_LISTED = 200
LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to try now."""

    id: int
    webhook_id: int
    url: str
    secret: str
    attempt: int
    timeline_id: int


def add(
    session: Session, city_id: int, url: str, kinds: Sequence[str] = (), *, inside: bool = False
) -> Webhook:
    """Add an address that hears of entries made from now on: of all, or of ``kinds`` only.

    Parameters
    ----------
    inside
        Whether it may begin with ``http://``, as inside the city's own network.

    Raises
    ------
    ValueError
        It is no such address.
    """
    if not _is_address(url, ("https", "http") if inside else ("https",)):
        raise ValueError(url)
    hook = Webhook(city_id=city_id, url=url, kinds=list(kinds), secret=f"whs_{secrets.token_urlsafe(24)}")
    session.add(hook)
    session.flush()
    return hook


def _is_address(url: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and len(url) <= LONGEST_URL and url.isprintable() and " " not in url


def stop(session: Session, city_id: int, webhook_id: int) -> Webhook | None:
    """Let an address hear no more. What is still on its way to it stays in the queue, untried."""
    hook = session.get(Webhook, (city_id, webhook_id))
    if hook is not None and hook.stopped_at is None:
        hook.stopped_at = datetime.now(UTC)
    return hook


def hooks(session: Session, city_id: int) -> Sequence[Webhook]:
    """Return all addresses, the oldest first."""
    return session.scalars(select(Webhook).where(Webhook.city_id == city_id).order_by(Webhook.id)).all()


def queue(session: Session, city_id: int, *, dead: bool = False) -> Sequence[WebhookDelivery]:
    """Return the deliveries that wait, those tried next first; or the dead letters, the newest first."""
    delivery = WebhookDelivery
    here = select(delivery).where(delivery.city_id == city_id, delivery.delivered_at.is_(None))
    if dead:
        here = here.where(delivery.next_at.is_(None)).order_by(delivery.id.desc())
    else:
        here = here.where(delivery.next_at.is_not(None)).order_by(delivery.next_at, delivery.id)
    return session.scalars(here.limit(MOST_LISTED)).all()


def read(session: Session, city_id: int) -> int:
    """Make the deliveries of the entries committed since the last time, and return how many."""
    if not session.scalar(select(func.count()).select_from(Webhook).where(_active(city_id))):
        return 0
    return outbox.read(session, city_id, reader=READER, tell=_tell)


def claim(session: Session, city_id: int, *, silent: set[int]) -> Claimed | None:
    """Return the delivery to try next, if one is due. Commit before trying: then no one else does.

    Parameters
    ----------
    silent
        Webhooks where nobody answers just now: theirs wait.
    """
    found = waits.claim(
        session, WebhookDelivery, WebhookDelivery.webhook_id, _active(city_id), silent, to=Webhook
    )
    if found is None:
        return None
    delivery, hook = found
    return Claimed(delivery.id, hook.id, hook.url, hook.secret, delivery.attempts, delivery.timeline_id)


def delivered(session: Session, city_id: int, delivery_id: int) -> None:
    """Note that the other system has it."""
    _note(session, city_id, delivery_id, delivered_at=datetime.now(UTC), next_at=None, error="")


def failed(session: Session, city_id: int, delivery_id: int, error: str) -> None:
    """Note why an attempt failed; it is tried again, or is a dead letter by now."""
    _note(session, city_id, delivery_id, error=error[:200])


def _note(session: Session, city_id: int, delivery_id: int, **values: Any) -> None:
    one = and_(WebhookDelivery.city_id == city_id, WebhookDelivery.id == delivery_id)
    session.execute(update(WebhookDelivery).where(one).values(**values))


def body(session: Session, city: City, claimed: Claimed) -> bytes:
    """Return what is sent: the entry, its ticket and the numbers of its reports; nobody's contact."""
    values = {"city_id": city.id, "timeline_id": claimed.timeline_id}
    entry: RowMapping = session.execute(_ENTRY, values).mappings().one()
    told = {"id": claimed.id, "city": city.slug, **entry, "at": entry["at"].isoformat()}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, sent: bytes, at: int) -> str:
    """Return the header that proves who sent it and when.

    It is the HMAC-SHA256 (RFC 2104) of ``at``, in seconds since 1970, a dot and the body.
    """
    digest = hmac.new(secret.encode(), f"{at}.".encode() + sent, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _active(city_id: int) -> ColumnElement[bool]:
    return and_(Webhook.city_id == city_id, Webhook.stopped_at.is_(None))


def _tell(session: Session, city_id: int, unread: ColumnElement[bool]) -> int:
    entry = TimelineEntry
    wanted = (
        select(entry.city_id, Webhook.id, entry.id, func.now())
        .join(Webhook, and_(_active(city_id), entry.at >= Webhook.created_at))
        .where(
            entry.city_id == city_id,
            entry.actor != "import",
            or_(func.cardinality(Webhook.kinds) == 0, entry.kind == func.any(Webhook.kinds)),
            unread,
        )
        # In this order they are sent.
        .order_by(entry.id, Webhook.id)
    )
    made = insert(WebhookDelivery).from_select(["city_id", "webhook_id", "timeline_id", "next_at"], wanted)
    return len(session.execute(made.on_conflict_do_nothing().returning(WebhookDelivery.id)).all())


_ENTRY = text(
    """
    select entry.id as timeline_id, entry.kind as event, entry.at, entry.actor, entry.note,
           entry.data -> 'from' as "from", entry.data -> 'detail' as detail,
           ticket.id as ticket_id, ticket.status, service.code as service_code,
           array(select tracking_number from report
                  where report.city_id = ticket.city_id and report.ticket_id = ticket.id
                  order by id) as service_request_ids
      from timeline as entry
      join ticket on ticket.city_id = entry.city_id and ticket.id = entry.ticket_id
      join service on service.city_id = ticket.city_id and service.id = ticket.service_id
     where entry.city_id = :city_id and entry.id = :timeline_id
    """
)
