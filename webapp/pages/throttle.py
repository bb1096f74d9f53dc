"""Rate limits, counted in PostgreSQL so that all web processes and nodes share one count."""

from __future__ import annotations

import hashlib
import random
import time
from contextlib import AbstractContextManager
from typing import Any, cast

from flask import Blueprint, Flask, current_app
from flask.blueprints import BlueprintSetupState
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

blueprint = Blueprint("throttle", __name__)

_COUNT = text("""
    INSERT INTO throttle AS t (key_sha256, count, expires_at)
    VALUES (:key, :amount, now() + make_interval(secs => :expiry))
    ON CONFLICT (key_sha256) DO UPDATE SET
        count = CASE WHEN t.expires_at > now() THEN t.count ELSE 0 END + excluded.count,
        expires_at = CASE WHEN t.expires_at > now() THEN t.expires_at ELSE excluded.expires_at END
    RETURNING count
""")
_SWEEP_SHARE = 0.01
"""Share of the counts that also sweep expired rows out."""


class PostgresStorage(Storage):
    """Where Flask-Limiter keeps its counts: the table ``throttle`` of the application's own database.

    Who did what is kept only as a salted digest: the table says nothing about anybody's address.
    """

    STORAGE_SCHEME = ["pinward"]  # noqa: RUF012  (the library's own way of naming a storage)

    @property
    def base_exceptions(self) -> type[Exception]:
        """The errors that mean the storage is out of reach."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to the count of ``key``, which starts anew ``expiry`` seconds after its first use."""
        with self._connection() as connection:
            if random.random() < _SWEEP_SHARE:  # noqa: S311  (chooses a moment, protects nothing)
                connection.execute(text("DELETE FROM throttle WHERE expires_at < now()"))
            values = {"key": self._digest(key), "amount": amount, "expiry": expiry}
            return int(connection.scalar(_COUNT, values) or 0)

    def get(self, key: str) -> int:
        """Return the count of ``key``."""
        return int(self._read("count", key) or 0)

    def get_expiry(self, key: str) -> float:
        """Return when the count of ``key`` starts anew, in seconds since 1970."""
        return float(self._read("extract(epoch FROM expires_at)", key) or time.time())

    def check(self) -> bool:
        """Say whether the database answers."""
        with self._connection() as connection:
            return connection.scalar(text("SELECT 1")) == 1

    def reset(self) -> int:
        """Forget every count."""
        with self._connection() as connection:
            return connection.execute(text("DELETE FROM throttle")).rowcount

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._connection() as connection:
            connection.execute(
                text("DELETE FROM throttle WHERE key_sha256 = :key"), {"key": self._digest(key)}
            )

    def _read(self, column: str, key: str) -> Any:
        statement = text(f"SELECT {column} FROM throttle WHERE key_sha256 = :key AND expires_at > now()")  # noqa: S608
        with self._connection() as connection:
            return connection.scalar(statement, {"key": self._digest(key)})

    @staticmethod
    def _connection() -> AbstractContextManager[Connection]:
        # A transaction of its own: the count stands also when the request's work is rolled back.
        engine: Engine = current_app.extensions["engine"]
        return engine.begin()

    @staticmethod
    def _digest(key: str) -> str:
        return hashlib.sha256(f"{current_app.secret_key!r}{key}".encode()).hexdigest()


limiter = Limiter(
    key_func=get_remote_address,
    storage_uri="pinward://",
    swallow_errors=True,  # without the counts, people are let in rather than shut out
)


@blueprint.record_once
def start(state: BlueprintSetupState) -> None:
    """Hang the limiter into the application."""
    limiter.init_app(cast("Flask", state.app))
