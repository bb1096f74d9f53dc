"""Find the open tickets of a square of the map without reading their rows.

Tiles need five columns of many tickets at once. Their rows lie all over the table: from an index that has
these columns, in the order of the map, they are read five times as fast.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute(
        """
        create index ix_ticket_square on ticket
               (city_id, (mercator_x(st_x(geom)) >> 14), (mercator_y(st_y(geom)) >> 14))
               include (id, geom, service_id, status) where open
        """
    )
