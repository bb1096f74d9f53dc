"""Find open tickets by words of their address and of what reporters wrote, without reading them all.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index(
        "ix_ticket_words",
        "ticket",
        ["address"],
        postgresql_using="gin",
        postgresql_ops={"address": "gin_trgm_ops"},
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_report_words",
        "report",
        ["description"],
        postgresql_using="gin",
        postgresql_ops={"description": "gin_trgm_ops"},
        postgresql_where=sa.text("closed_at is null"),
    )
