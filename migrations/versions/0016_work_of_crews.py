"""Photos of the work; moves that phones send again; what boards and urgent lists look for.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.alter_column("photo", "report_id", existing_type=sa.BigInteger(), nullable=True)
    op.add_column(
        "photo",
        sa.Column("ticket_id", sa.BigInteger(), nullable=True, comment="Of the work, not of a report"),
    )
    op.add_column(
        "photo", sa.Column("shows", sa.TEXT(), nullable=True, comment="before or after, of the work")
    )
    op.create_foreign_key(
        op.f("fk_photo_city_id_ticket_id"), "photo", "ticket", ["city_id", "ticket_id"], ["city_id", "id"]
    )
    op.create_check_constraint(
        op.f("ck_photo_of_one"),
        "photo",
        "(report_id is null) <> (ticket_id is null) and (ticket_id is null) = (shows is null) "
        "and shows in ('before', 'after')",
    )
    op.create_index(
        "ix_photo_ticket",
        "photo",
        ["city_id", "ticket_id"],
        postgresql_where=sa.text("ticket_id is not null"),
    )
    op.add_column(
        "timeline",
        sa.Column("idempotency_key", sa.TEXT(), nullable=True, comment="What is sent again is known by it"),
    )
    op.create_index(
        "uq_timeline_idempotency_key",
        "timeline",
        ["city_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )
    op.create_index(
        "ix_timeline_worked",
        "timeline",
        ["city_id", "staff_id", "id"],
        postgresql_where=sa.text("staff_id is not null and kind in ('in_progress', 'done')"),
    )
    op.create_index(
        "ix_ticket_urgent",
        "ticket",
        ["city_id", "crew_id", "id"],
        postgresql_where=sa.text("open and priority >= 2"),
    )
    op.create_index(
        "ix_ticket_board",
        "ticket",
        ["city_id", "department_id", "crew_id"],
        postgresql_include=["due_at", "opened_at", "waiting_since", "priority", "district"],
        postgresql_where=sa.text("open"),
    )
