"""The table of redactions: what staff took out of public view, and what it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Identity, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Redaction(Base):
    """Words or a photo that staff redacted. What is read everywhere else is what they left of it."""

    __tablename__ = "redaction"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        ForeignKeyConstraint(["city_id", "undone_by"], ["staff.city_id", "staff.id"]),
        CheckConstraint("what in ('description', 'note', 'photo')", name="what"),
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="undone"),
        Index("ix_redaction_ticket", "city_id", "ticket_id"),
        # By it the timeline knows that its words may change.
        Index(
            "ix_redaction_timeline",
            "city_id",
            "timeline_id",
            postgresql_where=text("timeline_id is not null"),
        ),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    report_id: Mapped[int | None] = mapped_column(BigInteger, comment="Whose description or photo it was")
    timeline_id: Mapped[int | None] = mapped_column(BigInteger, comment="Whose note it was")
    what: Mapped[str] = mapped_column(comment="description, note or photo")
    original: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="For administrators and auditors only")
    redacted: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="Null: the photo was removed"
    )
    why: Mapped[str]
    staff_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
