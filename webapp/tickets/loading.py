"""Writes reports, tickets and timeline by the batch, with COPY. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from psycopg import Connection, sql

from webapp.db import Base
from webapp.tickets.binary import encode


def reserve_ids(connection: Connection[Any], table: LiteralString, count: int) -> NDArray[np.int64]:
    """Return ``count`` ascending ids of a table that nobody else will get."""
    found = connection.execute(
        # The name is looked up once, not for each id.
        "with ids as materialized (select pg_get_serial_sequence(%s, 'id')::regclass as of_table)"
        " select coalesce(array_agg(nextval(of_table)), '{}') from ids, generate_series(1, %s)",
        [table, count],
    ).fetchone()
    return np.array(found[0] if found else [], np.int64)


def trust_keys(connection: Connection[Any]) -> bool:
    """Leave out the checks of foreign keys until the transaction ends, where our role may; return whether.

    They take half of the time, and find nothing: the rows copied name each other, and rows of the catalog
    that are never deleted. On a server whose role may not, every key is checked. A trigger that must see what
    is copied has to be one that is enabled always.
    """
    found = connection.execute(
        "select set_config('session_replication_role', 'replica', true)"
        " where has_parameter_privilege('session_replication_role', 'set')"
    )
    return found.fetchone() is not None


def copy(connection: Connection[Any], model: type[Base], rows: pa.Table) -> None:
    """Copy rows into a model's table by the names of their columns."""
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(
        sql.Identifier(model.__tablename__), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for piece in encode(model, rows):
            stream.write(piece)


def settle_words(connection: Connection[Any]) -> None:
    """Bring the words copied into their indexes, or who looks for one before the next vacuum reads them all.

    Where the indexes are another role's, they are left to the vacuum. Commits.
    """
    connection.execute(
        "select gin_clean_pending_list(oid) from pg_class"
        " where oid = any('{ix_ticket_words,ix_report_words}'::regclass[])"
        " and pg_has_role(relowner, 'usage')"
    )
    connection.commit()


def join_later(connection: Connection[Any], joined: Sequence[dict[str, Any]]) -> None:
    """Bring tickets up to date that reports of a later batch join.

    Parameters
    ----------
    joined
        ``city_id``, ``ticket_id``, and ``requested_at``, ``due_at`` and ``closed_at`` of the report, in the
        order of time.
    """
    with connection.cursor() as cursor:
        cursor.executemany(_JOIN_LATER, joined)


# What `webapp.tickets.records.join_ticket` does at the time, done afterwards: a ticket that was closed when
# the report was made was opened again; it is closed once all of its reports are.
_JOIN_LATER: LiteralString = """
    with seen as (
        select city_id, id, status, closed_at, crew_id,
               coalesce(closed_at <= %(requested_at)s, false) as was_closed,
               case when closed_at is not null and %(closed_at)s::timestamptz is not null
                    then greatest(closed_at, %(closed_at)s) end as closes_at
          from ticket where city_id = %(city_id)s::smallint and id = %(ticket_id)s::bigint
           for update
    ), changed as (
        update ticket
           set report_count = report_count + 1,
               opened_at = least(opened_at, %(requested_at)s),
               latest_at = greatest(latest_at, %(requested_at)s),
               due_at = case when was_closed then %(due_at)s else least(due_at, %(due_at)s) end,
               closed_at = closes_at,
               status = case when closes_at is not null or seen.closed_at is null then ticket.status
                             when was_closed then 'reopened'
                             when ticket.crew_id is not null then 'assigned'
                             else 'new' end
          from seen
         where ticket.city_id = seen.city_id and ticket.id = seen.id
     returning ticket.city_id, ticket.id, ticket.status, closes_at, seen.closed_at as closed_before
    )
    insert into timeline (city_id, ticket_id, at, kind, actor)
    select city_id, id, closes_at, status, 'import' from changed where closes_at > closed_before"""
