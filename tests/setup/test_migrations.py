"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

from alembic import command
from alembic.script import ScriptDirectory

from webapp.cli import schema


def test_models_and_migrations_agree(committed_database: str) -> None:
    assert schema.state(committed_database)["revision"] == schema.state(committed_database)["head"]
    command.check(schema.alembic_settings(committed_database))


def test_the_newest_migration_is_known_by_its_name() -> None:
    newest = ScriptDirectory.from_config(schema.alembic_settings("postgresql://")).get_current_head()
    assert schema.state("postgresql://nobody.invalid/none")["head"] == newest
