"""The job queue: procrastinate on PostgreSQL, its tables in schema ``jobs``.

Rooms declare their tasks with ``@jobs.app.task`` in a module named ``jobs.py``; ``pinward worker`` runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import procrastinate
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

TASK_MODULES = [
    "webapp.api.jobs",
    "webapp.dispatch.jobs",
    "webapp.insight.jobs",
    "webapp.intake.jobs",
    "webapp.notices.following_jobs",
    "webapp.notices.jobs",
    "webapp.pages.jobs",
    "webapp.tickets.jobs",
]

HOURS_KEPT = 72
"""How long a failed job stays to be looked at; one that succeeded goes at once."""

app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(),
    import_paths=TASK_MODULES,
    worker_defaults={"delete_jobs": "successful"},
)


@contextmanager
def connected(database_url: str) -> Iterator[procrastinate.App]:
    """Give the job application connected to ``database_url``; open it, or run a worker, inside.

    The same application with another connector, not a copy of it: a copy's tasks would still be deferred
    through the original.
    """
    connector = procrastinate.PsycopgConnector(
        conninfo=database_url, kwargs={"options": "-c search_path=jobs,public,ext -c timezone=UTC"}
    )
    with app.replace_connector(connector):
        yield app


@app.periodic(cron="* * * * *")
@app.task(name="tidy", queueing_lock="tidy", pass_context=True)
async def tidy(context: procrastinate.JobContext, timestamp: int) -> None:
    """Queue again what a killed worker was doing, and drop failed jobs that are old."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # The same work is queued already.
            await manager.finish_job(job, status=Status.ABORTED, delete_job=True)
    await manager.delete_old_jobs(nb_hours=HOURS_KEPT, include_failed=True)
