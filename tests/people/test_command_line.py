"""``pinward staff`` and ``pinward key``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from webapp.cli import main
from webapp.config import settings

pytestmark = pytest.mark.usefixtures("_database")


@pytest.fixture
def _database(monkeypatch: pytest.MonkeyPatch, demo_database: str) -> None:
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def test_staff_are_added_listed_reset_and_disabled() -> None:
    added = run("staff", "add", "jo@example.org", "--role", "crew", "--crew", "trees", "--name", "Jo")
    assert added.exit_code == 0, added.output
    assert "Password: " in added.output
    assert (
        run("staff", "reset", "jo@example.org", "--password-stdin", typed="a password typed\n").exit_code == 0
    )
    assert run("staff", "disable", "jo@example.org").exit_code == 0
    (jo,) = [
        row for row in json.loads(run("staff", "list", "--json").stdout) if row["email"] == "jo@example.org"
    ]
    assert (jo["name"], jo["role"], jo["disabled"]) == ("Jo", "crew", True)
    assert "jo@example.org" in run("staff", "list").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["staff", "add", "jo@example.org", "--role", "crew"], "needs a crew"),
        (["staff", "add", "jo@example.org", "--role", "crew", "--crew", "nope"], "Choose one of: "),
        (["staff", "disable", "nobody@example.org"], "See 'pinward staff list'"),
        (["staff", "--city", "atlantis", "list"], "atlantis"),
        (["key", "revoke", "77"], "See 'pinward key list'"),
    ],
)
def test_mistakes_exit_with_1_and_say_what_to_do(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert said in result.output


def test_a_key_is_printed_once() -> None:
    key = run("key", "add", "Work orders").stdout.strip()
    listed = run("key", "list", "--json").stdout
    assert key.startswith("pw_")
    assert key not in listed
    assert run("key", "revoke", str(json.loads(listed)[0]["id"])).exit_code == 0
    assert "(revoked)" in run("key", "list").output
