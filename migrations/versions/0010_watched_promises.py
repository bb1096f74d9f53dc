"""Targets by priority, the steps taken of late tickets, and notices to staff.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "service",
        sa.Column(
            "targets",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="{level of urgency: hours of the same clock} where they differ from target_hours",
        ),
    )
    op.create_table(
        "escalation",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.TEXT(), nullable=False, comment="at_risk, overdue, or who is told when"),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), nullable=False, comment="The promise that it is about"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id", "ticket_id"],
            ["ticket.city_id", "ticket.id"],
            name=op.f("fk_escalation_city_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("city_id", "ticket_id", "step", "due_at", name=op.f("pk_escalation")),
    )
    op.alter_column("notice", "contact_id", nullable=True, existing_type=sa.BigInteger())
    op.add_column(
        "notice",
        sa.Column("staff_id", sa.BigInteger(), nullable=True, comment="Instead of a contact: of escalations"),
    )
    op.create_foreign_key(
        op.f("fk_notice_city_id_staff_id"), "notice", "staff", ["city_id", "staff_id"], ["city_id", "id"]
    )
    op.create_unique_constraint(
        op.f("uq_notice_city_id_timeline_id_staff_id_channel"),
        "notice",
        ["city_id", "timeline_id", "staff_id", "channel"],
    )
    op.create_check_constraint(
        op.f("ck_notice_one_reader"), "notice", "num_nonnulls(contact_id, staff_id) = 1"
    )
