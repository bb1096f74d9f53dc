"""``pinward demo``: make the made-up city, and load it as any other."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

import demo as made_up
from layers.queries import source_ids
from webapp.catalog.models import Crew, Department
from webapp.cli.city import load as load_city
from webapp.cli.city_session import city_session
from webapp.cli.console import step
from webapp.cli.reports import load as load_reports
from webapp.config import CHECKOUT, settings
from webapp.people.demo import DOMAIN, PASSWORD, add_demo_accounts, add_demo_key

FOLDER = CHECKOUT / "cities" / "demo"
TIME_ZONE = ZoneInfo("America/Chicago")

SIZE = click.option("--size", default=6000, show_default=True, help="Street segments, about.")
SEED = click.option("--seed", default=311, show_default=True, help="The same seed gives the same city.")


@click.group()
def demo() -> None:
    """Make and load Alder Falls, a made-up city."""


@demo.command()
@SIZE
@SEED
@click.option("--reports", type=int, help="Reports, about; two a segment where not given.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder; PINWARD_HOME/demo where not given.")
def make(size: int, seed: int, reports: int | None, out: Path | None) -> None:
    """Write the city's layers and two years of reports as files that GIS programs read."""
    folder = out or settings().home / "demo"
    until = datetime.now(TIME_ZONE).replace(minute=0, second=0, microsecond=0)
    with step(f"Drawing a city of about {size:,} street segments into {folder}"):
        made_up.write(folder, size=size, seed=seed, until=until, reports=reports)


@demo.command()
@SIZE
@SEED
@click.pass_context
def load(context: click.Context, size: int, seed: int) -> None:
    """Make the city, load it, put its reports through the intake, and add an account for each role."""
    context.invoke(make, size=size, seed=seed, reports=None, out=None)
    context.invoke(load_city, file=FOLDER / "city.toml")
    context.invoke(
        load_reports,
        file=settings().home / "demo" / "reports.parquet",
        columns=FOLDER / "reports.toml",
        slug="demo",
    )
    with city_session("demo") as (session, city):
        added = add_demo_accounts(
            session,
            city.id,
            crews={crew.code: crew.id for crew in session.scalars(select(Crew).filter_by(city_id=city.id))},
            departments={
                d.code: d.id for d in session.scalars(select(Department).filter_by(city_id=city.id))
            },
            districts=sorted(source_ids(session, city.slug)["council"]),
        )
        key = add_demo_key(session, city.id)
        session.commit()
    click.echo(f"{len(added)} demo accounts at {DOMAIN} added, password {PASSWORD}. Open311 key: {key}")
