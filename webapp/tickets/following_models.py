"""Tables of what comes after a report: who follows it, whether it was put right, how long others took."""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Follower(Base):
    """Somebody who follows a report, or stopped. Who reported with a contact follows without a row here."""

    __tablename__ = "follower"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        ForeignKeyConstraint(
            ["city_id", "contact_id"], ["contact.city_id", "contact.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("city_id", "report_id", "contact_id"),
        Index("ix_follower_contact", "city_id", "contact_id"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, comment="Its ticket is followed, wherever it goes")
    contact_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None] = mapped_column(comment="Until then nothing is told")
    stopped_at: Mapped[datetime | None] = mapped_column(comment="From then on nothing is told")


class Survey(Base):
    """The question whether it is fixed, put to one reporter when the work was done, and the answer."""

    __tablename__ = "survey"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        UniqueConstraint("city_id", "report_id", "timeline_id"),
        CheckConstraint("(answered_at is null) = (fixed is null)", name="answered"),
        CheckConstraint("satisfaction between 1 and 5", name="satisfaction"),
        CheckConstraint("easy between 1 and 5", name="easy"),
        Index("ix_survey_ticket", "city_id", "ticket_id"),
        Index("ix_survey_asked_at", "city_id", "asked_at"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int] = mapped_column(BigInteger, comment="The ticket that was done")
    timeline_id: Mapped[int] = mapped_column(
        BigInteger, comment="The entry that says done: done again, it is asked again"
    )
    asked_at: Mapped[datetime | None] = mapped_column(
        comment="When a mail with the question was written; null: answered on the page, never asked"
    )
    answered_at: Mapped[datetime | None]
    fixed: Mapped[bool | None]
    satisfaction: Mapped[int | None] = mapped_column(
        SmallInteger, comment="With the work: 1 very dissatisfied to 5 very satisfied"
    )
    easy: Mapped[int | None] = mapped_column(
        SmallInteger, comment="To report: 1 very difficult to 5 very easy"
    )
    words: Mapped[str] = mapped_column(server_default="", comment="For staff only")


class UsualTime(Base):
    """How long tickets of a service took lately in a district, counting those still open. A job makes it."""

    __tablename__ = "usual_time"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "service_id"], ["service.city_id", "service.id"]),
        CheckConstraint("soon_s >= 0 and late_s >= soon_s", name="in_order"),
    )

    city_id: Mapped[CityId]
    service_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    district: Mapped[str] = mapped_column(primary_key=True, comment="Empty: the whole city")
    tickets: Mapped[int] = mapped_column(comment="On how many the figures stand")
    still_open: Mapped[int] = mapped_column(comment="How many of them")
    soon_s: Mapped[float | None] = mapped_column(
        comment="Seconds by which a fifth was done; null: fewer were"
    )
    late_s: Mapped[float | None] = mapped_column(
        comment="Seconds by which four fifths were done; null: fewer were"
    )
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now())
