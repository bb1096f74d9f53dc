"""Count what has not arrived at another system without reading what has.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index(
        "ix_webhook_delivery_on_its_way",
        "webhook_delivery",
        ["city_id", "webhook_id"],
        postgresql_where=sa.text("delivered_at is null"),
    )
    op.create_index(
        "ix_back_office_order_sent_at", "back_office_order", ["city_id", "back_office_id", "sent_at"]
    )
