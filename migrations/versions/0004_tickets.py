"""Tables of the work: tickets, reports, the append-only timeline, notices.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False),
        sa.Column(
            "outcome", sa.TEXT(), nullable=True, comment="How it was done, such as fixed; why it was declined"
        ),
        sa.Column(
            "open",
            sa.Boolean(),
            sa.Computed(
                "status in ('new', 'assigned', 'scheduled', 'in_progress', 'waiting', 'referred', 'reopened')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the first of its reports was made",
        ),
        sa.Column(
            "latest_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the latest of its reports was made",
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The earliest date promised to any of its reporters",
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "matchable",
            sa.Boolean(),
            nullable=False,
            comment="May new reports still join it? Open, or lately closed",
        ),
        sa.Column(
            "geom",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False),
            nullable=True,
        ),
        sa.Column("address", sa.TEXT(), nullable=True),
        sa.Column("street", sa.TEXT(), nullable=True),
        sa.Column("house_number", sa.Integer(), nullable=True),
        sa.Column("segment_id", sa.TEXT(), nullable=True),
        sa.Column("side", sa.CHAR(length=1), nullable=True, comment="l or r of the segment as digitised"),
        sa.Column("along_m", sa.REAL(), nullable=True, comment="Metres along the segment"),
        sa.Column("asset_id", sa.TEXT(), nullable=True),
        sa.Column("zones", postgresql.JSONB(), nullable=False, comment="{layer: zone id}"),
        sa.Column("district", sa.TEXT(), nullable=True, comment="Zone id in the layer of council districts"),
        sa.Column("department_id", sa.SmallInteger(), nullable=False),
        sa.Column("crew_id", sa.SmallInteger(), nullable=True),
        sa.Column(
            "service_area", sa.TEXT(), nullable=True, comment="Name of the service area that decided the crew"
        ),
        sa.Column(
            "assigned_why", sa.TEXT(), nullable=False, comment="The reason for crew and department, in words"
        ),
        sa.Column("report_count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="Raised by each move: two people moving it, one wins",
        ),
        sa.CheckConstraint(
            "status in ('new', 'assigned', 'scheduled', 'in_progress', 'waiting', 'referred', 'reopened', 'done', 'confirmed', 'declined')",
            name=op.f("ck_ticket_status"),
        ),
        sa.CheckConstraint(
            "geom is null or (st_x(geom) between -180 and 180 and st_y(geom) between -90 and 90)",
            name=op.f("ck_ticket_on_earth"),
        ),
        sa.CheckConstraint("open = (closed_at is null)", name=op.f("ck_ticket_closed_at")),
        sa.ForeignKeyConstraint(
            ["city_id", "crew_id"], ["crew.city_id", "crew.id"], name=op.f("fk_ticket_city_id_crew_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "department_id"],
            ["department.city_id", "department.id"],
            name=op.f("fk_ticket_city_id_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "service_id"],
            ["service.city_id", "service.id"],
            name=op.f("fk_ticket_city_id_service_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_ticket")),
    )
    op.create_index(
        "ix_ticket_crew",
        "ticket",
        ["city_id", "crew_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_ticket_district", "ticket", ["city_id", "district", "opened_at"], unique=False)
    op.create_index(
        "ix_ticket_geom",
        "ticket",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_ticket_matchable",
        "ticket",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("matchable"),
    )
    op.create_index("ix_ticket_opened_at", "ticket", ["city_id", "opened_at"], unique=False)

    op.create_table(
        "report",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tracking_number", sa.TEXT(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.TEXT(), nullable=False, comment="web, open311, import, phone, …"),
        sa.Column("language", sa.TEXT(), server_default="en", nullable=False),
        sa.Column("description", sa.TEXT(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False, comment="{question code: answer}"),
        sa.Column("media_urls", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("idempotency_key", sa.TEXT(), nullable=True),
        sa.Column(
            "external_id", sa.TEXT(), nullable=True, comment="Its id in the system it was imported from"
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="By our own clock",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), nullable=True, comment="What this reporter was promised"
        ),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="An import's own closing time; else its ticket's",
        ),
        sa.Column(
            "geom",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False),
            nullable=True,
            comment="The pin as given",
        ),
        sa.Column("address", sa.TEXT(), nullable=True, comment="As given, else as located"),
        sa.Column("street", sa.TEXT(), nullable=True),
        sa.Column("house_number", sa.Integer(), nullable=True),
        sa.Column("postcode", sa.TEXT(), nullable=True),
        sa.Column("segment_id", sa.TEXT(), nullable=True),
        sa.Column("side", sa.CHAR(length=1), nullable=True, comment="l or r of the segment as digitised"),
        sa.Column("along_m", sa.REAL(), nullable=True, comment="Metres along the segment"),
        sa.Column("snap_m", sa.REAL(), nullable=True, comment="Metres from the pin to the segment"),
        sa.Column("asset_id", sa.TEXT(), nullable=True),
        sa.Column("place_flags", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("zones", postgresql.JSONB(), nullable=False, comment="{layer: zone id}"),
        sa.Column(
            "edition_ids",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="The editions it was located in",
        ),
        sa.Column(
            "duplicate_of",
            sa.BigInteger(),
            nullable=True,
            comment="The report that opened the ticket it joined, or is flagged as repeating",
        ),
        sa.Column("duplicate_score", sa.REAL(), nullable=True, comment="Probability from 0 to 1"),
        sa.Column("duplicate_decision", sa.TEXT(), nullable=False),
        sa.Column(
            "duplicate_reasons",
            postgresql.JSONB(),
            nullable=False,
            comment="Why: codes with their parameters",
        ),
        sa.Column(
            "suggestions",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="Up to 5 tickets it may repeat, best first",
        ),
        sa.CheckConstraint(
            "duplicate_decision in ('joined', 'flagged', 'none')", name=op.f("ck_report_duplicate_decision")
        ),
        sa.CheckConstraint(
            "geom is null or (st_x(geom) between -180 and 180 and st_y(geom) between -90 and 90)",
            name=op.f("ck_report_on_earth"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "contact_id"],
            ["contact.city_id", "contact.id"],
            name=op.f("fk_report_city_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "service_id"],
            ["service.city_id", "service.id"],
            name=op.f("fk_report_city_id_service_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "ticket_id"],
            ["ticket.city_id", "ticket.id"],
            name=op.f("fk_report_city_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_report")),
        sa.UniqueConstraint("city_id", "tracking_number", name=op.f("uq_report_city_id_tracking_number")),
    )
    op.create_index("ix_report_requested_at", "report", ["city_id", "requested_at"], unique=False)
    op.create_index("ix_report_ticket", "report", ["city_id", "ticket_id"], unique=False)
    op.create_index("ix_report_updated_at", "report", ["city_id", "updated_at"], unique=False)
    op.create_index(
        "uq_report_external_id",
        "report",
        ["city_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )
    op.create_index(
        "uq_report_idempotency_key",
        "report",
        ["city_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )

    op.create_table(
        "timeline",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "kind",
            sa.TEXT(),
            nullable=False,
            comment="received, joined, flagged, assigned, or the status it moved to; noted for a remark",
        ),
        sa.Column("actor", sa.TEXT(), nullable=False, comment="resident, staff, system or import"),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "note", sa.TEXT(), server_default="", nullable=False, comment="Words for everybody to read"
        ),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
            comment="Readers of the outbox stop below the oldest transaction still running: none is missed",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"], ["staff.city_id", "staff.id"], name=op.f("fk_timeline_city_id_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "ticket_id"],
            ["ticket.city_id", "ticket.id"],
            name=op.f("fk_timeline_city_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_ticket", "timeline", ["city_id", "ticket_id", "at"], unique=False)
    op.create_index("ix_timeline_transaction", "timeline", ["transaction", "id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("timeline_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.TEXT(), server_default="mail", nullable=False),
        sa.Column("state", sa.TEXT(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="While pending: not before. Moved on before each attempt",
        ),
        sa.Column(
            "error", sa.TEXT(), server_default="", nullable=False, comment="What the last attempt ran into"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('pending', 'sent', 'failed')", name=op.f("ck_notice_state")),
        sa.ForeignKeyConstraint(
            ["city_id", "contact_id"],
            ["contact.city_id", "contact.id"],
            name=op.f("fk_notice_city_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "timeline_id"],
            ["timeline.city_id", "timeline.id"],
            name=op.f("fk_notice_city_id_timeline_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_notice")),
        sa.UniqueConstraint(
            "city_id",
            "timeline_id",
            "contact_id",
            "channel",
            name=op.f("uq_notice_city_id_timeline_id_contact_id_channel"),
        ),
    )
    op.create_index(
        "ix_notice_due",
        "notice",
        ["city_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "outbox_cursor",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("reader", sa.TEXT(), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("timeline_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_outbox_cursor_city_id")),
        sa.PrimaryKeyConstraint("city_id", "reader", name=op.f("pk_outbox_cursor")),
    )

    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'The % is append-only: write a new entry instead.', tg_table_name;
        end $$
        """
    )
    op.execute(
        """
        create trigger timeline_is_append_only before update or delete on timeline
        for each row execute function refuse_change()
        """
    )
