"""``pinward push``: the key that messages to browsers are signed with."""

from __future__ import annotations

import click

from webapp.notices import vapid


@click.group()
def push() -> None:
    """Push messages to browsers."""


@push.command()
def key() -> None:
    """Print a new key for PINWARD_PUSH_KEY. Browsers that subscribed with another hear nothing by it."""
    click.echo(vapid.new_key())
