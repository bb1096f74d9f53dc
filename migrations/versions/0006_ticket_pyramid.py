"""Counts of open tickets by cell at every zoom, for the tiles; kept by triggers that append changes.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _tables()
    _mercator()
    _changes_of_tickets()
    _changes_of_services()
    op.execute(
        """
        insert into ticket_delta (city_id, x, y, public, change, ticket_id)
        select ticket.city_id, mercator_x(st_x(geom)), mercator_y(st_y(geom)), service.public, 1, ticket.id
          from ticket
          join service on service.city_id = ticket.city_id and service.id = ticket.service_id
         where open and geom is not null
        """
    )


def _tables() -> None:
    op.create_table(
        "ticket_delta",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column(
            "x", sa.Integer(), nullable=False, comment="From 180° W to 180° E in 2^30 parts, Web Mercator"
        ),
        sa.Column(
            "y", sa.Integer(), nullable=False, comment="From the north edge to the south in 2^30 parts"
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False, comment="May anyone see tickets of its service?"),
        sa.Column(
            "change", sa.SmallInteger(), nullable=False, comment="1: an open ticket came; -1: it went away"
        ),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "x", "y", "id", name=op.f("pk_ticket_delta")),
    )
    op.create_table(
        "ticket_pyramid",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("zoom", sa.SmallInteger(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False, comment="Of the tile"),
        sa.Column("y", sa.Integer(), nullable=False, comment="Of the tile"),
        sa.Column(
            "cell", sa.SmallInteger(), nullable=False, comment="Of 32 by 32 in the tile, row by row from 0"
        ),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False, comment="How many are open there"),
        sa.Column(
            "sum_x", sa.BigInteger(), nullable=False, comment="Of their places; over tickets: their centre"
        ),
        sa.Column("sum_y", sa.BigInteger(), nullable=False),
        sa.Column(
            "sum_id", sa.BigInteger(), nullable=False, comment="Of their ids; of a single ticket: its id"
        ),
        sa.PrimaryKeyConstraint(
            "city_id", "zoom", "x", "y", "cell", "public", name=op.f("pk_ticket_pyramid")
        ),
    )
    # Rows are counted up and down: room for that in their page keeps the index out of it.
    op.execute("alter table ticket_pyramid set (fillfactor = 80)")


def _mercator() -> None:
    """Web Mercator in whole numbers. Not `strict`: such a function would not be inlined."""
    op.execute(
        """
        create function mercator_x(lon double precision) returns integer
        language sql immutable parallel safe as $$
            select least(greatest(floor((lon + 180) / 360 * 1073741824), 0), 1073741823)::integer
        $$
        """
    )
    op.execute(
        """
        create function mercator_y(lat double precision) returns integer
        language sql immutable parallel safe as $$
            select least(greatest(floor((0.5 - asinh(tand(lat)) / (2 * pi())) * 1073741824), 0), 1073741823)::integer
        $$
        """
    )


def _changes_of_tickets() -> None:
    """By the statement where many rows come at once; by the row where nearly no update matters."""
    for name, event, change in (("opened", "insert", "1"), ("removed", "delete", "-1")):
        op.execute(
            f"""
            create function note_tickets_{name}() returns trigger language plpgsql as $$
            begin
                insert into ticket_delta (city_id, x, y, public, change, ticket_id)
                select given.city_id, mercator_x(st_x(geom)), mercator_y(st_y(geom)), service.public, {change}, given.id
                  from given
                  join service on service.city_id = given.city_id and service.id = given.service_id
                 where open and geom is not null;
                return null;
            end $$
            """  # noqa: S608
        )
        rows = "new" if event == "insert" else "old"
        op.execute(
            f"""
            create trigger tickets_{name} after {event} on ticket referencing {rows} table as given
            for each statement execute function note_tickets_{name}()
            """
        )
    op.execute(
        """
        create function note_ticket_changed() returns trigger language plpgsql as $$
        begin
            insert into ticket_delta (city_id, x, y, public, change, ticket_id)
            select new.city_id, mercator_x(st_x(state.geom)), mercator_y(st_y(state.geom)), service.public, change, new.id
              from (values (old.service_id, old.open, old.geom, -1), (new.service_id, new.open, new.geom, 1))
                   as state (service_id, open, geom, change)
              join service on service.city_id = new.city_id and service.id = state.service_id
             where state.open and state.geom is not null;
            return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger ticket_changed after update on ticket for each row
        when ((old.open, old.service_id) is distinct from (new.open, new.service_id)
              or (new.open and old.geom is distinct from new.geom))
        execute function note_ticket_changed()
        """
    )
    # Bulk loads run as replicas do, to leave out the checks of foreign keys; the counts may not be left out.
    for name in ("tickets_opened", "tickets_removed", "ticket_changed"):
        op.execute(f"alter table ticket enable always trigger {name}")


def _changes_of_services() -> None:
    """A service that turns public or private takes its tickets along; while it does, none is written."""
    op.execute(
        """
        create function note_service_changed() returns trigger language plpgsql as $$
        begin
            lock table ticket in share row exclusive mode;
            insert into ticket_delta (city_id, x, y, public, change, ticket_id)
            select ticket.city_id, mercator_x(st_x(geom)), mercator_y(st_y(geom)), state.public, state.change, ticket.id
              from ticket, (values (old.public, -1), (new.public, 1)) as state (public, change)
             where ticket.city_id = new.city_id and ticket.service_id = new.id and open and geom is not null;
            return null;
        end $$
        """
    )
    op.execute(
        """
        create trigger service_changed after update of public on service for each row
        when (old.public <> new.public) execute function note_service_changed()
        """
    )
    op.execute("alter table service enable always trigger service_changed")
