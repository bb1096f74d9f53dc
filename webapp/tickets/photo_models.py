"""Tables of photos: those of reports and of the work, and those that wait for their report to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Photo(Base):
    """A picture of a report or of the work, as kept: drawn anew, without what the camera wrote into it."""

    __tablename__ = "photo"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        UniqueConstraint("city_id", "name"),
        CheckConstraint(
            "(report_id is null) <> (ticket_id is null) and (ticket_id is null) = (shows is null) "
            "and shows in ('before', 'after')",
            name="of_one",
        ),
        Index("ix_photo_report", "city_id", "report_id"),
        Index("ix_photo_ticket", "city_id", "ticket_id", postgresql_where=text("ticket_id is not null")),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int | None] = mapped_column(BigInteger)
    ticket_id: Mapped[int | None] = mapped_column(BigInteger, comment="Of the work, not of a report")
    shows: Mapped[str | None] = mapped_column(comment="before or after, of the work")
    name: Mapped[str] = mapped_column(comment="144 random bits: who knows it may look")
    width: Mapped[int] = mapped_column(Integer, comment="Pixels, as kept")
    height: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(Integer)
    alt: Mapped[str] = mapped_column(server_default="", comment="What is to be seen, for who cannot see it")
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HeldPhoto(Base):
    """A photo of a report not sent yet, kept already: a mistake in the form does not lose it."""

    __tablename__ = "held_photo"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        Index("ix_held_photo_key", "city_id", "key_sha256"),
        Index("ix_held_photo_held_at", "held_at"),
    )

    city_id: Mapped[CityId]
    name: Mapped[str] = mapped_column(primary_key=True, comment="144 random bits, kept as the photo's own")
    key_sha256: Mapped[str] = mapped_column(comment="Of the key of the form it was chosen in")
    width: Mapped[int] = mapped_column(Integer, comment="Pixels, as kept")
    height: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(Integer)
    held_at: Mapped[datetime] = mapped_column(server_default=func.now())
