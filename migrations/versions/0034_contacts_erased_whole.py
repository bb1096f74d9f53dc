"""Erase contacts with their rows: no need to note when.

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.drop_column("contact", "erased_at")
