"""What a request asks of the database: the statements as sent, the time each took, and their plans."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, event

READ_WHOLE = frozenset({"ticket", "report"})
"""Tables of which a page may never read every row."""
_OF_TRANSACTIONS = (";", "savepoint", "release", "rollback", "begin", "commit", "set ", "show ")


@dataclass(frozen=True)
class Statement:
    """One statement that was sent."""

    sql: str
    parameters: Any
    seconds: float


@dataclass
class Asked:
    """The statements of one request, in order."""

    statements: list[Statement] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """How long the database took for all of them, in milliseconds, with the way there and back."""
        return 1000 * sum(each.seconds for each in self.statements)


class _Listening(psycopg.Cursor[Any]):
    """A cursor that notes what it sends, also where it is used without SQLAlchemy."""

    notes: Asked | None = None

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        begin = time.perf_counter()
        answer = super().execute(query, params, **more)
        words = query if isinstance(query, str) else str(query)
        if _Listening.notes is not None and not words.lower().startswith(_OF_TRANSACTIONS):
            _Listening.notes.statements.append(Statement(words, params, time.perf_counter() - begin))
        return answer


def listen(engine: Engine) -> None:
    """Note from now on what connections of an engine send; only in the process of a benchmark."""

    @event.listens_for(engine, "connect")
    def use(connection: Any, _record: Any) -> None:
        connection.cursor_factory = _Listening


@contextmanager
def noted() -> Iterator[Asked]:
    """Give what is asked inside."""
    _Listening.notes = asked = Asked()
    try:
        yield asked
    finally:
        _Listening.notes = None


def read_whole(connection: psycopg.Connection[Any], asked: Asked) -> list[str]:
    """Return the tables among `READ_WHOLE` that a plan of the statements scans from end to end."""
    scanned: set[str] = set()
    for each in asked.statements:
        if each.sql.lstrip().lower().startswith(("select", "with", "update", "insert", "delete")):
            with connection.transaction(force_rollback=True):
                row = connection.execute(f"explain (format json) {each.sql}", each.parameters).fetchone()  # type: ignore[arg-type]
            plan = row[0] if row else []
            scanned |= _scanned((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    return sorted(scanned & READ_WHOLE)


def _scanned(node: dict[str, Any]) -> set[str]:
    mine = {node["Relation Name"]} if node["Node Type"] == "Seq Scan" else set()
    return mine.union(*(_scanned(inner) for inner in node.get("Plans", ())))
