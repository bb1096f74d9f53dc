"""How many people live in a zone, where its file knows.

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column(
        "zone",
        sa.Column("residents", sa.Integer(), nullable=True, comment="How many live there; none: not known"),
    )
