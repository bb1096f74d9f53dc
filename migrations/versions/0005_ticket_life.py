"""What a ticket waits for, who outside has it, its priority, and what undoing and splitting need.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

STATUSES = (
    "'new', 'assigned', 'scheduled', 'in_progress', 'waiting', 'referred', 'reopened', "
    "'done', 'confirmed', 'declined', 'merged'"
)


def upgrade() -> None:
    op.add_column(
        "ticket", sa.Column("waiting_on", sa.TEXT(), nullable=True, comment="Whom or what it waits for")
    )
    op.add_column(
        "ticket",
        sa.Column(
            "waiting_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="From then the promise's clock stands still",
        ),
    )
    op.add_column(
        "ticket",
        sa.Column("owner", sa.TEXT(), nullable=True, comment="Who outside the city has it, while referred"),
    )
    op.add_column(
        "ticket",
        sa.Column("scheduled_for", sa.Date(), nullable=True, comment="The day of the work, while scheduled"),
    )
    op.add_column(
        "ticket",
        sa.Column(
            "priority",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="0 low, 1 normal, 2 high, 3 urgent",
        ),
    )
    op.add_column(
        "ticket",
        sa.Column(
            "priority_why",
            sa.TEXT(),
            server_default="",
            nullable=False,
            comment="The reason for it, in words",
        ),
    )
    op.add_column(
        "ticket",
        sa.Column(
            "merged_into", sa.BigInteger(), nullable=True, comment="The ticket that has its reports now"
        ),
    )
    op.create_foreign_key(
        op.f("fk_ticket_city_id_merged_into"),
        "ticket",
        "ticket",
        ["city_id", "merged_into"],
        ["city_id", "id"],
    )
    op.drop_constraint(op.f("ck_ticket_status"), "ticket")
    op.create_check_constraint(op.f("ck_ticket_status"), "ticket", f"status in ({STATUSES})")
    op.create_check_constraint(
        op.f("ck_ticket_merged_into"), "ticket", "(status = 'merged') = (merged_into is not null)"
    )
    op.create_check_constraint(
        op.f("ck_ticket_waiting_since"), "ticket", "waiting_since is null or status = 'waiting'"
    )
    op.create_check_constraint(op.f("ck_ticket_priority"), "ticket", "priority between 0 and 3")
    op.create_index(
        "ix_ticket_merged_into",
        "ticket",
        ["city_id", "merged_into"],
        postgresql_where=sa.text("merged_into is not null"),
    )
    op.add_column(
        "timeline",
        sa.Column(
            "before",
            postgresql.JSONB(),
            nullable=True,
            comment="What ticket and reports were before a move or a merge: by it they are restored",
        ),
    )
    op.alter_column(
        "timeline",
        "kind",
        comment="received, joined, flagged, assigned, or the status it moved to; noted for a remark; "
        "undone; merged, split or different, where staff compared",
        existing_comment="received, joined, flagged, assigned, or the status it moved to; noted for a remark",
        existing_type=sa.TEXT(),
        existing_nullable=False,
    )
    op.create_index(
        "ix_timeline_compared",
        "timeline",
        ["city_id", "id"],
        postgresql_where=sa.text("kind in ('merged', 'split', 'different')"),
    )
