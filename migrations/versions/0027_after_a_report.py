"""Follow a report, say whether it is fixed, read one's own reports by a mailed link, hear of an area.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    _follower()
    _survey()
    _usual_time()
    _reporter_link()
    _alert()
    _alert_find()


def _follower() -> None:
    op.create_table(
        "follower",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "report_id", sa.BigInteger(), nullable=False, comment="Its ticket is followed, wherever it goes"
        ),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "confirmed_at", sa.DateTime(timezone=True), nullable=True, comment="Until then nothing is told"
        ),
        sa.Column(
            "stopped_at", sa.DateTime(timezone=True), nullable=True, comment="From then on nothing is told"
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "contact_id"],
            ["contact.city_id", "contact.id"],
            name=op.f("fk_follower_city_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"],
            ["report.city_id", "report.id"],
            name=op.f("fk_follower_city_id_report_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_follower")),
        sa.UniqueConstraint(
            "city_id", "report_id", "contact_id", name=op.f("uq_follower_city_id_report_id_contact_id")
        ),
    )
    op.create_index("ix_follower_contact", "follower", ["city_id", "contact_id"], unique=False)


def _survey() -> None:
    op.create_table(
        "survey",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, comment="The ticket that was done"),
        sa.Column(
            "timeline_id",
            sa.BigInteger(),
            nullable=False,
            comment="The entry that says done: done again, it is asked again",
        ),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When a mail with the question was written; null: answered on the page, never asked",
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fixed", sa.Boolean(), nullable=True),
        sa.Column(
            "satisfaction",
            sa.SmallInteger(),
            nullable=True,
            comment="With the work: 1 very dissatisfied to 5 very satisfied",
        ),
        sa.Column(
            "easy", sa.SmallInteger(), nullable=True, comment="To report: 1 very difficult to 5 very easy"
        ),
        sa.Column("words", sa.TEXT(), server_default="", nullable=False, comment="For staff only"),
        sa.CheckConstraint("(answered_at is null) = (fixed is null)", name=op.f("ck_survey_answered")),
        sa.CheckConstraint("easy between 1 and 5", name=op.f("ck_survey_easy")),
        sa.CheckConstraint("satisfaction between 1 and 5", name=op.f("ck_survey_satisfaction")),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"],
            ["report.city_id", "report.id"],
            name=op.f("fk_survey_city_id_report_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "ticket_id"],
            ["ticket.city_id", "ticket.id"],
            name=op.f("fk_survey_city_id_ticket_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "timeline_id"],
            ["timeline.city_id", "timeline.id"],
            name=op.f("fk_survey_city_id_timeline_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_survey")),
        sa.UniqueConstraint(
            "city_id", "report_id", "timeline_id", name=op.f("uq_survey_city_id_report_id_timeline_id")
        ),
    )
    op.create_index("ix_survey_asked_at", "survey", ["city_id", "asked_at"], unique=False)
    op.create_index("ix_survey_ticket", "survey", ["city_id", "ticket_id"], unique=False)


def _usual_time() -> None:
    op.create_table(
        "usual_time",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("service_id", sa.SmallInteger(), nullable=False),
        sa.Column("district", sa.TEXT(), nullable=False, comment="Empty: the whole city"),
        sa.Column("tickets", sa.Integer(), nullable=False, comment="On how many the figures stand"),
        sa.Column("still_open", sa.Integer(), nullable=False, comment="How many of them"),
        sa.Column(
            "soon_s",
            sa.Double(),
            nullable=True,
            comment="Seconds by which a fifth was done; null: fewer were",
        ),
        sa.Column(
            "late_s",
            sa.Double(),
            nullable=True,
            comment="Seconds by which four fifths were done; null: fewer were",
        ),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("soon_s >= 0 and late_s >= soon_s", name=op.f("ck_usual_time_in_order")),
        sa.ForeignKeyConstraint(
            ["city_id", "service_id"],
            ["service.city_id", "service.id"],
            name=op.f("fk_usual_time_city_id_service_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "service_id", "district", name=op.f("pk_usual_time")),
    )


def _reporter_link() -> None:
    op.create_table(
        "reporter_link",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False, comment="One of those with the address"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "contact_id"],
            ["contact.city_id", "contact.id"],
            name=op.f("fk_reporter_link_city_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_reporter_link")),
    )
    op.create_index("ix_reporter_link_contact", "reporter_link", ["city_id", "contact_id"], unique=False)


def _alert() -> None:
    op.create_geospatial_table(
        "alert",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column(
            "name",
            sa.TEXT(),
            nullable=False,
            comment="Of the street or the district; of a drawn area, near where",
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="The area, as it was chosen",
        ),
        sa.Column("zone_id", sa.TEXT(), nullable=True, comment="Of the district that was chosen"),
        sa.Column("edition_id", sa.Integer(), nullable=True, comment="Of the districts when it was chosen"),
        sa.Column("groups", postgresql.ARRAY(sa.TEXT()), nullable=False, comment="Of services; empty: all"),
        sa.Column("often", sa.TEXT(), nullable=False, comment="at_once, or daily"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "confirmed_at", sa.DateTime(timezone=True), nullable=True, comment="Until then nothing is told"
        ),
        sa.Column(
            "stopped_at", sa.DateTime(timezone=True), nullable=True, comment="From then on nothing is told"
        ),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="Not before then is anything told",
        ),
        sa.CheckConstraint("(kind = 'district') = (zone_id is not null)", name=op.f("ck_alert_zone")),
        sa.CheckConstraint("kind in ('street', 'area', 'district')", name=op.f("ck_alert_kind")),
        sa.CheckConstraint("often in ('at_once', 'daily')", name=op.f("ck_alert_often")),
        sa.CheckConstraint("(zone_id is null) = (edition_id is null)", name=op.f("ck_alert_edition")),
        sa.ForeignKeyConstraint(
            ["city_id", "contact_id"],
            ["contact.city_id", "contact.id"],
            name=op.f("fk_alert_city_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "edition_id"],
            ["edition.city_id", "edition.id"],
            name=op.f("fk_alert_city_id_edition_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_contact", "alert", ["city_id", "contact_id"], unique=False)
    op.create_geospatial_index(
        "ix_alert_geom",
        "alert",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("confirmed_at is not null and stopped_at is null"),
        postgresql_ops={},
    )


def _alert_find() -> None:
    op.create_table(
        "alert_find",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city_id", "alert_id"],
            ["alert.city_id", "alert.id"],
            name=op.f("fk_alert_find_city_id_alert_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "ticket_id"],
            ["ticket.city_id", "ticket.id"],
            name=op.f("fk_alert_find_city_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "alert_id", "ticket_id", name=op.f("pk_alert_find")),
    )
    op.create_index(
        "ix_alert_find_waiting",
        "alert_find",
        ["city_id", "alert_id"],
        unique=False,
        postgresql_where=sa.text("told_at is null"),
    )
