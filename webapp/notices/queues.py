"""What is on its way to other systems, webhooks and back offices alike: looked at, paused, sent again.

What arrived at a back office is never sent there again; a webhook may hear of anything twice. The caller
commits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, func, null, select, text, update
from sqlalchemy.orm import Session

from webapp.notices.models import BackOffice, BackOfficeOrder, BackOfficeUpdate, Webhook, WebhookDelivery
from webapp.tickets.models import Report, TimelineEntry, WorkOrder

Kind = Literal["office", "hook"]
"""A back office or a webhook."""
State = Literal["waiting", "failing", "dead", "sent"]
STATES: tuple[State, ...] = get_args(State)
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Another system that is told of tickets."""

    kind: Kind
    id: int
    name: str
    url: str
    paused_at: datetime | None
    ended_at: datetime | None
    """A back office that is no longer in the city file; a webhook that was stopped."""
    waiting: int
    failing: int
    dead: int
    latest_at: datetime | None
    """When something arrived there last."""
    asked_at: datetime | None
    """When a back office was last asked what has become of its tickets."""
    error: str
    """What the latest such question ran into."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is sent."""

    kind: Kind
    id: int
    endpoint_id: int
    name: str
    ticket_id: int
    what: str
    """The tracking number of a report; or the kind of a timeline entry."""
    attempts: int
    error: str
    next_at: datetime | None
    sent_at: datetime | None
    created_at: datetime
    reference: str | None
    """What the back office calls it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What a back office told, and what the lifecycle had no move for."""

    office_id: int
    office: str
    update_id: str
    ticket_id: int
    status: str
    note: str
    why: str
    heard_at: datetime


def endpoints(session: Session, city_id: int) -> list[Endpoint]:
    """Return all other systems that are told of tickets; those that are not any more come last."""
    return [Endpoint(**row) for row in session.execute(_ENDPOINTS, {"city_id": city_id}).mappings()]


def entries(session: Session, city_id: int, state: State, of: tuple[Kind, int] | None = None) -> list[Entry]:
    """Return what is in a state, at most `MOST_LISTED`: what is tried next first, else the latest first.

    Parameters
    ----------
    of
        On its way to which system; None: to any.
    """
    soon = state in ("waiting", "failing")
    found: list[Entry] = []
    for kind, table in _TABLES.items():
        if of is not None and of[0] != kind:
            continue
        query = table.listed().where(table.row.city_id == city_id, *table.in_state(state))
        if of is not None:
            query = query.where(table.endpoint == of[1])
        order = (table.row.next_at, table.row.id) if soon else (table.row.id.desc(),)
        rows = session.execute(query.order_by(*order).limit(MOST_LISTED))
        found += [Entry(kind, *each) for each in rows]
    when = (lambda each: each.next_at) if soon else (lambda each: each.sent_at or each.created_at)
    return sorted(found, key=when, reverse=not soon)[:MOST_LISTED]


def refused(session: Session, city_id: int) -> list[Refused]:
    """Return what back offices told that could not be followed, and that nobody has seen to yet."""
    told = BackOfficeUpdate
    rows = session.execute(
        select(
            told.back_office_id, BackOffice.code, told.update_id, Report.ticket_id, told.status, told.note,
            told.refused, told.heard_at,
        )
        .join(BackOffice, and_(BackOffice.city_id == city_id, BackOffice.id == told.back_office_id))
        .join(Report, and_(Report.city_id == city_id, Report.id == told.report_id))
        .where(told.city_id == city_id, told.refused != "", told.seen_at.is_(None))
        .order_by(told.heard_at.desc())
        .limit(MOST_LISTED)
    )  # fmt: skip
    return [Refused(*row) for row in rows]


def see_to(session: Session, city_id: int, office_id: int, update_id: str) -> int | None:
    """Note that somebody has seen to what could not be followed; return the ticket, None if there is none."""
    told = session.get(BackOfficeUpdate, (city_id, office_id, update_id))
    if told is None or not told.refused:
        return None
    told.seen_at = told.seen_at or datetime.now(UTC)
    return session.scalar(
        select(Report.ticket_id).where(Report.city_id == city_id, Report.id == told.report_id)
    )


def pause(session: Session, city_id: int, kind: Kind, endpoint_id: int, *, paused: bool) -> str | None:
    """Let what goes to a system wait, or go on. Returns its name, None where there is no such system."""
    found: BackOffice | Webhook | None
    if kind == "office":
        found = session.get(BackOffice, (city_id, endpoint_id))
    else:
        found = session.get(Webhook, (city_id, endpoint_id))
    if found is None:
        return None
    found.paused_at = datetime.now(UTC) if paused else None
    return found.code if isinstance(found, BackOffice) else found.url


def send_again(session: Session, city_id: int, kind: Kind, entry_id: int) -> bool:
    """Queue what waits, was given up, or arrived at a webhook already; say whether there is such a thing."""
    table = _TABLES[kind]
    again = [] if kind == "hook" else [table.arrived_at.is_(None)]
    return _queue(session, table, table.row.city_id == city_id, table.row.id == entry_id, *again) > 0


def send_dead_again(session: Session, city_id: int, kind: Kind, endpoint_id: int) -> int:
    """Queue everything that was given up of what goes to a system. Returns how much that is."""
    table = _TABLES[kind]
    mine = (table.row.city_id == city_id, table.endpoint == endpoint_id)
    return _queue(session, table, *mine, *table.in_state("dead"))


def _queue(session: Session, table: _Table, *which: ColumnElement[bool]) -> int:
    again = {"attempts": 0, "next_at": func.now(), "error": "", table.arrived_at.key: None}
    queued = update(table.row).where(*which).values(**again).returning(table.row.id)
    return len(session.scalars(queued, execution_options={"synchronize_session": False}).all())


def _orders() -> Any:
    row = BackOfficeOrder
    of_report = and_(WorkOrder.city_id == row.city_id, WorkOrder.report_id == row.report_id)
    return (
        select(
            row.id, row.back_office_id, BackOffice.code, Report.ticket_id, Report.tracking_number,
            row.attempts, row.error, row.next_at, row.sent_at, row.created_at, WorkOrder.reference,
        )
        .join(BackOffice, and_(BackOffice.city_id == row.city_id, BackOffice.id == row.back_office_id))
        .join(Report, and_(Report.city_id == row.city_id, Report.id == row.report_id))
        .outerjoin(WorkOrder, and_(of_report, WorkOrder.system == BackOffice.code))
    )  # fmt: skip


def _deliveries() -> Any:
    row, entry = WebhookDelivery, TimelineEntry
    return (
        select(
            row.id, row.webhook_id, Webhook.url, entry.ticket_id, entry.kind,
            row.attempts, row.error, row.next_at, row.delivered_at, row.created_at, null(),
        )
        .join(Webhook, and_(Webhook.city_id == row.city_id, Webhook.id == row.webhook_id))
        .join(entry, and_(entry.city_id == row.city_id, entry.id == row.timeline_id))
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of what goes to one kind of system."""

    row: Any
    endpoint: Any
    arrived_at: Any
    listed: Callable[[], Any]
    """Selects the fields of an `Entry` but the first."""

    def in_state(self, state: State) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of a state."""
        if state == "sent":
            return (self.arrived_at.is_not(None),)
        if state == "dead":
            return self.arrived_at.is_(None), self.row.next_at.is_(None)
        failed = self.row.error != ""
        return self.arrived_at.is_(None), self.row.next_at.is_not(None), failed == (state == "failing")


_TABLES: dict[Kind, _Table] = {
    "office": _Table(BackOfficeOrder, BackOfficeOrder.back_office_id, BackOfficeOrder.sent_at, _orders),
    "hook": _Table(WebhookDelivery, WebhookDelivery.webhook_id, WebhookDelivery.delivered_at, _deliveries),
}


_COUNTS = """
    count(*) filter (where next_at is not null and error = '') as waiting,
    count(*) filter (where next_at is not null and error <> '') as failing,
    count(*) filter (where next_at is null) as dead"""

_ENDPOINTS = text(
    f"""
    select * from (
    select 'office' as kind, id, code as name, endpoint as url, paused_at, retired_at as ended_at,
           waiting, failing, dead, latest_at, asked_at, error
      from back_office cross join lateral (
           select {_COUNTS} from back_office_order
            where city_id = back_office.city_id and back_office_id = back_office.id
              and sent_at is null) as way
      left join lateral (
           select max(sent_at) as latest_at from back_office_order
            where city_id = back_office.city_id and back_office_id = back_office.id) as latest on true
     where city_id = :city_id
     union all
    select 'hook', id, url, url, paused_at, stopped_at, waiting, failing, dead, latest_at, null, ''
      from webhook cross join lateral (
           select {_COUNTS} from webhook_delivery
            where city_id = webhook.city_id and webhook_id = webhook.id and delivered_at is null) as way
      left join lateral (
           select delivered_at as latest_at from webhook_delivery
            where city_id = webhook.city_id and webhook_id = webhook.id and delivered_at is not null
            order by id desc limit 1) as latest on true
     where city_id = :city_id) as system
     order by ended_at is not null, kind desc, id
    """  # noqa: S608  (only names of columns)
)
