"""The database: engine, session, and the base class of every table."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from psycopg import Connection
from sqlalchemy import DateTime, Engine, MetaData, SmallInteger, create_engine, event
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

SEARCH_PATH = "public,ext,jobs"
"""Our tables live in ``public``, PostGIS and other extensions in ``ext``, the job queue in ``jobs``."""
IDLE_S = 1.0
"""A connection used that lately is taken for alive: it would as well break a moment later, in the midst."""

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
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        # An error that quoted what was being stored would carry a reporter's contact into the log.
        hide_parameters=True,
        connect_args=arguments,
    )
    _ping_the_idle(engine)
    return engine


def _ping_the_idle(engine: Engine) -> None:
    """Before a connection is used again, see whether it still is one, if it has been idle for a while.

    SQLAlchemy's own ``pool_pre_ping`` asks each time: a round trip more for each request, however busy.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", math.inf) <= IDLE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # Makes the pool connect anew.
            raise DisconnectionError from error


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
