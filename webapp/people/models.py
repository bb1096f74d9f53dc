"""Tables of people: staff, their sessions, what they did, and the contacts of those who reported."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId

PHONE_DIGITS = "\"right\"(regexp_replace(phone, '[^0-9]', '', 'g'), 10)"
"""SQL: a phone number as it is looked up, without country code and however it is written."""


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
    totp_secret: Mapped[str | None] = mapped_column(
        comment="Of the second factor (RFC 6238); none: not set up"
    )
    totp_step: Mapped[int | None] = mapped_column(
        BigInteger, comment="Of the code used last: none is used twice"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # Of the session that the person was found by: see `webapp.people.sessions`.
    session_key = ""
    session_id = 0
    session_is_stale = False
    must_add_factor = False

    # What flask-login asks of a signed-in person.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account is open."""
        return self.disabled_at is None

    def get_id(self) -> str:
        """Return what the signed session cookie keeps of the person."""
        return f"{self.city_id}.{self.id}.{self.session_epoch}.{self.session_key}"


class StaffSession(Base):
    """One sign-in of a member of staff, until it is revoked. Only the SHA-256 of its key is kept."""

    __tablename__ = "staff_session"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        Index("uq_staff_session_key", "city_id", "key_sha256", unique=True),
        Index("ix_staff_session_staff", "city_id", "staff_id", "id"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    key_sha256: Mapped[str]
    device: Mapped[str] = mapped_column(comment="What the browser says of itself")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="Used last, to some minutes")
    revoked_at: Mapped[datetime | None]


class SavedView(Base):
    """The filters of a list that somebody keeps under a name."""

    __tablename__ = "saved_view"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        UniqueConstraint("city_id", "staff_id", "name"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    query: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="The parameters of the list's address")


class AuditEntry(Base):
    """One thing that was seen or changed. Append-only: triggers refuse everything else."""

    __tablename__ = "audit"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        Index("ix_audit_staff", "city_id", "staff_id", "id"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    staff_id: Mapped[int | None] = mapped_column(BigInteger, comment="Nobody: it was done on a command line")
    kind: Mapped[str] = mapped_column(
        comment="What was done: contact_seen, ticket, signed_in, staff_added, …"
    )
    subject: Mapped[str] = mapped_column(comment="To what, such as ticket 12")
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class Contact(Base):
    """How to reach somebody who reported. Never shown in public; read only through ``people.contacts``."""

    __tablename__ = "contact"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        Index("ix_contact_email", "city_id", func.lower(text("email"))),
        Index("ix_contact_phone", "city_id", text(PHONE_DIGITS)),
        Index("uq_contact_key", "city_id", "key", unique=True),
        CheckConstraint("prefers in ('email', 'sms', 'push', 'phone', 'letter', 'none')", name="prefers"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="en")
    prefers: Mapped[str] = mapped_column(
        server_default="email",
        comment="How they want to hear from us: email, sms, push, phone, letter or none",
    )
    postal_address: Mapped[str | None] = mapped_column(comment="Where letters go")
    key: Mapped[str] = mapped_column(
        server_default=text("left(replace(gen_random_uuid()::text, '-', ''), 20)"),
        comment="Random; whoever has it may stop the messages: it stands in them",
    )
    bounced_at: Mapped[datetime | None] = mapped_column(comment="Mail came back: none is sent any more")
    stopped_at: Mapped[datetime | None] = mapped_column(comment="They asked for no more messages")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReporterLink(Base):
    """A link to all reports of one e-mail address, mailed to it. It opens them once."""

    __tablename__ = "reporter_link"
    __table_args__ = (
        ForeignKeyConstraint(
            ["city_id", "contact_id"], ["contact.city_id", "contact.id"], ondelete="CASCADE"
        ),
        Index("ix_reporter_link_contact", "city_id", "contact_id"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigInteger, comment="One of those with the address")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


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
    scopes: Mapped[list[str]] = mapped_column(
        ARRAY(TEXT),
        server_default=text("'{write}'"),
        comment="What it lets do: write reports, update tickets, read_private",
    )
    per_minute: Mapped[int | None] = mapped_column(comment="Most calls in a minute; null: any")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]


class ApiKeyUse(Base):
    """How often a key was used in a day. Its latest minute is what the limit counts.

    Calls at one time count in rows of their own, a line each: they would wait for each other otherwise.
    """

    __tablename__ = "api_key_use"
    __table_args__ = (ForeignKeyConstraint(["city_id", "api_key_id"], ["api_key.city_id", "api_key.id"]),)

    city_id: Mapped[CityId]
    api_key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, comment="In UTC")
    line: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, server_default="0", comment="The server process modulo 32"
    )
    calls: Mapped[int]
    refused: Mapped[int] = mapped_column(comment="Of the calls, those over the limit")
    minute: Mapped[datetime] = mapped_column(comment="The latest minute with a call")
    in_minute: Mapped[int] = mapped_column(comment="Calls in that minute")


class Throttle(Base):
    """How often somebody did something lately, such as a wrong password. Unlogged: a crash may forget it."""

    __tablename__ = "throttle"
    __table_args__ = (Index("ix_throttle_expires_at", "expires_at"), {"prefixes": ["UNLOGGED"]})

    key_sha256: Mapped[str] = mapped_column(primary_key=True, comment="Of who and what, salted")
    count: Mapped[int]
    expires_at: Mapped[datetime]
