"""``pinward``: the one command line.

Each command or group is a module here that holds a click command of the module's name. It is imported only
when it runs, so that ``pinward --help`` answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from webapp.cli.console import Failure

SECTIONS = {
    "Running it": {
        "serve": "Serve the city: web, job worker, database, all in one.",
        "worker": "Run background jobs: notices, escalation, rollups.",
        "database": "Start, stop and upgrade the database.",
    },
    "The city": {
        "city": "Check, load and verify a city from its file.",
        "demo": "Make and load the demo city.",
        "staff": "Add people who work for the city.",
        "key": "Make and revoke the keys that other systems write with.",
        "webhook": "Tell other systems what happens, as it happens.",
        "mail": "Take mail that came back from the mail server.",
        "push": "Make the key that messages to browsers are signed with.",
        "languages": "Keep translations in step with the sentences of the code.",
    },
    "Places and reports": {
        "locate": "Say what the map knows of a point.",
        "find": "Find an address, a crossing or a place.",
        "reports": "Load reports from a file, and export them.",
        "events": "Write what happened to Parquet files, for analysts.",
        "duplicates": "Score pairs of reports, and judge the scoring.",
        "insight": "Bring figures up to date; forecast reports.",
    },
    "Measuring": {
        "bench": "Measure speed beside other tools, on this machine.",
    },
}
"""The table of contents: one line a command."""


class TableOfContents(click.Group):
    """A group whose commands are the modules that ``SECTIONS`` names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all commands, in the order of the sections."""
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None where there is no such command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(f"webapp.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; of settings that cannot be understood, say which."""
        try:
            return super().invoke(ctx)
        except ValueError as wrong:
            from webapp.config import WrongSettingsError

            if not isinstance(wrong, WrongSettingsError):
                raise
            todo = "Mend it in the environment, or leave it out; docs/settings.md explains each."
            raise Failure(str(wrong), todo) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of contents."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(cls=TableOfContents, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pinward")
def main() -> None:
    """Pinward: a map-first 311 system. 'pinward COMMAND --help' explains a command."""
