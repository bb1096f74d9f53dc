"""The outbox's cursor knows the cluster whose transactions it counts.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "outbox_cursor",
        sa.Column(
            "cluster",
            sa.TEXT(),
            nullable=True,
            comment="System identifier of the cluster whose transactions these are",
        ),
    )
    op.add_column(
        "outbox_cursor",
        sa.Column(
            "floor_id",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Entries up to this one were read in a cluster before",
        ),
    )
