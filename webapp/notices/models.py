"""Tables of notices: what is told to people and other systems, and how far the outbox has been read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId


class Notice(Base):
    """One message to one contact or member of staff, of a timeline entry or in its own words.

    Made once, sent once; by phone or letter somebody on the staff does it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        ForeignKeyConstraint(
            ["city_id", "contact_id"], ["contact.city_id", "contact.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        UniqueConstraint("city_id", "timeline_id", "contact_id", "channel"),
        UniqueConstraint("city_id", "timeline_id", "staff_id", "channel"),
        ForeignKeyConstraint(["city_id", "told_by"], ["staff.city_id", "staff.id"]),
        CheckConstraint("num_nonnulls(contact_id, staff_id) = 1", name="one_reader"),
        CheckConstraint("num_nonnulls(timeline_id, message) = 1", name="one_subject"),
        CheckConstraint("state in ('pending', 'sent', 'failed', 'stopped')", name="state"),
        CheckConstraint("channel in ('mail', 'sms', 'push', 'phone', 'letter')", name="channel"),
        Index(
            "ix_notice_due",
            "city_id",
            "channel",
            "next_attempt_at",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "uq_notice_message_key",
            "city_id",
            "message_key",
            unique=True,
            postgresql_where=text("message_key is not null"),
        ),
        Index("ix_notice_report", "city_id", "report_id"),
        Index("ix_notice_contact", "city_id", "contact_id"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    timeline_id: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB, comment="Instead of a timeline entry: subject, text, path and its words"
    )
    message_key: Mapped[str | None] = mapped_column(comment="A message comes once under it")
    report_id: Mapped[int | None] = mapped_column(BigInteger)
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
    told_by: Mapped[int | None] = mapped_column(
        BigInteger, comment="Who told it by phone, or sent the letter"
    )


class PushSubscription(Base):
    """A browser that shows messages, and the contact that it is."""

    __tablename__ = "push_subscription"
    __table_args__ = (
        ForeignKeyConstraint(
            ["city_id", "contact_id"], ["contact.city_id", "contact.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("city_id", "endpoint"),
    )

    city_id: Mapped[CityId]
    contact_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    endpoint: Mapped[str] = mapped_column(comment="Where the browser's maker takes messages")
    p256dh: Mapped[str] = mapped_column(comment="The browser's public key")
    auth: Mapped[str] = mapped_column(comment="The secret that messages are encrypted with, too")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Alert(Base):
    """Somebody's wish to hear of what is reported in an area: a street, a drawn one or a district."""

    __tablename__ = "alert"
    __table_args__ = (
        ForeignKeyConstraint(
            ["city_id", "contact_id"], ["contact.city_id", "contact.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["city_id", "edition_id"], ["edition.city_id", "edition.id"]),
        CheckConstraint("kind in ('street', 'area', 'district')", name="kind"),
        CheckConstraint("often in ('at_once', 'daily')", name="often"),
        CheckConstraint("(kind = 'district') = (zone_id is not null)", name="zone"),
        CheckConstraint("(zone_id is null) = (edition_id is null)", name="edition"),
        Index(
            "ix_alert_geom",
            "geom",
            postgresql_using="gist",
            postgresql_where=text("confirmed_at is not null and stopped_at is null"),
        ),
        Index("ix_alert_contact", "city_id", "contact_id"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(comment="Of the street or the district; of a drawn area, near where")
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", 4326, spatial_index=False), comment="The area, as it was chosen"
    )
    zone_id: Mapped[str | None] = mapped_column(comment="Of the district that was chosen")
    edition_id: Mapped[int | None] = mapped_column(comment="Of the districts when it was chosen")
    groups: Mapped[list[str]] = mapped_column(ARRAY(TEXT), comment="Of services; empty: all")
    often: Mapped[str] = mapped_column(comment="at_once, or daily")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None] = mapped_column(comment="Until then nothing is told")
    stopped_at: Mapped[datetime | None] = mapped_column(comment="From then on nothing is told")
    next_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), comment="Not before then is anything told"
    )


class AlertFind(Base):
    """A ticket that an alert is to tell of, or told of. Found once, told once."""

    __tablename__ = "alert_find"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "alert_id"], ["alert.city_id", "alert.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        Index("ix_alert_find_waiting", "city_id", "alert_id", postgresql_where=text("told_at is null")),
    )

    city_id: Mapped[CityId]
    alert_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    told_at: Mapped[datetime | None]


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


class Webhook(Base):
    """An address of another system that hears of each timeline entry."""

    __tablename__ = "webhook"
    __table_args__ = (ForeignKeyConstraint(["city_id"], ["city.id"]),)

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    url: Mapped[str]
    secret: Mapped[str] = mapped_column(comment="Signs what is sent")
    kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT), comment="Of timeline entries; empty: all")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stopped_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None] = mapped_column(comment="Since then nothing is sent; it waits")


class WebhookDelivery(Base):
    """One timeline entry on its way to one webhook. Delivered, waiting for its next try, or a dead letter."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "webhook_id"], ["webhook.city_id", "webhook.id"]),
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        UniqueConstraint("city_id", "webhook_id", "timeline_id"),
        Index("ix_webhook_delivery_next", "city_id", "next_at", postgresql_where=text("next_at is not null")),
        Index("ix_webhook_delivery_webhook", "city_id", "webhook_id", "id"),
        Index(
            "ix_webhook_delivery_on_its_way",
            "city_id",
            "webhook_id",
            postgresql_where=text("delivered_at is null"),
        ),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(BigInteger)
    timeline_id: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_at: Mapped[datetime | None] = mapped_column(comment="When it is tried next; null: no more")
    delivered_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default="", comment="Of the latest attempt")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BackOffice(Base):
    """Another system that does the work of a department or crew, and speaks Open311. From the city file."""

    __tablename__ = "back_office"
    __table_args__ = (
        ForeignKeyConstraint(["city_id"], ["city.id"]),
        ForeignKeyConstraint(["city_id", "department_id"], ["department.city_id", "department.id"]),
        ForeignKeyConstraint(["city_id", "crew_id"], ["crew.city_id", "crew.id"]),
        UniqueConstraint("city_id", "code"),
        CheckConstraint("num_nonnulls(department_id, crew_id) = 1", name="one_assignee"),
        CheckConstraint("form in ('json', 'xml')", name="form"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    code: Mapped[str]
    endpoint: Mapped[str]
    form: Mapped[str] = mapped_column(comment="json or xml")
    jurisdiction_id: Mapped[str | None]
    department_id: Mapped[int | None] = mapped_column(SmallInteger)
    crew_id: Mapped[int | None] = mapped_column(SmallInteger)
    services: Mapped[dict[str, str]] = mapped_column(JSONB, comment="{our code: theirs} where they differ")
    states: Mapped[dict[str, str]] = mapped_column(
        JSONB, comment="{their status: our state, or state/detail}"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None] = mapped_column(comment="It is no longer in the city file")
    paused_at: Mapped[datetime | None] = mapped_column(comment="Since then nothing is sent or asked")
    ask_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="For updates, next")
    asked_at: Mapped[datetime | None] = mapped_column(comment="When updates were last told")
    error: Mapped[str] = mapped_column(server_default="", comment="Of the latest question")


class BackOfficeOrder(Base):
    """A ticket on its way to a back office, by its first report. Sent, waiting, or a dead letter."""

    __tablename__ = "back_office_order"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "back_office_id"], ["back_office.city_id", "back_office.id"]),
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        UniqueConstraint("city_id", "back_office_id", "report_id", "again"),
        Index(
            "ix_back_office_order_next", "city_id", "next_at", postgresql_where=text("next_at is not null")
        ),
        Index("ix_back_office_order_sent_at", "city_id", "back_office_id", "sent_at"),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    back_office_id: Mapped[int] = mapped_column(SmallInteger)
    report_id: Mapped[int] = mapped_column(BigInteger, comment="What is sent: its ticket's first")
    again: Mapped[int] = mapped_column(
        SmallInteger, server_default=text("0"), comment="How often it was reopened"
    )
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_at: Mapped[datetime | None] = mapped_column(comment="When it is tried next; null: no more")
    tried_at: Mapped[datetime | None] = mapped_column(
        comment="Sent then first, and what became of it unknown"
    )
    token: Mapped[str | None] = mapped_column(comment="Given instead of a number, to ask for it")
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default="", comment="Of the latest attempt")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BackOfficeUpdate(Base):
    """What a back office told of a ticket, once: it moved it, was a remark, or could not be followed."""

    __tablename__ = "back_office_update"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "back_office_id"], ["back_office.city_id", "back_office.id"]),
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        Index(
            "ix_back_office_update_refused",
            "city_id",
            "heard_at",
            postgresql_where=text("refused <> '' and seen_at is null"),
        ),
        Index("ix_back_office_update_report", "city_id", "report_id", "updated_at"),
    )

    city_id: Mapped[CityId]
    back_office_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    update_id: Mapped[str] = mapped_column(primary_key=True, comment="As the other system names it")
    report_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(comment="As it was told")
    note: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(comment="By the other system's clock")
    heard_at: Mapped[datetime] = mapped_column(server_default=func.now())
    timeline_id: Mapped[int | None] = mapped_column(BigInteger, comment="The entry that it became")
    refused: Mapped[str] = mapped_column(server_default="", comment="Why it moved nothing")
    seen_at: Mapped[datetime | None] = mapped_column(comment="When somebody saw to a refused one")
