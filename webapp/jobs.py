"""The job queue: procrastinate on PostgreSQL, its tables in schema ``jobs``.

Rooms declare their tasks with ``@jobs.app.task`` in a module named ``jobs.py``; ``pinward worker`` runs them.
"""

from __future__ import annotations

import procrastinate

TASK_MODULES = ["webapp.notices.jobs"]

app = procrastinate.App(connector=procrastinate.PsycopgConnector(), import_paths=TASK_MODULES)


def connected(database_url: str) -> procrastinate.App:
    """Return the job application connected to ``database_url``; open it before use."""
    return app.with_connector(
        procrastinate.PsycopgConnector(
            conninfo=database_url, kwargs={"options": "-c search_path=public,ext,jobs -c timezone=UTC"}
        )
    )
