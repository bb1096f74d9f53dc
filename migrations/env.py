"""How Alembic sees the database: all rooms' tables, PostGIS columns through GeoAlchemy2's helpers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text

from webapp.config import CHECKOUT, settings
from webapp.db import Base, make_engine

MIGRATION_LOCK = 311_000
"""Advisory lock that lets one process at a time migrate a database."""


def import_models() -> None:
    """Import every room's ``models`` and ``…_models``, so that ``Base.metadata`` knows all tables."""
    # Looked for as files: to look for modules would import every room, and with some of them all of the web.
    for models in [*CHECKOUT.glob("layers/models.py"), *sorted(CHECKOUT.glob("webapp/*/*models.py"))]:
        import_module(".".join(models.relative_to(CHECKOUT).with_suffix("").parts))


def configure(**how: Any) -> None:
    """Set Alembic up; the same whether it runs SQL or only prints it."""
    context.configure(
        target_metadata=Base.metadata,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        **how,
    )
    with context.begin_transaction():
        context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run the migrations on ``connection``, after any other process that does the same."""
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    # Whatever is on the search path counts as ours; the job queue's tables are not.
    connection.execute(text("SET search_path TO public, ext"))
    connection.commit()
    try:
        configure(connection=connection)
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()


import_models()
url: str = context.config.attributes.get("url") or settings().database

if context.is_offline_mode():
    configure(url=url.replace("postgresql://", "postgresql+psycopg://", 1), literal_binds=True)
else:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            migrate(connection)
    finally:
        engine.dispose()
