"""Tables of what a city's matching has learned, and which of it is in use; and of unfinished calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class DuplicateModel(Base):
    """A model fitted to what people of the city said, in use or not. Rows are added, never changed."""

    __tablename__ = "duplicate_model"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    fitted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    staff_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="Who asked for it; none: the nightly job"
    )
    model: Mapped[str] = mapped_column(comment="The model, as its file would be (TOML)")
    answers: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="How many answers of each kind it was fitted on, from when to when"
    )
    held_back: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="What it and the one in use then made of the latest answers, fitted without them"
    )
    refused: Mapped[str | None] = mapped_column(comment="Why it was not taken into use at once")


class DuplicateChoice(Base):
    """That a model was taken into use: ``city.duplicate_model_id`` is the latest row's. Never changed."""

    __tablename__ = "duplicate_choice"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "model_id"], ["duplicate_model.city_id", "duplicate_model.id"]),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    staff_id: Mapped[int | None] = mapped_column(BigInteger, comment="Who chose; none: the refit itself")
    model_id: Mapped[int | None] = mapped_column(BigInteger, comment="None: the one that comes with Pinward")


class DeskDraft(Base):
    """What an agent has typed of a call that is not finished. It goes when it is sent or discarded."""

    __tablename__ = "desk_draft"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        UniqueConstraint("city_id", "staff_id", "key"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(comment="The idempotency key of the report it becomes")
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="As typed; gone when it is sent")
