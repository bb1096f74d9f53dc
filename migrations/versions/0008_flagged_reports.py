"""An index of the reports that staff will compare.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        "ix_report_flagged",
        "report",
        ["city_id", "id"],
        postgresql_where=sa.text("duplicate_decision = 'flagged'"),
    )
