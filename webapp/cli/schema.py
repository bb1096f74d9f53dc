"""The schema of a database: where it stands, and bringing it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from webapp.cli.console import Failure
from webapp.config import CHECKOUT

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

MIGRATIONS = CHECKOUT / "migrations" / "versions"

# Alembic is imported where it is used: `pinward database url` need not wait half a second for it.


def state(url: str) -> dict[str, Any]:
    """Return whether the database at ``url`` answers, its versions, and its migration beside the newest one.

    Returns
    -------
    dict
        ``running``, ``postgresql``, ``postgis``, ``revision``, ``head``; the middle three may be None.
    """
    answer: dict[str, Any] = {
        "running": False,
        "postgresql": None,
        "postgis": None,
        "revision": None,
        # By the names of the files: to ask Alembic would import it and every migration, at each start.
        "head": max(path.stem.split("_")[0] for path in MIGRATIONS.glob("[0-9]*.py")),
    }
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            answer["running"] = True
            answer["postgresql"] = _value(connection, "SHOW server_version")
            answer["postgis"] = _value(
                connection, "SELECT extversion FROM pg_extension WHERE extname = 'postgis'"
            )
            if _value(connection, "SELECT to_regclass('public.alembic_version')"):
                answer["revision"] = _value(connection, "SELECT version_num FROM public.alembic_version")
    except psycopg.OperationalError:
        pass
    return answer


def upgrade(url: str) -> None:
    """Run every migration the database at ``url`` lacks.

    Raises
    ------
    Failure
        When the server does not answer, lacks an extension, or does not let this role do what is needed.
    """
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    try:
        command.upgrade(alembic_settings(url), "head")
    except DBAPIError as error:
        raise _explained(error) from error


def alembic_settings(url: str) -> Config:
    """Return what Alembic's commands need to work on the database at ``url``."""
    from alembic.config import Config

    return Config(toml_file=CHECKOUT / "pyproject.toml", attributes={"url": url})


def _value(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def _explained(error: DBAPIError) -> Failure:
    cause = str(error.orig).splitlines()[0]
    match error.orig:
        case psycopg.errors.InsufficientPrivilege() if "extension" in cause:
            name = cause.split('"')[1]
            return Failure(
                f"This role may not create the extension {name}.",
                "Ask an administrator of the server to run, in this database: "
                f"CREATE SCHEMA IF NOT EXISTS ext; CREATE EXTENSION {name} SCHEMA ext;",
            )
        case psycopg.errors.InsufficientPrivilege():
            return Failure(
                f"The database refused: {cause}.",
                "Make the role of DATABASE_URL the owner of the database: ALTER DATABASE … OWNER TO …;",
            )
        case psycopg.errors.FeatureNotSupported() if "extension" in cause:
            name = cause.split('"')[1]
            return Failure(
                f"The PostgreSQL server has no extension {name}: {cause}.",
                "Install it on the server (Debian, Ubuntu: postgresql-NN-postgis-3 and postgresql-contrib).",
            )
        case psycopg.OperationalError():
            return Failure(
                f"The database does not answer: {cause}.",
                "Start the private cluster with 'pinward database start', or check DATABASE_URL.",
            )
    return Failure(f"A migration failed, and nothing was changed: {cause}.", "Report it with this message.")
