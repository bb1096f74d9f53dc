"""A ticket that is reopened goes to its back office again, as an order of its own.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column(
        "back_office_order",
        sa.Column(
            "again",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How often it was reopened",
        ),
    )
    op.drop_constraint("uq_back_office_order_city_id_back_office_id_report_id", "back_office_order")
    op.create_unique_constraint(
        op.f("uq_back_office_order_city_id_back_office_id_report_id_again"),
        "back_office_order",
        ["city_id", "back_office_id", "report_id", "again"],
    )
