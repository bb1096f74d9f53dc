"""What every command says, and how: steps with their time, and failures that say what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click


class Failure(click.ClickException):
    """Something a person can put right.

    Parameters
    ----------
    what
        What happened, in one sentence.
    todo
        What to do about it: a command to run, or a setting to change.
    """

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.todo = todo

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the two sentences on standard error."""
        click.secho(f"Error: {self.message}", fg="red", err=True)
        click.echo(f"  What to do: {self.todo}", err=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print ``text`` when the work inside begins, and how long it took when it is done."""
    click.echo(f"· {text} …", err=True)
    begin = time.monotonic()
    yield
    click.echo(f"  {time.monotonic() - begin:.1f} s", err=True)
