"""Compare places by their bytes in the trigger of the counts.

A dump is restored with an empty search path, and there is no ``=`` of geometries without one: the trigger
could not be made again, and with it no backup was any use.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("drop trigger ticket_changed on ticket")
    op.execute(
        """
        create trigger ticket_changed after update on ticket for each row
        when ((old.open, old.service_id) is distinct from (new.open, new.service_id)
              or (new.open and old.geom::bytea is distinct from new.geom::bytea))
        execute function note_ticket_changed()
        """
    )
    op.execute("alter table ticket enable always trigger ticket_changed")
