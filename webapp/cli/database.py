"""``pinward database``: the private cluster and the schema."""

from __future__ import annotations

import json

import click
from sqlalchemy import select

from layers.models import City
from webapp.cli import schema
from webapp.cli.city_session import database_session
from webapp.cli.console import Failure, step
from webapp.cli.private_cluster import PrivateCluster
from webapp.config import settings
from webapp.tickets import pyramid as tickets

NOT_RUNNING = 3


@click.group()
def database() -> None:
    """Start, stop and upgrade the database."""


@database.command()
def start() -> None:
    """Start the private cluster, making it where there is none."""
    cluster = _private_cluster()
    with step("Starting the private PostgreSQL cluster"):
        started = cluster.start()
    click.echo(f"{'Started' if started else 'Already running'}: {settings().database}")


@database.command()
def stop() -> None:
    """Stop the private cluster."""
    click.echo("Stopped." if _private_cluster().stop() else "It was not running.")


@database.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Say whether the database answers, and which migration it is at. Exits with 3 if it does not."""
    state = schema.state(settings().database)
    if as_json:
        click.echo(json.dumps(state))
    elif not state["running"]:
        click.echo("Not running.")
    else:
        current = "up to date" if state["revision"] == state["head"] else f"behind {state['head']}"
        click.echo(
            f"Running: PostgreSQL {state['postgresql']}, PostGIS {state['postgis'] or 'not yet created'}"
        )
        click.echo(f"Schema:  {state['revision'] or 'empty'} ({current})")
    if not state["running"]:
        context.exit(NOT_RUNNING)


@database.command()
def migrate() -> None:
    """Bring the schema up to date."""
    with step("Bringing the schema up to date"):
        schema.upgrade(settings().database)


@database.command()
@click.option("--repair", is_flag=True, help="Put right what is wrong; tickets may be written meanwhile.")
@click.pass_context
def pyramid(context: click.Context, repair: bool) -> None:
    """Compare the counts that tiles are made of with the open tickets. Exits with 1 if any is wrong."""
    wrong = 0
    with database_session() as session:
        for city in session.scalars(select(City).order_by(City.id)).all():
            with step(f"Counting the open tickets of {city.name}"):
                found = (tickets.repair if repair else tickets.wrong_cells)(session, city.id)
                session.commit()
            wrong += found
            click.echo(f"{city.name}: {_cells(found)} {'put right' if repair else 'wrong'}.")
    if wrong and not repair:
        click.echo("Put them right: pinward database pyramid --repair")
        context.exit(1)


@database.command()
def url() -> None:
    """Print the URL of the database, as psql and DATABASE_URL take it."""
    click.echo(settings().database)


def _cells(count: int) -> str:
    return {0: "no cell", 1: "1 cell"}.get(count, f"{count:,} cells")


def _private_cluster() -> PrivateCluster:
    if settings().database_url is not None:
        raise Failure(
            "DATABASE_URL is set, so the private cluster is not used.",
            "Unset DATABASE_URL, or start and stop that server by its own means.",
        )
    return PrivateCluster(settings())
