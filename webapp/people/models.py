"""Tables of people: staff who sign in, and the contacts of those who reported."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Staff(Base):
    """Somebody who works for the city and signs in."""

    __tablename__ = "staff"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        ForeignKeyConstraint(["city_id", "department_id"], ["department.city_id", "department.id"]),
        ForeignKeyConstraint(["city_id", "crew_id"], ["crew.city_id", "crew.id"]),
        CheckConstraint(
            "role in ('agent', 'crew', 'supervisor', 'council', 'administrator', 'auditor')", name="role"
        ),
        Index("uq_staff_email", "city_id", func.lower(text("email")), unique=True),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(comment="Argon2id")
    role: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(SmallInteger)
    crew_id: Mapped[int | None] = mapped_column(SmallInteger)
    district: Mapped[str | None] = mapped_column(comment="Zone id of the council member's district")
    disabled_at: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(
        SmallInteger, server_default=text("0"), comment="Raised to sign the person out everywhere"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # What flask-login asks of a signed-in person.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account is open."""
        return self.disabled_at is None

    def get_id(self) -> str:
        """Return what the signed session cookie keeps of the person."""
        return f"{self.city_id}.{self.id}.{self.session_epoch}"


class Contact(Base):
    """How to reach somebody who reported. Never shown in public; read only through ``people.contacts``."""

    __tablename__ = "contact"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        Index("ix_contact_email", "city_id", func.lower(text("email"))),
        Index("ix_contact_phone", "city_id", "phone"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="en")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key another system writes with. Only its SHA-256 is kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        Index("uq_api_key_hash", "city_id", "key_sha256", unique=True),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str]
    key_sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]


class Throttle(Base):
    """How often somebody did something lately, such as a wrong password. Unlogged: a crash may forget it."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_expires_at", "expires_at"), {"prefixes": ["UNLOGGED"]})

    key_sha256: Mapped[str] = mapped_column(primary_key=True, comment="Of who and what, salted")
    count: Mapped[int]
    expires_at: Mapped[datetime]
