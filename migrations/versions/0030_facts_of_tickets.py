"""The facts of tickets, from which pages of figures are counted.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "fact_state",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "refreshed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="All that was committed before is in them",
        ),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            nullable=False,
            comment="Below it every entry of the timeline was counted",
        ),
        sa.Column("layers", postgresql.ARRAY(sa.TEXT()), nullable=False, comment="Of the zones in them"),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_fact_state_city_id")),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_fact_state")),
    )
    op.create_table(
        "fact_chunk",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False, comment="Ticket id / 65536"),
        sa.Column(
            "version",
            sa.UUID(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="Another one whenever the content changes",
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_fact_chunk_city_id")),
        sa.PrimaryKeyConstraint("city_id", "chunk", name=op.f("pk_fact_chunk")),
    )
    # It is packed already.
    op.execute("alter table fact_chunk alter column content set storage external")
