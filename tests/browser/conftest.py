"""Browser tests see the small demo city."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from tests.browser.crews import open_crew_tickets
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.intake.look import look

# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test in a real browser have a second try; the closing line counts those that needed it."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def _compiled(demo_engine: Engine) -> None:
    """Compile the hot loops before a browser waits for them."""
    with Session(demo_engine) as session:
        look(session, city_by_slug(session, "demo"), -89.39, 40.98, "graffiti")


@pytest.fixture
def committed_database(demo_database: str, _compiled: None) -> str:
    """URL of a copy of the demo city for this test alone: what ``live_app`` serves."""
    return demo_database


@pytest.fixture
def live_app(live_app: Flask) -> Flask:
    """The application, with its atlas loaded."""
    live_app.test_client().get("/here?lon=-89.39&lat=40.98")
    return live_app


@pytest.fixture
def crew_engine(committed_database: str) -> Iterator[Engine]:
    """The demo city with a few tickets of one crew, of which two may be one."""
    engine = make_engine(committed_database)
    with make_session(engine)() as session:
        open_crew_tickets(session)
    yield engine
    engine.dispose()


@pytest.fixture
def crew_app(monkeypatch: pytest.MonkeyPatch, committed_database: str, crew_engine: Engine) -> Flask:
    """The application with these tickets, as it runs for people."""
    monkeypatch.setenv("DATABASE_URL", committed_database)
    settings.cache_clear()
    return create_app(settings(), engine=crew_engine)
