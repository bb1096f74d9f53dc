"""Count the calls of a key in several rows, so that calls at one time do not wait for each other.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column(
        "api_key_use",
        sa.Column(
            "line",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="The server process modulo 32",
        ),
    )
    op.drop_constraint("pk_api_key_use", "api_key_use")
    op.create_primary_key("pk_api_key_use", "api_key_use", ["city_id", "api_key_id", "day", "line"])
