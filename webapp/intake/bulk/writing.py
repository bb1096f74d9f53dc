"""Writes the batches of a load, two at a time, while the next one is decided."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pyarrow as pa
from psycopg import Connection, errors
from sqlalchemy.orm import Session

from geo.garbage import uncollected
from webapp.db import driver
from webapp.intake.bulk.columns import MapError
from webapp.intake.bulk.load import IN_FLIGHT, Batch, BulkLoad, Figures
from webapp.tickets import loading
from webapp.tickets.models import Report, Ticket, TimelineEntry
from webapp.tickets.tracking import new_numbers

_LOADING = 0x50494E  # "PIN": the first half of the advisory lock that a load holds; the city is the second.
_UNIQUE_NUMBER = "uq_report_city_id_tracking_number"
_WAIT_FOR_A_NUMBER = "3s"
_WORDS_AT_ONCE = "64MB"
"""The indexes of words take in so many at once: sorted, many go to one page."""


def decide_and_store(bulk: BulkLoad, writers: Sequence[Connection[Any]]) -> Iterator[Figures]:
    """Decide batch after batch; those before are written meanwhile, and committed in their order.

    Parameters
    ----------
    writers
        At most `IN_FLIGHT` connections. Each writes a batch of its own at a time.

    Yields
    ------
    Figures
        What the load has come to, each time a batch is decided.
    """
    pending: deque[Future[None]] = deque()
    with uncollected(), ThreadPoolExecutor(len(writers)) as pool:
        for number, batch in enumerate(bulk.batches()):
            if len(pending) == len(writers):
                pending.popleft().result()
            before = pending[-1] if pending else None
            pending.append(pool.submit(_store, writers[number % len(writers)], batch, before))
            yield bulk.figures
        for last in pending:
            last.result()
    loading.settle_words(writers[0])
    yield bulk.figures


def _store(connection: Connection[Any], batch: Batch, before: Future[None] | None) -> None:
    write(connection, batch, before)
    connection.commit()


def write(connection: Connection[Any], batch: Batch, before: Future[None] | None = None) -> None:
    """Write a batch. The caller commits.

    Parameters
    ----------
    before
        The batch before, while it is written with another connection: its tickets are joined, and where keys
        are checked referred to, only once it is done. If it fails, so does this one.
    """
    connection.execute(f"set local gin_pending_list_limit = '{_WORDS_AT_ONCE}'")
    if not loading.trust_keys(connection) and before is not None:
        before.result()
    loading.copy(connection, Ticket, batch.tickets)
    _copy_reports(connection, batch.reports)
    for entries in batch.timeline:
        loading.copy(connection, TimelineEntry, entries)
    if before is not None:
        before.result()
    loading.join_later(connection, batch.joined_later)


def _copy_reports(connection: Connection[Any], reports: pa.Table) -> None:
    """Copy reports, with other numbers where by chance one was taken already."""
    while True:
        try:
            with connection.transaction():
                # The batch after this one may be about to take it, and wait for us.
                connection.execute(f"set local lock_timeout = '{_WAIT_FOR_A_NUMBER}'")
                loading.copy(connection, Report, reports)
                connection.execute("set local lock_timeout = default")
            return
        except (errors.UniqueViolation, errors.LockNotAvailable) as error:
            if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name != _UNIQUE_NUMBER:
                raise
            column = reports.column_names.index("tracking_number")
            fresh = pa.array(new_numbers(len(reports)).tolist())
            reports = reports.set_column(column, "tracking_number", fresh)


@contextmanager
def writers(session: Session) -> Iterator[list[Connection[Any]]]:
    """Give connections for `decide_and_store`, to write with while ``session`` reads on."""
    with ExitStack() as open_ones:
        yield [driver(open_ones.enter_context(Session(session.get_bind()))) for _ in range(IN_FLIGHT)]


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
