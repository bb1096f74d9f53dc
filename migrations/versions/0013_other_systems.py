"""Photos of reports; what keys may do and how they are used; updates from other systems; webhooks.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

_TEXTS = postgresql.ARRAY(sa.TEXT())
_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    _photos()
    _keys()
    _updates()
    _webhooks()


def _photos() -> None:
    op.create_table(
        "photo",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False, comment="144 random bits: who knows it may look"),
        sa.Column("width", sa.Integer(), nullable=False, comment="Pixels, as kept"),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("added_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "report_id"],
            ["report.city_id", "report.id"],
            name=op.f("fk_photo_city_id_report_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_photo")),
        sa.UniqueConstraint("city_id", "name", name=op.f("uq_photo_city_id_name")),
    )
    op.create_index("ix_photo_report", "photo", ["city_id", "report_id"])


def _keys() -> None:
    op.add_column(
        "api_key",
        sa.Column(
            "scopes",
            _TEXTS,
            server_default=sa.text("'{write}'"),
            nullable=False,
            comment="What it lets do: write reports, update tickets, read_private",
        ),
    )
    op.add_column(
        "api_key",
        sa.Column("per_minute", sa.Integer(), nullable=True, comment="Most calls in a minute; null: any"),
    )
    op.create_table(
        "api_key_use",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="In UTC"),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False, comment="Of the calls, those over the limit"),
        sa.Column("minute", _WHEN, nullable=False, comment="The latest minute with a call"),
        sa.Column("in_minute", sa.Integer(), nullable=False, comment="Calls in that minute"),
        sa.ForeignKeyConstraint(
            ["city_id", "api_key_id"],
            ["api_key.city_id", "api_key.id"],
            name=op.f("fk_api_key_use_city_id_api_key_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "api_key_id", "day", name=op.f("pk_api_key_use")),
    )


def _updates() -> None:
    op.create_table(
        "given_update",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.TEXT(), nullable=False, comment="As the other system names it"),
        sa.Column("timeline_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.TEXT(), nullable=False, comment="As it was given"),
        sa.Column("updated_at", _WHEN, nullable=False, comment="By the other system's clock"),
        sa.Column("media_urls", _TEXTS, nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "api_key_id"],
            ["api_key.city_id", "api_key.id"],
            name=op.f("fk_given_update_city_id_api_key_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "timeline_id"],
            ["timeline.city_id", "timeline.id"],
            name=op.f("fk_given_update_city_id_timeline_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "api_key_id", "update_id", name=op.f("pk_given_update")),
    )
    op.create_index("ix_given_update_timeline", "given_update", ["city_id", "timeline_id"])
    op.create_index("ix_timeline_at", "timeline", ["city_id", "at", "id"])
    op.alter_column(
        "timeline",
        "actor",
        existing_type=sa.TEXT(),
        existing_nullable=False,
        existing_comment="resident, staff, system or import",
        comment="resident, staff, program, system or import",
    )


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("url", sa.TEXT(), nullable=False),
        sa.Column("secret", sa.TEXT(), nullable=False, comment="Signs what is sent"),
        sa.Column("kinds", _TEXTS, nullable=False, comment="Of timeline entries; empty: all"),
        sa.Column("created_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.Column("stopped_at", _WHEN, nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_webhook_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("timeline_id", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", _WHEN, nullable=True, comment="When it is tried next; null: no more"),
        sa.Column("delivered_at", _WHEN, nullable=True),
        sa.Column("error", sa.TEXT(), server_default="", nullable=False, comment="Of the latest attempt"),
        sa.Column("created_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "webhook_id"],
            ["webhook.city_id", "webhook.id"],
            name=op.f("fk_webhook_delivery_city_id_webhook_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "timeline_id"],
            ["timeline.city_id", "timeline.id"],
            name=op.f("fk_webhook_delivery_city_id_timeline_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint(
            "city_id",
            "webhook_id",
            "timeline_id",
            name=op.f("uq_webhook_delivery_city_id_webhook_id_timeline_id"),
        ),
    )
    op.create_index(
        "ix_webhook_delivery_next",
        "webhook_delivery",
        ["city_id", "next_at"],
        postgresql_where=sa.text("next_at is not null"),
    )
