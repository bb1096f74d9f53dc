"""Browser tests see the small demo city."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from layers.queries import city_by_slug
from webapp.intake.look import look

# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)


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
