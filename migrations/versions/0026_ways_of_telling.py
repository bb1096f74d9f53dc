"""Ways to tell people: SMS, push, by phone and letter; who asked for no more, or is not reached.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"

_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    _contacts()
    _notices()
    op.create_table(
        "push_subscription",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint", sa.TEXT(), nullable=False, comment="Where the browser's maker takes messages"),
        sa.Column("p256dh", sa.TEXT(), nullable=False, comment="The browser's public key"),
        sa.Column(
            "auth", sa.TEXT(), nullable=False, comment="The secret that messages are encrypted with, too"
        ),
        sa.Column("created_at", _WHEN, server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "contact_id"],
            ["contact.city_id", "contact.id"],
            name=op.f("fk_push_subscription_city_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("city_id", "contact_id", name=op.f("pk_push_subscription")),
        sa.UniqueConstraint("city_id", "endpoint", name=op.f("uq_push_subscription_city_id_endpoint")),
    )


def _contacts() -> None:
    op.drop_constraint(op.f("ck_contact_prefers"), "contact", type_="check")
    op.create_check_constraint(
        op.f("ck_contact_prefers"),
        "contact",
        "prefers in ('email', 'sms', 'push', 'phone', 'letter', 'none')",
    )
    op.alter_column(
        "contact",
        "prefers",
        existing_type=sa.TEXT(),
        existing_server_default="email",
        existing_nullable=False,
        existing_comment="How they want to hear from us: email, phone, letter or none",
        comment="How they want to hear from us: email, sms, push, phone, letter or none",
    )
    op.add_column(
        "contact", sa.Column("postal_address", sa.TEXT(), nullable=True, comment="Where letters go")
    )
    op.add_column(
        "contact",
        sa.Column(
            "key",
            sa.TEXT(),
            server_default=sa.text("left(replace(gen_random_uuid()::text, '-', ''), 20)"),
            nullable=False,
            comment="Random; whoever has it may stop the messages: it stands in them",
        ),
    )
    op.add_column(
        "contact",
        sa.Column("bounced_at", _WHEN, nullable=True, comment="Mail came back: none is sent any more"),
    )
    op.add_column(
        "contact", sa.Column("stopped_at", _WHEN, nullable=True, comment="They asked for no more messages")
    )
    op.create_index("uq_contact_key", "contact", ["city_id", "key"], unique=True)


def _notices() -> None:
    op.alter_column("notice", "timeline_id", existing_type=sa.BigInteger(), nullable=True)
    op.alter_column("notice", "report_id", existing_type=sa.BigInteger(), nullable=True)
    op.add_column(
        "notice",
        sa.Column(
            "message",
            postgresql.JSONB(),
            nullable=True,
            comment="Instead of a timeline entry: subject, text, path and its words",
        ),
    )
    op.add_column(
        "notice", sa.Column("message_key", sa.TEXT(), nullable=True, comment="A message comes once under it")
    )
    op.add_column(
        "notice",
        sa.Column(
            "told_by", sa.BigInteger(), nullable=True, comment="Who told it by phone, or sent the letter"
        ),
    )
    op.create_check_constraint(
        op.f("ck_notice_one_subject"), "notice", "num_nonnulls(timeline_id, message) = 1"
    )
    op.drop_constraint(op.f("ck_notice_state"), "notice", type_="check")
    op.create_check_constraint(
        op.f("ck_notice_state"), "notice", "state in ('pending', 'sent', 'failed', 'stopped')"
    )
    op.create_check_constraint(
        op.f("ck_notice_channel"), "notice", "channel in ('mail', 'sms', 'push', 'phone', 'letter')"
    )
    op.create_foreign_key(
        op.f("fk_notice_city_id_told_by"),
        "notice",
        "staff",
        ["city_id", "told_by"],
        ["city_id", "id"],
    )
    op.drop_index("ix_notice_due", table_name="notice")
    op.create_index(
        "ix_notice_due",
        "notice",
        ["city_id", "channel", "next_attempt_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "uq_notice_message_key",
        "notice",
        ["city_id", "message_key"],
        unique=True,
        postgresql_where=sa.text("message_key is not null"),
    )
    op.create_index("ix_notice_report", "notice", ["city_id", "report_id"])
    op.create_index("ix_notice_contact", "notice", ["city_id", "contact_id"])
