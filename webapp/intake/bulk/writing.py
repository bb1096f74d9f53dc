"""Writes the batches of a load, each while the next one is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from psycopg import Connection, errors

from webapp.intake.bulk.columns import MapError
from webapp.intake.bulk.load import Batch, BulkLoad, Figures
from webapp.tickets import loading
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.tracking import new_numbers

_LOADING = 0x50494E  # "PIN": the first half of the advisory lock that a load holds; the city is the second.
_UNIQUE_NUMBER = "uq_report_city_id_tracking_number"


def decide_and_store(bulk: BulkLoad, store: Callable[[Batch], None]) -> Iterator[Figures]:
    """Decide batch after batch; ``store`` puts away the one before meanwhile, in a thread of its own.

    Yields
    ------
    Figures
        What the load has come to, each time a batch is decided.
    """
    pending: Future[None] | None = None
    with ThreadPoolExecutor(1) as pool:
        for batch in bulk.batches():
            if pending is not None:
                pending.result()
            pending = pool.submit(store, batch)
            yield bulk.figures
        if pending is not None:
            pending.result()
    yield bulk.figures


def write(connection: Connection[Any], batch: Batch) -> None:
    """Write a batch. The caller commits."""
    loading.trust_keys(connection)
    loading.copy(connection, Ticket, batch.tickets)
    reports = batch.reports
    while True:
        try:
            with connection.transaction():
                loading.copy(connection, Report, reports)
            break
        except errors.UniqueViolation as error:
            if error.diag.constraint_name != _UNIQUE_NUMBER:
                raise
            # By chance, a number was taken already.
            column = reports.column_names.index("tracking_number")
            fresh = pa.array(new_numbers(len(reports)).tolist())
            reports = reports.set_column(column, "tracking_number", fresh)
    loading.join_later(connection, batch.joined_later)
    loading.copy(connection, TimelineEntry, batch.timeline)


@contextmanager
def alone(connection: Connection[Any], city_id: int) -> Iterator[None]:
    """Keep other loads of the city away.

    Raises
    ------
    MapError
        Where another one is running.
    """
    lock = [_LOADING, city_id]
    if connection.execute("select pg_try_advisory_lock(%s, %s)", lock).fetchone() != (True,):
        raise MapError("Another load of this city is running. Wait until it is done.")
    try:
        yield
    finally:
        connection.rollback()
        connection.execute("select pg_advisory_unlock(%s, %s)", lock)
