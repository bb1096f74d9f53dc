"""`pinward --help` is a table of contents that keeps its word."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from webapp import cli
from webapp.cli import SECTIONS, main
from webapp.config import settings

COMMANDS = [name for section in SECTIONS.values() for name in section]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Usage:")


def reachable(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from reachable(below)


def test_every_command_that_exists_can_be_reached() -> None:
    known = list(reachable(main))
    for module in pkgutil.iter_modules(cli.__path__):
        command = getattr(import_module(f"webapp.cli.{module.name}"), module.name, None)
        assert not isinstance(command, click.Command) or command in known, module.name


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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "high-secret", "PORT: Input should be a valid integer"),
        ("PINWARD_OIDC_ROLES", "agent-secret", "PINWARD_OIDC_ROLES: Write it as JSON"),
        ("DATABASE_URL", "mysql://me:a-secret@there/db", "DATABASE_URL: String should match pattern"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_not_shown(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    answer = CliRunner().invoke(main, ["find", "Elm St"])
    settings.cache_clear()
    assert answer.exit_code == 1
    assert f"Error: {said}" in answer.output
    assert "secret" not in answer.output
