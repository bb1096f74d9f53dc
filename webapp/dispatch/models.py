"""Tables of rules and service areas, of re-assignments, and of what was done about late tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Rule(Base):
    """Which crew, department or outside owner gets tickets. An empty condition holds for every ticket."""

    __tablename__ = "rule"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "service_id"], ["service.city_id", "service.id"]),
        ForeignKeyConstraint(["city_id", "crew_id"], ["crew.city_id", "crew.id"]),
        ForeignKeyConstraint(["city_id", "department_id"], ["department.city_id", "department.id"]),
        CheckConstraint("num_nonnulls(crew_id, department_id, owner) = 1", name="one_assignee"),
        CheckConstraint("(layer is null) = (zone is null)", name="zone_of_layer"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Order in the city file, from 1")
    service_id: Mapped[int | None] = mapped_column(SmallInteger)
    service_group: Mapped[str | None]
    layer: Mapped[str | None] = mapped_column(comment="Name of the zone layer")
    zone: Mapped[str | None] = mapped_column(comment="Zone id in that layer: the service area")
    street_class: Mapped[str | None]
    street_owner: Mapped[str | None]
    asset_owner: Mapped[str | None]
    hours: Mapped[str | None] = mapped_column(comment="When it was reported, by the city's clock")
    crew_id: Mapped[int | None] = mapped_column(SmallInteger)
    department_id: Mapped[int | None] = mapped_column(SmallInteger)
    owner: Mapped[str | None] = mapped_column(comment="Who outside the city looks after it")


class Publication(Base):
    """Rules and service areas as they came into force, by the city file or by an administrator."""

    __tablename__ = "publication"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        ForeignKeyConstraint(["city_id", "edition_id"], ["edition.city_id", "edition.id"]),
        ForeignKeyConstraint(["city_id", "layer_id"], ["layer.city_id", "layer.id"]),
        CheckConstraint("(layer_id is null) = (edition_id is null)", name="edition_of_layer"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    staff_id: Mapped[int | None] = mapped_column(BigInteger, comment="Nobody: the city file")
    layer_id: Mapped[int | None] = mapped_column(SmallInteger, comment="The layer of the service areas")
    edition_id: Mapped[int | None] = mapped_column(Integer, comment="Of that layer, in use from then on")
    rules: Mapped[list[Any]] = mapped_column(JSONB, comment="All [[rules]] from then on, as in a city file")
    file_sha256: Mapped[str] = mapped_column(comment="Of the rules in the city file at that time")


class AreaDraft(Base):
    """One step of the work on a layer's service areas and on the rules; the latest step is the draft."""

    __tablename__ = "area_draft"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "layer_id"], ["layer.city_id", "layer.id"]),
        ForeignKeyConstraint(["city_id", "edition_id"], ["edition.city_id", "edition.id"]),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
    )

    city_id: Mapped[CityId]
    layer_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    step: Mapped[int] = mapped_column(Integer, primary_key=True, comment="From 1")
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    staff_id: Mapped[int] = mapped_column(BigInteger)
    did: Mapped[str] = mapped_column(comment="begun, redrawn, added, given, renamed, removed, mended, …")
    edition_id: Mapped[int] = mapped_column(Integer, comment="The edition in use when it was begun")
    publication_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="The publication in force when its rules were first touched"
    )
    areas: Mapped[list[Any]] = mapped_column(
        JSONB, comment="[{id, name, class, coordinates of a MultiPolygon in EPSG:4326}, …]"
    )
    rules: Mapped[list[Any] | None] = mapped_column(JSONB, comment="All [[rules]]; null: as in force")


class Reassignment(Base):
    """One run over the open tickets after rules or areas changed."""

    __tablename__ = "reassignment"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "publication_id"], ["publication.city_id", "publication.id"]),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        Index(
            "ix_reassignment_waiting", "city_id", "starts_at", postgresql_where=text("finished_at is null")
        ),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    publication_id: Mapped[int | None] = mapped_column(BigInteger)
    staff_id: Mapped[int | None] = mapped_column(BigInteger, comment="Nobody: the city file retired a crew")
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    starts_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    after_ticket: Mapped[int] = mapped_column(
        BigInteger, server_default=text("0"), comment="Done up to this one"
    )
    tickets: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="Open ones looked at")
    changed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    by_hand: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="Left alone: a person gave them where they are"
    )
    begun: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="Left alone: their work is planned or has begun"
    )
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
    restored: Mapped[int | None] = mapped_column(Integer, comment="By the undoing")
    moved_since: Mapped[int | None] = mapped_column(
        Integer, comment="Not restored: somebody has moved them since"
    )


class ReassignedTicket(Base):
    """What a re-assignment did to one ticket, so that it can be undone."""

    __tablename__ = "reassigned_ticket"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "reassignment_id"], ["reassignment.city_id", "reassignment.id"]),
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        Index("ix_reassigned_ticket_ticket", "city_id", "ticket_id"),
    )

    city_id: Mapped[CityId]
    reassignment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, comment="Of the ticket, right after")
    was: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="The columns that changed, as they were")
    now: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="Crew, department and owner, right after")
    restored: Mapped[bool | None] = mapped_column(comment="By an undoing; false: somebody moved it since")


class EscalationStep(Base):
    """One step taken because a ticket is late or about to be: once for each promise."""

    __tablename__ = "escalation"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"], ondelete="CASCADE"),
        Index("ix_escalation_at_risk", "city_id", "due_at", postgresql_where=text("step = 'at_risk'")),
    )

    city_id: Mapped[CityId]
    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True, comment="at_risk, overdue, or who is told when")
    due_at: Mapped[datetime] = mapped_column(primary_key=True, comment="The promise that it is about")
    at: Mapped[datetime]
