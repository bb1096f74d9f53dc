"""Keeps with a ticket the keys of its address and of its words, which the matching compares.

To work them out of the texts of all the tickets near by took a new report longer than anything else. Tickets
that are there already have none: of them the texts are read, as before.

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column(
        "ticket",
        sa.Column(
            "match_keys",
            ARRAY(sa.BigInteger),
            comment="Keys of its address and of the words of the report that opened it; "
            "none: they are to be worked out of the texts",
        ),
    )
