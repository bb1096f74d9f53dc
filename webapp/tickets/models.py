"""Tables of the work: reports, the tickets they belong to, and each ticket's timeline."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, CHAR, JSONB, REAL, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, CityId

OPEN_STATUSES = ("new", "assigned", "scheduled", "in_progress", "waiting", "referred", "reopened")
CLOSED_STATUSES = ("done", "confirmed", "declined")
MERGED = "merged"
"""The status of a ticket whose reports are another's now. It is not open, and stands in no figure."""

# PostGIS stores NaN and ±Infinity as valid points; `between` is false for them.
_ON_EARTH = "geom is null or (st_x(geom) between -180 and 180 and st_y(geom) between -90 and 90)"


class Ticket(Base):
    """The city's piece of work. Status, crew and promise live here."""

    __tablename__ = "ticket"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "service_id"], ["service.city_id", "service.id"]),
        ForeignKeyConstraint(["city_id", "department_id"], ["department.city_id", "department.id"]),
        ForeignKeyConstraint(["city_id", "crew_id"], ["crew.city_id", "crew.id"]),
        ForeignKeyConstraint(["city_id", "merged_into"], ["ticket.city_id", "ticket.id"]),
        CheckConstraint(f"status in {(*OPEN_STATUSES, *CLOSED_STATUSES, MERGED)}", name="status"),
        CheckConstraint("(status = 'merged') = (merged_into is not null)", name="merged_into"),
        CheckConstraint("waiting_since is null or status = 'waiting'", name="waiting_since"),
        CheckConstraint("priority between 0 and 3", name="priority"),
        CheckConstraint(_ON_EARTH, name="on_earth"),
        CheckConstraint("open = (closed_at is null)", name="closed_at"),
        # Candidates: by service and strip of the map (zoom 18), from north to south in it.
        Index(
            "ix_ticket_nearby",
            "city_id",
            "service_id",
            text("(mercator_x(st_x(geom)) >> 12)"),
            text("mercator_y(st_y(geom))"),
            text("mercator_x(st_x(geom))"),
            postgresql_where=text("matchable"),
        ),
        Index("ix_ticket_geom", "geom", postgresql_using="spgist", postgresql_where=text("open")),
        # For programs that ask for a box, closed tickets too.
        Index("ix_ticket_anywhere", "geom", postgresql_using="spgist"),
        # All that tiles show of a ticket, in the order of the map.
        Index(
            "ix_ticket_square",
            "city_id",
            text("(mercator_x(st_x(geom)) >> 14)"),
            text("(mercator_y(st_y(geom)) >> 14)"),
            postgresql_include=["id", "geom", "service_id", "status", "hidden"],
            postgresql_where=text("open"),
        ),
        Index("ix_ticket_crew", "city_id", "crew_id", "due_at", postgresql_where=text("open")),
        Index("ix_ticket_due", "city_id", "due_at", "id", postgresql_where=text("open")),
        # Of these, whoever works looks for new ones every few seconds.
        Index(
            "ix_ticket_urgent",
            "city_id",
            "crew_id",
            "id",
            postgresql_include=["department_id", "district"],
            postgresql_where=text("open and priority >= 2"),
        ),
        # All that is counted on the board of a supervisor.
        Index(
            "ix_ticket_board",
            "city_id",
            "department_id",
            "crew_id",
            postgresql_include=["due_at", "opened_at", "waiting_since", "priority", "district"],
            postgresql_where=text("open"),
        ),
        Index(
            "ix_ticket_words",
            "address",
            postgresql_using="gin",
            postgresql_ops={"address": "gin_trgm_ops"},
            postgresql_where=text("open"),
        ),
        # Of a district, too: it is read from the index.
        Index("ix_ticket_opened_at", "city_id", "opened_at", "district"),
        Index(
            "ix_ticket_merged_into",
            "city_id",
            "merged_into",
            postgresql_where=text("merged_into is not null"),
        ),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service_id: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    outcome: Mapped[str | None] = mapped_column(comment="How it was done, such as fixed; why it was declined")
    open: Mapped[bool] = mapped_column(Computed(f"status in {OPEN_STATUSES}", persisted=True))
    opened_at: Mapped[datetime] = mapped_column(comment="When the first of its reports was made")
    latest_at: Mapped[datetime] = mapped_column(comment="When the latest of its reports was made")
    due_at: Mapped[datetime | None] = mapped_column(
        comment="The earliest date promised to any of its reporters"
    )
    waiting_on: Mapped[str | None] = mapped_column(comment="Whom or what it waits for")
    waiting_since: Mapped[datetime | None] = mapped_column(
        comment="From then the promise's clock stands still"
    )
    owner: Mapped[str | None] = mapped_column(comment="Who outside the city has it, while referred")
    scheduled_for: Mapped[date | None] = mapped_column(Date, comment="The day of the work, while scheduled")
    closed_at: Mapped[datetime | None]
    matchable: Mapped[bool] = mapped_column(comment="May new reports still join it? Open, or lately closed")
    geom: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    address: Mapped[str | None]
    street: Mapped[str | None]
    house_number: Mapped[int | None]
    segment_id: Mapped[str | None]
    side: Mapped[str | None] = mapped_column(CHAR(1), comment="l or r of the segment as digitised")
    along_m: Mapped[float | None] = mapped_column(REAL, comment="Metres along the segment")
    asset_id: Mapped[str | None]
    zones: Mapped[dict[str, str]] = mapped_column(JSONB, comment="{layer: zone id}")
    district: Mapped[str | None] = mapped_column(comment="Zone id in the layer of council districts")
    department_id: Mapped[int] = mapped_column(SmallInteger)
    crew_id: Mapped[int | None] = mapped_column(SmallInteger)
    service_area: Mapped[str | None] = mapped_column(comment="Name of the service area that decided the crew")
    assigned_why: Mapped[str] = mapped_column(comment="The reason for crew and department, in words")
    priority: Mapped[int] = mapped_column(
        SmallInteger, server_default=text("1"), comment="0 low, 1 normal, 2 high, 3 urgent"
    )
    priority_why: Mapped[str] = mapped_column(server_default="", comment="The reason for it, in words")
    priority_by_hand: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Somebody on the staff said so: rules leave it alone"
    )
    report_count: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    merged_into: Mapped[int | None] = mapped_column(BigInteger, comment="The ticket that has its reports now")
    hidden: Mapped[bool] = mapped_column(server_default=text("false"), comment="None of its reports is shown")
    version: Mapped[int] = mapped_column(
        Integer, server_default=text("1"), comment="Raised by each move: two people moving it, one wins"
    )
    match_keys: Mapped[list[int] | None] = mapped_column(
        ARRAY(BigInteger),
        comment="Keys of its address and of the words of the report that opened it; "
        "none: they are to be worked out of the texts",
    )


class Report(Base):
    """What one person told the city, once. Never edited away. Open311's *service request*."""

    __tablename__ = "report"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        ForeignKeyConstraint(["city_id", "service_id"], ["service.city_id", "service.id"]),
        ForeignKeyConstraint(["city_id", "contact_id"], ["contact.city_id", "contact.id"]),
        UniqueConstraint("city_id", "tracking_number"),
        Index(
            "uq_report_idempotency_key",
            "city_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key is not null"),
        ),
        Index(
            "uq_report_external_id",
            "city_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
        CheckConstraint(_ON_EARTH, name="on_earth"),
        CheckConstraint("duplicate_decision in ('joined', 'flagged', 'none')", name="duplicate_decision"),
        Index("ix_report_ticket", "city_id", "ticket_id", "id"),
        Index(
            "ix_report_words",
            "description",
            postgresql_using="gin",
            postgresql_ops={"description": "gin_trgm_ops"},
            postgresql_where=text("closed_at is null"),
        ),
        Index("ix_report_contact", "city_id", "contact_id", postgresql_where=text("contact_id is not null")),
        Index("ix_report_flagged", "city_id", "id", postgresql_where=text("duplicate_decision = 'flagged'")),
        Index("ix_report_requested_at", "city_id", "requested_at"),
        Index("ix_report_updated_at", "city_id", "updated_at"),
        Index("ix_report_geom", "geom", postgresql_using="spgist"),
        Index("ix_report_hidden", "city_id", "id", postgresql_where=text("hidden")),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tracking_number: Mapped[str]
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    service_id: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str] = mapped_column(comment="web, open311, import, phone, …")
    language: Mapped[str] = mapped_column(server_default="en")
    description: Mapped[str]
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="{question code: answer}")
    media_urls: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    contact_id: Mapped[int | None] = mapped_column(BigInteger)
    idempotency_key: Mapped[str | None]
    external_id: Mapped[str | None] = mapped_column(comment="Its id in the system it was imported from")
    requested_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="By our own clock")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime | None] = mapped_column(comment="What this reporter was promised")
    closed_at: Mapped[datetime | None] = mapped_column(
        comment="An import's own closing time; else its ticket's"
    )
    geom: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", 4326, spatial_index=False), comment="The pin as given"
    )
    address: Mapped[str | None] = mapped_column(comment="As given, else as located")
    street: Mapped[str | None]
    house_number: Mapped[int | None]
    postcode: Mapped[str | None]
    segment_id: Mapped[str | None]
    side: Mapped[str | None] = mapped_column(CHAR(1), comment="l or r of the segment as digitised")
    along_m: Mapped[float | None] = mapped_column(REAL, comment="Metres along the segment")
    snap_m: Mapped[float | None] = mapped_column(REAL, comment="Metres from the pin to the segment")
    asset_id: Mapped[str | None]
    place_flags: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    zones: Mapped[dict[str, str]] = mapped_column(JSONB, comment="{layer: zone id}")
    edition_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer), comment="The editions it was located in")
    duplicate_of: Mapped[int | None] = mapped_column(
        BigInteger, comment="The report that opened the ticket it joined, or is flagged as repeating"
    )
    duplicate_score: Mapped[float | None] = mapped_column(REAL, comment="Probability from 0 to 1")
    duplicate_decision: Mapped[str]
    duplicate_reasons: Mapped[list[Any]] = mapped_column(JSONB, comment="Why: codes with their parameters")
    suggestions: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), comment="Up to 5 tickets it may repeat, best first"
    )
    hidden: Mapped[bool] = mapped_column(server_default=text("false"), comment="Until staff show it")


class TimelineEntry(Base):
    """One thing that happened to a ticket. Append-only, and the outbox of notices."""

    __tablename__ = "timeline"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "ticket_id"], ["ticket.city_id", "ticket.id"]),
        ForeignKeyConstraint(["city_id", "staff_id"], ["staff.city_id", "staff.id"]),
        Index("ix_timeline_ticket", "city_id", "ticket_id", "at"),
        Index("ix_timeline_at", "city_id", "at", "id"),
        Index("ix_timeline_transaction", "transaction", "id"),
        # What happened here, not in the system that reports were imported from: other systems poll it.
        Index("ix_timeline_live", "city_id", "at", "id", postgresql_where=text("actor <> 'import'")),
        Index(
            "ix_timeline_compared",
            "city_id",
            "id",
            postgresql_where=text("kind in ('merged', 'split', 'different')"),
        ),
        Index(
            "uq_timeline_idempotency_key",
            "city_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key is not null"),
        ),
        # Where somebody worked last.
        Index(
            "ix_timeline_worked",
            "city_id",
            "staff_id",
            "id",
            postgresql_where=text("staff_id is not null and kind in ('in_progress', 'done')"),
        ),
    )

    city_id: Mapped[CityId]
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    report_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    kind: Mapped[str] = mapped_column(
        comment="received, joined, flagged, assigned, or the status it moved to; noted for a remark; "
        "undone; merged, split or different, where staff compared"
    )
    actor: Mapped[str] = mapped_column(comment="resident, staff, program, system or import")
    staff_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(server_default="", comment="Words for everybody to read")
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    before: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB, comment="What ticket and reports were before a move or a merge: by it they are restored"
    )
    transaction: Mapped[int] = mapped_column(
        BigInteger,
        server_default=text("pg_current_xact_id()::text::bigint"),
        comment="Readers of the outbox stop below the oldest transaction still running: none is missed",
    )
    idempotency_key: Mapped[str | None] = mapped_column(comment="What is sent again is known by it")


class GivenUpdate(Base):
    """What another system told of a report, once: a repeat is known by its id."""

    __tablename__ = "given_update"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "api_key_id"], ["api_key.city_id", "api_key.id"]),
        ForeignKeyConstraint(["city_id", "timeline_id"], ["timeline.city_id", "timeline.id"]),
        Index("ix_given_update_timeline", "city_id", "timeline_id"),
    )

    city_id: Mapped[CityId]
    api_key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    update_id: Mapped[str] = mapped_column(primary_key=True, comment="As the other system names it")
    timeline_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(comment="As it was given")
    updated_at: Mapped[datetime] = mapped_column(comment="By the other system's clock")
    media_urls: Mapped[list[str]] = mapped_column(ARRAY(TEXT))


class WorkOrder(Base):
    """What another system that does the work calls a report. It goes wherever the report's ticket goes."""

    __tablename__ = "work_order"
    __table_args__ = (
        ForeignKeyConstraint(["city_id", "report_id"], ["report.city_id", "report.id"]),
        Index("ix_work_order_reference", "city_id", "system", "reference"),
    )

    city_id: Mapped[CityId]
    report_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    system: Mapped[str] = mapped_column(
        primary_key=True, comment="Code of a back office, or name of a program's key"
    )
    reference: Mapped[str] = mapped_column(comment="What the system calls it")


class TicketDelta(Base):
    """An open ticket that came or went away and is not counted in the pyramid yet. Triggers write it."""

    __tablename__ = "ticket_delta"

    city_id: Mapped[CityId]
    x: Mapped[int] = mapped_column(
        Integer, primary_key=True, comment="From 180° W to 180° E in 2^30 parts, Web Mercator"
    )
    y: Mapped[int] = mapped_column(
        Integer, primary_key=True, comment="From the north edge to the south in 2^30 parts"
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    public: Mapped[bool] = mapped_column(comment="May anyone see tickets of its service?")
    change: Mapped[int] = mapped_column(SmallInteger, comment="1: an open ticket came; -1: it went away")
    ticket_id: Mapped[int] = mapped_column(BigInteger)


class TicketPyramid(Base):
    """How many tickets are open in each cell of the tiles of each zoom; `pyramid` keeps it."""

    __tablename__ = "ticket_pyramid"

    city_id: Mapped[CityId]
    zoom: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    x: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Of the tile")
    y: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Of the tile")
    cell: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, comment="Of 32 by 32 in the tile, row by row from 0"
    )
    public: Mapped[bool] = mapped_column(primary_key=True)
    tickets: Mapped[int] = mapped_column(comment="How many are open there")
    sum_x: Mapped[int] = mapped_column(BigInteger, comment="Of their places; over tickets: their centre")
    sum_y: Mapped[int] = mapped_column(BigInteger)
    sum_id: Mapped[int] = mapped_column(BigInteger, comment="Of their ids; of a single ticket: its id")
