"""Keep forecasts and unusual days, alerts that staff set on figures, and the mail of them.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "forecast",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("group", sa.TEXT(), nullable=False, comment="Of services; empty: all of them"),
        sa.Column("district", sa.TEXT(), nullable=False, comment="Zone id; empty: all of the city"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "method",
            sa.TEXT(),
            nullable=False,
            comment="level; seasons: with the seasons of the year; none: no forecast",
        ),
        sa.Column("first_week", sa.Date(), nullable=False, comment="The Monday of the first week expected"),
        sa.Column(
            "weeks_known",
            sa.SmallInteger(),
            nullable=False,
            comment="Whole weeks before it that were counted",
        ),
        sa.Column(
            "expected",
            postgresql.ARRAY(sa.Double()),
            nullable=False,
            comment="Reports in each week, from the first week on",
        ),
        sa.Column(
            "low",
            postgresql.ARRAY(sa.Double()),
            nullable=False,
            comment="One week in ten is expected to have fewer",
        ),
        sa.Column(
            "high",
            postgresql.ARRAY(sa.Double()),
            nullable=False,
            comment="One week in ten is expected to have more",
        ),
        sa.Column(
            "past",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="Reports in each of the last weeks counted, up to a year",
        ),
        sa.Column(
            "last_year",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="Reports in the same weeks of the year before; empty where not known",
        ),
        sa.Column(
            "tests",
            sa.SmallInteger(),
            nullable=False,
            comment="How many of the last 12 weeks were forecast from the weeks before, as a test",
        ),
        sa.Column(
            "error", sa.Double(), nullable=True, comment="Of these tests: mean absolute, reports a week"
        ),
        sa.Column("naive_error", sa.Double(), nullable=True, comment="The same of the naive forecast"),
        sa.Column(
            "inside", sa.SmallInteger(), nullable=False, comment="Of these tests, how many fell into the band"
        ),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_forecast_city_id")),
        sa.PrimaryKeyConstraint("city_id", "group", "district", name=op.f("pk_forecast")),
    )
    op.create_table(
        "unusual_day",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("group", sa.TEXT(), nullable=False, comment="Of services; empty: all of them"),
        sa.Column("day", sa.Date(), nullable=False, comment="In the city's time"),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column(
            "usual", sa.Double(), nullable=False, comment="Median of the same day of the eight weeks before"
        ),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_unusual_day_city_id")),
        sa.PrimaryKeyConstraint("city_id", "group", "day", name=op.f("pk_unusual_day")),
    )
    op.create_table(
        "figure_alert",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "measure",
            sa.TEXT(),
            nullable=False,
            comment="reports_week: reports of the last 7 days; late_days: days past a promise; weekly: the mail of what changed most",
        ),
        sa.Column(
            "most", sa.Integer(), nullable=False, comment="Beyond this it is told; 0 of the weekly mail"
        ),
        sa.Column("service_id", sa.SmallInteger(), nullable=True, comment="None: all services"),
        sa.Column("district", sa.TEXT(), nullable=True, comment="Zone id; none: all of the city"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="From then on it is silent; can be undone",
        ),
        sa.Column(
            "checked_at", sa.DateTime(timezone=True), nullable=True, comment="When it was last looked at"
        ),
        sa.Column("value", sa.Integer(), nullable=True, comment="What was found then"),
        sa.Column(
            "beyond",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="It was told, and the figure has not come back since",
        ),
        sa.Column(
            "told_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Of late_days: tickets promised until then were told",
        ),
        sa.CheckConstraint(
            "measure in ('reports_week', 'late_days', 'weekly')", name=op.f("ck_figure_alert_measure")
        ),
        sa.CheckConstraint("most >= 0", name=op.f("ck_figure_alert_most")),
        sa.ForeignKeyConstraint(
            ["city_id", "service_id"],
            ["service.city_id", "service.id"],
            name=op.f("fk_figure_alert_city_id_service_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_figure_alert_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_figure_alert")),
    )
    op.create_index(
        "ix_figure_alert_staff",
        "figure_alert",
        ["city_id", "staff_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_table(
        "staff_mail",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "key",
            sa.TEXT(),
            nullable=False,
            comment="Of what it tells, such as alert-12: nothing is told twice",
        ),
        sa.Column("language", sa.TEXT(), nullable=False, comment="Of its sentences"),
        sa.Column("subject", sa.TEXT(), nullable=False),
        sa.Column("lines", postgresql.ARRAY(sa.TEXT()), nullable=False, comment="Its paragraphs"),
        sa.Column("path", sa.TEXT(), nullable=False, comment="Of the page with the figures"),
        sa.Column("state", sa.TEXT(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "error", sa.TEXT(), server_default="", nullable=False, comment="What the last attempt ran into"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('pending', 'sent', 'failed')", name=op.f("ck_staff_mail_state")),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_staff_mail_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_staff_mail")),
        sa.UniqueConstraint("city_id", "key", name=op.f("uq_staff_mail_city_id_key")),
    )
    op.create_index(
        "ix_staff_mail_due",
        "staff_mail",
        ["city_id", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "alert_crossing",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "alert_id"],
            ["figure_alert.city_id", "figure_alert.id"],
            name=op.f("fk_alert_crossing_city_id_alert_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_alert_crossing")),
    )
    op.create_index("ix_alert_crossing_alert", "alert_crossing", ["city_id", "alert_id", "at"], unique=False)
