"""Views that staff keep.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column(
            "query", postgresql.JSONB(), nullable=False, comment="The parameters of the list's address"
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_saved_view_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("city_id", "staff_id", "name", name=op.f("uq_saved_view_city_id_staff_id_name")),
    )
