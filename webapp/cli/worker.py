"""``pinward worker``: run background jobs."""

from __future__ import annotations

import click

from webapp import jobs, logs
from webapp.config import settings


@click.command()
@click.option("--concurrency", default=2, show_default=True, help="How many jobs to run at the same time.")
def worker(concurrency: int) -> None:
    """Run background jobs until told to stop; jobs at work are finished first.

    Start as many as you like, on as many machines as you like: each job is run by one of them.
    """
    logs.configure()
    with jobs.connected(settings().database) as app:
        app.run_worker(concurrency=concurrency, wait=True, listen_notify=True)
