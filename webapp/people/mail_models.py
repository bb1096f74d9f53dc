"""The table of mail to staff that no ticket is the reason of."""

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
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class StaffMail(Base):
    """One message to a member of staff, such as of an alert that they set. Made once, sent once."""

    __tablename__ = "staff_mail"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        UniqueConstraint("city_id", "key"),
        CheckConstraint("state in ('pending', 'sent', 'failed')", name="state"),
        Index("ix_staff_mail_due", "city_id", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(comment="Of what it tells, such as alert-12: nothing is told twice")
    language: Mapped[str] = mapped_column(comment="Of its sentences")
    subject: Mapped[str]
    lines: Mapped[list[str]] = mapped_column(ARRAY(TEXT), comment="Its paragraphs")
    path: Mapped[str] = mapped_column(comment="Of the page with the figures")
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str] = mapped_column(server_default="", comment="What the last attempt ran into")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
