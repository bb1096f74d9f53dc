"""`pinward --help` is a table of contents that keeps its word."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from webapp import cli
from webapp.cli import SECTIONS, main

COMMANDS = [name for section in SECTIONS.values() for name in section]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Usage:")


def test_every_command_that_exists_is_in_the_table_of_contents() -> None:
    modules = [module.name for module in pkgutil.iter_modules(cli.__path__)]
    found = []
    for name in modules:
        module = __import__(f"webapp.cli.{name}", fromlist=[name])
        if isinstance(getattr(module, name, None), click.Command):
            found.append(name)
    assert sorted(found) == sorted(COMMANDS)


def test_help_imports_no_library_but_click() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, webapp.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"sqlalchemy", "flask", "numpy", "shapely"} & set(seen)


def test_an_unknown_command_is_named() -> None:
    answer = CliRunner().invoke(main, ["reprots"])
    assert answer.exit_code == 2
    assert "No such command 'reprots'" in answer.output
