"""Mail staff by notices, as everybody: drop the table that was to be for them alone. Nothing was in it yet.

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.drop_table("staff_mail")
