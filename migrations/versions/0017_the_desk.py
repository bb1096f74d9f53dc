"""The desk: help articles, how often they answered, unfinished calls; who called; priorities set by hand.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.TEXT(), nullable=False),
        sa.Column("title", sa.TEXT(), nullable=False),
        sa.Column("body", sa.TEXT(), nullable=False, comment="Paragraphs, to be read out"),
        sa.Column(
            "keywords",
            postgresql.ARRAY(sa.TEXT()),
            nullable=False,
            comment="Words people use for it",
        ),
        sa.Column(
            "translations",
            postgresql.JSONB(),
            nullable=False,
            comment="{language: {title, body, keywords}}",
        ),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="Order in lists"),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_article_city_id")),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_article")),
        sa.UniqueConstraint("city_id", "code", name=op.f("uq_article_city_id_code")),
    )
    op.create_table(
        "article_use",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("article_id", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="In the city's time"),
        sa.Column("channel", sa.TEXT(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "article_id"],
            ["article.city_id", "article.id"],
            name=op.f("fk_article_use_city_id_article_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "article_id", "day", "channel", name=op.f("pk_article_use")),
    )
    op.create_table(
        "desk_draft",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.TEXT(), nullable=False, comment="The idempotency key of the report it becomes"),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False, comment="As typed; gone when it is sent"),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_desk_draft_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_desk_draft")),
        sa.UniqueConstraint("city_id", "staff_id", "key", name=op.f("uq_desk_draft_city_id_staff_id_key")),
    )
    op.add_column(
        "contact",
        sa.Column(
            "prefers",
            sa.TEXT(),
            server_default="email",
            nullable=False,
            comment="How they want to hear from us: email, phone, letter or none",
        ),
    )
    op.create_check_constraint(
        op.f("ck_contact_prefers"), "contact", "prefers in ('email', 'phone', 'letter', 'none')"
    )
    op.drop_index("ix_contact_phone", "contact")
    op.create_index(
        "ix_contact_phone",
        "contact",
        ["city_id", sa.text("\"right\"(regexp_replace(phone, '[^0-9]', '', 'g'), 10)")],
    )
    op.create_index(
        "ix_report_contact",
        "report",
        ["city_id", "contact_id"],
        postgresql_where=sa.text("contact_id is not null"),
    )
    op.add_column(
        "ticket",
        sa.Column(
            "priority_by_hand",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Somebody on the staff said so: rules leave it alone",
        ),
    )
