"""Find reports and tickets by where they are, closed ones too, and what happened lately without all imports.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_index("ix_report_geom", "report", ["geom"], postgresql_using="gist")
    op.create_index("ix_ticket_anywhere", "ticket", ["geom"], postgresql_using="gist")
    op.create_index(
        "ix_timeline_live",
        "timeline",
        ["city_id", "at", "id"],
        postgresql_where=sa.text("actor <> 'import'"),
    )
