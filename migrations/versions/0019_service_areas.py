"""Service areas drawn by people, rules by time of day, re-assignments; targets by district and season.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

NOW = sa.text("now()")
NONE = sa.text("0")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "rule",
        sa.Column("hours", sa.TEXT(), nullable=True, comment="When it was reported, by the city's clock"),
    )
    op.alter_column(
        "service",
        "targets",
        existing_type=postgresql.JSONB(),
        existing_nullable=False,
        server_default=sa.text("'[]'"),
        comment="[{hours of the same clock, priority, districts, season}, …] for which another target holds",
    )
    op.execute(
        """
        update service set targets = coalesce(
            (select jsonb_agg(jsonb_build_object('priority', key, 'hours', value)) from jsonb_each(targets)), '[]')
         where jsonb_typeof(targets) = 'object'
        """
    )
    _publication()
    _area_draft()
    _reassignment()
    _reassigned_ticket()


def _publication() -> None:
    op.create_table(
        "publication",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", TIME, server_default=NOW, nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True, comment="Nobody: the city file"),
        sa.Column("layer_id", sa.SmallInteger(), nullable=True, comment="The layer of the service areas"),
        sa.Column("edition_id", sa.Integer(), nullable=True, comment="Of that layer, in use from then on"),
        sa.Column(
            "rules",
            postgresql.JSONB(),
            nullable=False,
            comment="All [[rules]] from then on, as in a city file",
        ),
        sa.Column(
            "file_sha256",
            sa.TEXT(),
            nullable=False,
            comment="Of the rules in the city file at that time",
        ),
        sa.CheckConstraint(
            "(layer_id is null) = (edition_id is null)", name=op.f("ck_publication_edition_of_layer")
        ),
        _refers("publication", "staff_id", "staff"),
        _refers("publication", "edition_id", "edition"),
        _refers("publication", "layer_id", "layer"),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_publication")),
    )


def _area_draft() -> None:
    op.create_table(
        "area_draft",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("layer_id", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False, comment="From 1"),
        sa.Column("at", TIME, server_default=NOW, nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "did",
            sa.TEXT(),
            nullable=False,
            comment="begun, redrawn, added, given, renamed, removed, mended, …",
        ),
        sa.Column("edition_id", sa.Integer(), nullable=False, comment="The edition in use when it was begun"),
        sa.Column(
            "publication_id",
            sa.BigInteger(),
            nullable=True,
            comment="The publication in force when its rules were first touched",
        ),
        sa.Column(
            "areas",
            postgresql.JSONB(),
            nullable=False,
            comment="[{id, name, class, coordinates of a MultiPolygon in EPSG:4326}, …]",
        ),
        sa.Column("rules", postgresql.JSONB(), nullable=True, comment="All [[rules]]; null: as in force"),
        _refers("area_draft", "layer_id", "layer"),
        _refers("area_draft", "edition_id", "edition"),
        _refers("area_draft", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("city_id", "layer_id", "step", name=op.f("pk_area_draft")),
    )


def _reassignment() -> None:
    op.create_table(
        "reassignment",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("publication_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True, comment="Nobody: the city file retired a crew"),
        sa.Column("asked_at", TIME, server_default=NOW, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column(
            "after_ticket",
            sa.BigInteger(),
            server_default=NONE,
            nullable=False,
            comment="Done up to this one",
        ),
        sa.Column(
            "tickets", sa.Integer(), server_default=NONE, nullable=False, comment="Open ones looked at"
        ),
        sa.Column("changed", sa.Integer(), server_default=NONE, nullable=False),
        sa.Column(
            "by_hand",
            sa.Integer(),
            server_default=NONE,
            nullable=False,
            comment="Left alone: a person gave them where they are",
        ),
        sa.Column(
            "begun",
            sa.Integer(),
            server_default=NONE,
            nullable=False,
            comment="Left alone: their work is planned or has begun",
        ),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("restored", sa.Integer(), nullable=True, comment="By the undoing"),
        sa.Column(
            "moved_since",
            sa.Integer(),
            nullable=True,
            comment="Not restored: somebody has moved them since",
        ),
        _refers("reassignment", "publication_id", "publication"),
        _refers("reassignment", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("city_id", "id", name=op.f("pk_reassignment")),
    )
    op.create_index(
        "ix_reassignment_waiting",
        "reassignment",
        ["city_id", "starts_at"],
        postgresql_where=sa.text("finished_at is null"),
    )


def _reassigned_ticket() -> None:
    op.create_table(
        "reassigned_ticket",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("reassignment_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="Of the ticket, right after"),
        sa.Column(
            "was", postgresql.JSONB(), nullable=False, comment="The columns that changed, as they were"
        ),
        sa.Column(
            "now", postgresql.JSONB(), nullable=False, comment="Crew, department and owner, right after"
        ),
        sa.Column(
            "restored",
            sa.Boolean(),
            nullable=True,
            comment="By an undoing; false: somebody moved it since",
        ),
        _refers("reassigned_ticket", "reassignment_id", "reassignment"),
        _refers("reassigned_ticket", "ticket_id", "ticket"),
        sa.PrimaryKeyConstraint("city_id", "reassignment_id", "ticket_id", name=op.f("pk_reassigned_ticket")),
    )
    op.create_index("ix_reassigned_ticket_ticket", "reassigned_ticket", ["city_id", "ticket_id"])


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["city_id", column], [f"{other}.city_id", f"{other}.id"], name=op.f(f"fk_{table}_city_id_{column}")
    )
