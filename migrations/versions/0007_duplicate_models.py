"""What a city's matching has learned, and which model is in use.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "duplicate_model",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "staff_id", sa.BigInteger(), nullable=True, comment="Who asked for it; none: the nightly job"
        ),
        sa.Column("model", sa.TEXT(), nullable=False, comment="The model, as its file would be (TOML)"),
        sa.Column(
            "answers",
            postgresql.JSONB(),
            nullable=False,
            comment="How many answers of each kind it was fitted on, from when to when",
        ),
        sa.Column(
            "held_back",
            postgresql.JSONB(),
            nullable=False,
            comment="What it and the one in use then made of the latest answers, fitted without them",
        ),
        sa.Column("refused", sa.TEXT(), nullable=True, comment="Why it was not taken into use at once"),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_duplicate_model_city_id")),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_duplicate_model_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_duplicate_model")),
    )
    op.create_table(
        "duplicate_choice",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True, comment="Who chose; none: the refit itself"),
        sa.Column(
            "model_id", sa.BigInteger(), nullable=True, comment="None: the one that comes with Pinward"
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "model_id"],
            ["duplicate_model.city_id", "duplicate_model.id"],
            name=op.f("fk_duplicate_choice_city_id_model_id"),
        ),
        sa.ForeignKeyConstraint(
            ["city_id", "staff_id"],
            ["staff.city_id", "staff.id"],
            name=op.f("fk_duplicate_choice_city_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_duplicate_choice")),
    )
    op.add_column(
        "city",
        sa.Column(
            "duplicate_model_id",
            sa.BigInteger(),
            nullable=True,
            comment="The model that matches its reports; none: the one that comes with Pinward",
        ),
    )
