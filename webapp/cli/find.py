"""``pinward find``: from what people type to a point."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from layers import addresses
from layers.current import current_atlas
from webapp.cli.city_session import city_session


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.option("--limit", type=click.IntRange(1, 50), default=8, show_default=True, help="How many to print.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def find(context: click.Context, text: tuple[str, ...], slug: str | None, limit: int, as_json: bool) -> None:
    """Find an address, a crossing, a street, a district or an asset. Exits with 1 where nothing is like TEXT.

    For example: pinward find 12 main st
    """
    with city_session(slug) as (session, city):
        matches = addresses.find(current_atlas(session, city), " ".join(text), limit=limit)
    if as_json:
        click.echo(json.dumps([asdict(match) for match in matches], indent=1))
    for match in () if as_json else matches:
        click.echo(
            f"{match.lon:11.6f} {match.lat:10.6f}  {match.kind:<13}{match.address}  {match.context}".rstrip()
        )
    if not matches:
        click.echo("Nothing is like that.", err=True)
        context.exit(1)
