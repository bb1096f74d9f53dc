"""What every test may ask for. The fixtures are in ``tests/fixtures``; here are the rules that hold for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from webapp.config import CHECKOUT, settings

pytest_plugins = [
    "tests.fixtures.databases",
    "tests.fixtures.demo_city",
    "tests.fixtures.areas",
    "tests.fixtures.web",
    "tests.fixtures.browsers",
    "tests.fixtures.network",
]

hypothesis.settings.register_profile("fast", derandomize=True, max_examples=40, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Give each test settings of its own, so that none touches the developer's files, database or mail."""
    for name in (
        "PINWARD_CITY",
        "PINWARD_SMTP",
        "PINWARD_URL",
        "PINWARD_DEMO",
        "PINWARD_SECRET",
        "DATABASE_URL",
        "PORT",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PINWARD_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real source data; skips the test where this machine has none."""
    folder = Path(os.environ.get("PINWARD_SHARED") or CHECKOUT.parent / "shared") / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set PINWARD_SHARED to the folder that holds data/")
    return folder
