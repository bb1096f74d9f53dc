"""``pinward key``: the keys that other systems write with."""

from __future__ import annotations

import json

import click

from webapp.cli.city_session import city_session
from webapp.cli.console import Failure
from webapp.people import keys


@click.group()
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.pass_context
def key(context: click.Context, slug: str | None) -> None:
    """Make and revoke the keys that other systems write with."""
    context.obj = slug


@key.command()
@click.argument("name")
@click.pass_obj
def add(slug: str | None, name: str) -> None:
    """Make a key for the system called NAME. It is printed once, and cannot be shown again."""
    with city_session(slug) as (session, city):
        row, secret = keys.add_key(session, city.id, name)
        session.commit()
        click.echo(f"Key {row.id} for {row.name}:", err=True)
    click.echo(secret)


@key.command()
@click.argument("key_id", type=int, metavar="ID")
@click.pass_obj
def revoke(slug: str | None, key_id: int) -> None:
    """Make a key worthless."""
    with city_session(slug) as (session, city):
        row = keys.revoke(session, city.id, key_id)
        if row is None:
            raise Failure(f"{city.name} has no key {key_id}.", "See 'pinward key list'.")
        session.commit()
        click.echo(f"Key {key_id} ({row.name}) no longer works.")


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_keys(slug: str | None, as_json: bool) -> None:
    """List the keys, without what is secret."""
    with city_session(slug) as (session, city):
        rows = [
            {
                "id": row.id,
                "name": row.name,
                "created_at": row.created_at.isoformat(),
                "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
            }
            for row in keys.all_keys(session, city.id)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['id']:>4}  {row['name']}{'  (revoked)' if row['revoked_at'] else ''}")
