"""Finds the tickets that a report may repeat without reading those of other services near by.

A tree of all services' points had to look at every ticket of a dense street. Instead: a B-tree by service, strip of
the map (zoom 18, some 100 m wide) and place in it. It is also cheaper to write. The first report of a ticket
is now the first entry that an index finds.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute(
        """
        create index ix_ticket_nearby on ticket (
            city_id, service_id, (mercator_x(st_x(geom)) >> 12), mercator_y(st_y(geom)), mercator_x(st_x(geom))
        ) where matchable
        """
    )
    op.execute("drop index ix_ticket_matchable")
    op.execute("drop index ix_report_ticket")
    op.create_index("ix_report_ticket", "report", ["city_id", "ticket_id", "id"])
