"""Tables of the assignment rules, and of what was done about late tickets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Integer, SmallInteger
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
    crew_id: Mapped[int | None] = mapped_column(SmallInteger)
    department_id: Mapped[int | None] = mapped_column(SmallInteger)
    owner: Mapped[str | None] = mapped_column(comment="Who outside the city looks after it")


class EscalationStep(Base):
    """One step taken because a ticket is late or about to be: once for each promise."""

    __tablename__ = "escalation"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"], ondelete="CASCADE"),
    )

    city_id: Mapped[CityId]
    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True, comment="at_risk, overdue, or who is told when")
    due_at: Mapped[datetime] = mapped_column(primary_key=True, comment="The promise that it is about")
    at: Mapped[datetime]
