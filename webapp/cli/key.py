"""``pinward key``: the keys that other systems write with."""

from __future__ import annotations

import json
from typing import Any

import click

from webapp.cli.city_session import city_session
from webapp.cli.console import Failure
from webapp.people import audit, keys


@click.group()
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.pass_context
def key(context: click.Context, slug: str | None) -> None:
    """Make and revoke the keys that other systems write with."""
    context.obj = slug


@key.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(keys.SCOPES),
    default=["write"],
    show_default=True,
    help="What it may do, repeatable: send reports, move tickets, read what is not public.",
)
@click.option(
    "--per-minute",
    type=click.IntRange(1, keys.MOST_PER_MINUTE),
    default=keys.PER_MINUTE,
    show_default=True,
    help="Most calls in a minute.",
)
@click.pass_obj
def add(slug: str | None, name: str, scopes: tuple[str, ...], per_minute: int) -> None:
    """Make a key for the system called NAME. It is printed once, and cannot be shown again."""
    with city_session(slug) as (session, city):
        try:
            row, secret = keys.add_key(session, city.id, name, scopes=scopes, per_minute=per_minute)
        except ValueError as problem:
            raise Failure(str(problem), "See 'pinward key add --help'.") from problem
        audit.record(session, city.id, "key_added", row.name, by=None)
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
        audit.record(session, city.id, "key_revoked", row.name, by=None)
        session.commit()
        click.echo(f"Key {key_id} ({row.name}) no longer works.")


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_keys(slug: str | None, as_json: bool) -> None:
    """List the keys and their use in the last 30 days, without what is secret."""
    with city_session(slug) as (session, city):
        rows: list[dict[str, Any]] = [
            {
                "id": row.id,
                "name": row.name,
                "scopes": row.scopes,
                "per_minute": row.per_minute,
                "calls": usage.calls,
                "refused": usage.refused,
                "last_day": usage.last_day and usage.last_day.isoformat(),
                "created_at": row.created_at.isoformat(),
                "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
            }
            for row, usage in keys.keys_and_usage(session, city.id)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(_line(row))


def _line(row: dict[str, Any]) -> str:
    limit = f"{row['per_minute']:,} a minute" if row["per_minute"] else "no limit"
    use = f"{row['calls']:,} calls, {row['refused']:,} refused"
    revoked = "  (revoked)" if row["revoked_at"] else ""
    return f"{row['id']:>4}  {row['name']}  {', '.join(row['scopes'])}; {limit}; {use}{revoked}"
