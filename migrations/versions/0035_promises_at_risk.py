"""Finds the promises at risk that are not over yet, for the board of supervisors.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_index(
        "ix_escalation_at_risk",
        "escalation",
        ["city_id", "due_at"],
        postgresql_where=sa.text("step = 'at_risk'"),
    )
