"""Tables of notices: what was told to whom, and how far the outbox has been read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Notice(Base):
    """One message about one timeline entry to one contact or member of staff. Made once, sent once."""

    __tablename__ = "notice"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        ForeignKeyConstraint(
            ["city_id", "contact_id"], ["contact.city_id", "contact.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        UniqueConstraint("city_id", "timeline_id", "contact_id", "channel"),
        UniqueConstraint("city_id", "timeline_id", "staff_id", "channel"),
        CheckConstraint("num_nonnulls(contact_id, staff_id) = 1", name="one_reader"),
        CheckConstraint("state in ('pending', 'sent', 'failed')", name="state"),
        Index("ix_notice_due", "city_id", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    timeline_id: Mapped[int] = mapped_column(BigInteger)
    report_id: Mapped[int] = mapped_column(BigInteger)
    contact_id: Mapped[int | None] = mapped_column(BigInteger)
    staff_id: Mapped[int | None] = mapped_column(BigInteger, comment="Instead of a contact: of escalations")
    channel: Mapped[str] = mapped_column(server_default="mail")
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), comment="While pending: not before. Moved on before each attempt"
    )
    error: Mapped[str] = mapped_column(server_default="", comment="What the last attempt ran into")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]


class OutboxCursor(Base):
    """How far one reader has read a city's timeline, in the order of committed transactions."""

    __tablename__ = "outbox_cursor"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    reader: Mapped[str] = mapped_column(primary_key=True)
    cluster: Mapped[str | None] = mapped_column(
        comment="System identifier of the cluster whose transactions these are"
    )
    transaction: Mapped[int] = mapped_column(BigInteger)
    timeline_id: Mapped[int] = mapped_column(BigInteger)
    floor_id: Mapped[int] = mapped_column(
        BigInteger,
        server_default=text("0"),
        comment="Entries up to this one were read in a cluster before",
    )
