"""Find urgent tickets of departments, and the open tickets due first, without reading them all.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.drop_index("ix_ticket_urgent", "ticket")
    op.create_index(
        "ix_ticket_urgent",
        "ticket",
        ["city_id", "crew_id", "id"],
        postgresql_include=["department_id", "district"],
        postgresql_where=sa.text("open and priority >= 2"),
    )
    op.create_index("ix_ticket_due", "ticket", ["city_id", "due_at", "id"], postgresql_where=sa.text("open"))
