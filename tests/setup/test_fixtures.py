"""The fixtures keep their promises."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

ADD_CITY = text(
    "insert into city (slug, name, time_zone, languages, metric_srid, snap_radius_m, fallback_points, details, file_sha256)"
    " values ('x', 'X', 'UTC', '{en}', 32619, 50, '[]', '{}', 'x')"
)


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next(session: Session, turn: int) -> None:
    assert session.scalar(text("select count(*) from city")) == 0
    session.execute(ADD_CITY)
    session.commit()
    session.rollback()
    assert session.scalar(text("select count(*) from city")) == 1


def test_a_committed_database_finds_the_functions_of_postgis(committed_database: str) -> None:
    with psycopg.connect(committed_database) as connection:
        assert connection.execute("select st_x(st_point(1, 2))").fetchone() == (1.0,)


def test_the_counter_lists_statements_and_no_savepoints(
    session: Session, sql_counter: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with sql_counter() as statements:
        session.execute(text("select 1"))
        session.commit()
        session.execute(text("select 2"))
    assert statements == ["select 1", "select 2"]


def test_no_test_reaches_another_machine() -> None:
    with pytest.raises(pytest.fail.Exception, match="only this machine"):
        socket.create_connection(("192.0.2.1", 25), timeout=1)
