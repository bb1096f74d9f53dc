"""Who hears of a report besides, or instead of, the one who made it. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.tickets.following_models import Follower
from webapp.tickets.models import Report, Ticket

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Followed:
    """A report that somebody follows, or asked to."""

    tracking_number: str
    service_id: int
    confirmed: bool
    stopped: bool


@dataclass(frozen=True, slots=True)
class OwnReport:
    """A report, in the list of the one who made it."""

    id: int
    tracking_number: str
    service_id: int
    requested_at: datetime
    address: str | None
    status: str
    open: bool
    due_at: datetime | None
    waiting_since: datetime | None


def ask_to_follow(session: Session, city_id: int, report_id: int, contact_id: int) -> int:
    """Return the id of somebody as a follower of a report. New, they hear nothing until they confirm."""
    key = {"city_id": city_id, "report_id": report_id, "contact_id": contact_id}
    asked = insert(Follower).values(key)
    # An update of nothing, so that the id comes back of a row that was there.
    again = asked.on_conflict_do_update(index_elements=list(key), set_={"contact_id": contact_id})
    return session.scalars(again.returning(Follower.id)).one()


def followed(session: Session, city_id: int, follower_id: int) -> Followed | None:
    """Return what somebody follows, None where they were forgotten."""
    row = session.execute(
        select(
            Report.tracking_number, Report.service_id,
            Follower.confirmed_at.is_not(None), Follower.stopped_at.is_not(None),
        )
        .join(Report, and_(Report.city_id == Follower.city_id, Report.id == Follower.report_id))
        .where(Follower.city_id == city_id, Follower.id == follower_id)
    ).one_or_none()  # fmt: skip
    return None if row is None else Followed(*row)


def follows(session: Session, city_id: int, report_id: int, contact_id: int) -> bool:
    """Say whether a contact hears of a report as a follower."""
    hears = select(Follower.id).where(
        Follower.city_id == city_id,
        Follower.report_id == report_id,
        Follower.contact_id == contact_id,
        Follower.confirmed_at.is_not(None),
        Follower.stopped_at.is_(None),
    )
    return bool(session.scalar(select(hears.exists())))


def confirm(session: Session, city_id: int, follower_id: int) -> None:
    """Have a follower hear of the report from now on, also one who had stopped."""
    _note(session, city_id, follower_id, confirmed_at=func.now(), stopped_at=None)


def stop(session: Session, city_id: int, follower_id: int) -> None:
    """Tell a follower nothing more."""
    _note(session, city_id, follower_id, stopped_at=func.now())


def _note(session: Session, city_id: int, follower_id: int, **values: object) -> None:
    session.execute(
        update(Follower).where(Follower.city_id == city_id, Follower.id == follower_id).values(**values)
    )


def reporter_hears(session: Session, city_id: int, report_id: int) -> bool | None:
    """Say whether who made a report hears of it; None where we do not know how to reach them."""
    row = session.execute(
        select(Report.contact_id, Follower.stopped_at)
        .outerjoin(
            Follower,
            and_(
                Follower.city_id == Report.city_id,
                Follower.report_id == Report.id,
                Follower.contact_id == Report.contact_id,
            ),
        )
        .where(Report.city_id == city_id, Report.id == report_id)
    ).one()
    return None if row.contact_id is None else row.stopped_at is None


def let_reporter_hear(session: Session, city_id: int, report_id: int, *, hears: bool) -> None:
    """Tell who made a report of it from now on, or no more; nothing where they cannot be reached."""
    stopped_at = None if hears else func.now()
    reporter = select(Report.city_id, Report.id, Report.contact_id, func.now()).where(
        Report.city_id == city_id, Report.id == report_id, Report.contact_id.is_not(None)
    )
    key = ["city_id", "report_id", "contact_id"]
    noted = insert(Follower).from_select([*key, "confirmed_at"], reporter)
    session.execute(noted.on_conflict_do_nothing())
    session.execute(
        update(Follower)
        .where(
            Follower.city_id == city_id,
            Follower.report_id == report_id,
            Follower.contact_id
            == select(Report.contact_id)
            .where(Report.city_id == city_id, Report.id == report_id)
            .scalar_subquery(),
        )
        .values(stopped_at=stopped_at)
    )


def give_contact(session: Session, city_id: int, report_id: int, contact_id: int) -> bool:
    """Note how to reach the one who made a report, where that is not known yet; say whether it was not."""
    given = session.execute(
        update(Report)
        .where(Report.city_id == city_id, Report.id == report_id, Report.contact_id.is_(None))
        .values(contact_id=contact_id)
        .returning(Report.id)
    )
    return given.one_or_none() is not None


def contact_of(session: Session, city_id: int, report_id: int) -> int | None:
    """Return the contact of the one who made a report."""
    return session.scalar(select(Report.contact_id).where(Report.city_id == city_id, Report.id == report_id))


def reports_of(session: Session, city_id: int, contact_ids: Sequence[int]) -> list[OwnReport]:
    """Return the latest reports made with one of some contacts, the newest first."""
    rows = session.execute(
        select(
            Report.id, Report.tracking_number, Report.service_id, Report.requested_at, Report.address,
            Ticket.status, Ticket.open, func.coalesce(Report.due_at, Ticket.due_at), Ticket.waiting_since,
        )
        .join(Ticket, and_(Ticket.city_id == Report.city_id, Ticket.id == Report.ticket_id))
        .where(Report.city_id == city_id, Report.contact_id.in_(contact_ids))
        .order_by(Report.id.desc())
        .limit(MOST_LISTED)
    )  # fmt: skip
    return [OwnReport(*row) for row in rows]


def forget_contacts(session: Session, city_id: int, contact_ids: Sequence[int]) -> None:
    """Take contacts off the reports that were made with them; the reports stay."""
    session.execute(
        update(Report)
        .where(Report.city_id == city_id, Report.contact_id.in_(contact_ids))
        .values(contact_id=None)
    )
