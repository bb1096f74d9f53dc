"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

from alembic import command

from webapp.cli import schema


def test_models_and_migrations_agree(committed_database: str) -> None:
    assert schema.state(committed_database)["revision"] == schema.state(committed_database)["head"]
    command.check(schema.alembic_settings(committed_database))
