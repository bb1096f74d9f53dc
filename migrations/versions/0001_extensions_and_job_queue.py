"""Extensions in schema ``ext``, the job queue's own tables in schema ``jobs``.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None

EXTENSIONS = ("postgis", "pg_trgm", "unaccent", "btree_gist")


def upgrade() -> None:
    op.execute("create schema if not exists ext")
    for name in EXTENSIONS:
        op.execute(f"create extension if not exists {name} schema ext")
    op.execute("create schema if not exists jobs")
    op.execute("set local search_path to jobs, public, ext")
    # A plain driver call: the queue's own script holds colons and percent signs.
    connection = op.get_bind().connection.driver_connection
    connection.execute(SchemaManager.get_schema())
    op.execute("set local search_path to public, ext, jobs")
    op.execute(
        "do $$ begin execute format('alter database %I set search_path to public, ext, jobs', current_database()); end $$"
    )
