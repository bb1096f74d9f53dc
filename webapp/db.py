"""The database: engine, session, and the base class of every table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from psycopg import Connection
from sqlalchemy import DateTime, Engine, MetaData, SmallInteger, create_engine
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

SEARCH_PATH = "public,ext,jobs"
"""Our tables live in ``public``, PostGIS and other extensions in ``ext``, the job queue in ``jobs``."""

CityId = Annotated[int, mapped_column(SmallInteger, primary_key=True)]
"""First column of every key, so that the tables can be sharded by city."""


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: TEXT}  # noqa: RUF012


def make_engine(url: str, *, pool_size: int = 10, statement_timeout_s: int = 0) -> Engine:
    """Return an engine for ``url`` (``postgresql://…``), using psycopg 3.

    ``?pgbouncer=1`` in the URL says that a transaction pooler sits between: then no statement is prepared on
    the server, and the search path must be set on the role or the database.

    Parameters
    ----------
    statement_timeout_s
        The server ends a statement that takes longer; 0: none, and several processes may work at one. Behind
        a pooler, set it on the role.
    """
    pooled = "pgbouncer=1" in url
    options = {
        "search_path": SEARCH_PATH,
        "timezone": "UTC",
        "statement_timeout": f"{statement_timeout_s}s",
        # Compiling a plan costs more than any of our statements.
        "jit": "off",
    }
    if statement_timeout_s:
        # Who must answer soon asks little: to start workers for it takes longer (20 ms) than the answer.
        options["max_parallel_workers_per_gather"] = "0"
    arguments: dict[str, Any] = {"options": " ".join(f"-c {name}={value}" for name, value in options.items())}
    if pooled:
        url = url.replace("&pgbouncer=1", "").replace("?pgbouncer=1", "")
        arguments = {"prepare_threshold": None}
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        pool_pre_ping=True,
        # An error that quoted what was being stored would carry a reporter's contact into the log.
        hide_parameters=True,
        connect_args=arguments,
    )


def make_session(engine: Engine) -> sessionmaker[Session]:
    """Return the session factory for ``engine``."""
    return sessionmaker(engine, expire_on_commit=False)


@cache
def job_sessions(url: str) -> sessionmaker[Session]:
    """Return the session factory that the jobs of this process share."""
    return make_session(make_engine(url, pool_size=2))


@contextmanager
def session_on(url: str) -> Iterator[Session]:
    """Give a session with an engine of its own, gone in the end: for a command or a benchmark."""
    engine = make_engine(url, pool_size=1)
    try:
        with make_session(engine)() as session:
            yield session
    finally:
        engine.dispose()


def driver(session: Session) -> Connection[Any]:
    """Return psycopg's own connection under ``session``, in its transaction: for pipelines and COPY."""
    session.flush()
    connection: Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection
