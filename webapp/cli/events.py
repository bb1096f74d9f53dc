"""``pinward events``: what happened to tickets, as files for analysts."""

from __future__ import annotations

import click

from layers.findings import counted
from webapp.cli.city_session import city_session
from webapp.cli.console import Failure
from webapp.insight import event_log
from webapp.storage import StorageError, opened


@click.group()
def events() -> None:
    """Write what happened to tickets to Parquet files, for analysts."""


@events.command()
@click.argument("folder")
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
def export(folder: str, slug: str | None) -> None:
    """Add to the event log in FOLDER, or s3://BUCKET/FOLDER, what has happened since the last time.

    The log is hive-partitioned by city, year and month; many cities may share it. Nothing in it changes
    later, and doing it again adds nothing twice. It tells nothing of who made a report.

    For example: pinward events export /srv/analysts/events
    """
    with city_session(slug) as (session, city):
        try:
            written = event_log.export(session, city, opened(folder))
        except (OSError, StorageError) as error:
            raise Failure(f"{folder} cannot be written: {error}.", "Name one that can.") from error
        click.echo(
            f"{counted(written.events, 'event', 'events')} in {counted(written.files, 'file', 'files')}."
        )
