"""``pinward mail``: what the mail server hands back."""

from __future__ import annotations

import sys

import click
from sqlalchemy import select

from layers.models import City
from webapp.cli.city_session import database_session
from webapp.cli.console import Failure
from webapp.notices import bounces

TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: a mail server keeps the message, and hands it over again."""
LONGEST = 2_000_000
"""Bytes. What is returned may hold a whole mail; of ours none is near that."""


@click.group()
def mail() -> None:
    """Take what a mail server hands over."""


@mail.command()
@click.option("--to", "recipient", default="", help="The address that it came to, bounces+…@, if known.")
def bounce(recipient: str) -> None:
    """Read a mail that came back from standard input, as a mail server pipes it.

    Where its address is dead, nothing is mailed there any more, and staff see it on the ticket. Anything else
    that was sent to the address of bounces is left alone.
    """
    found = bounces.read(sys.stdin.buffer.read(LONGEST), recipient)
    if found is None:
        click.echo("No report on a mail of ours: nothing to do.")
        return
    try:
        with database_session() as session:
            city = session.scalar(select(City).where(City.slug == found.slug))
            noted = city is not None and bounces.record(session, city, found)
            session.commit()
    except Failure as failure:
        failure.show()
        raise SystemExit(TRY_LATER) from failure
    if not noted:
        click.echo("Nothing failed for good: nothing to do.")
    elif found.is_dead:
        click.echo(f"Notice {found.notice_id} came back ({found.status}): no more mail goes there.")
    else:
        click.echo(f"Notice {found.notice_id} came back ({found.status}).")
