"""The page of figures in a real browser: read, narrowed down, and followed to the tickets of a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import text

from layers.queries import city_by_slug
from tests.browser.steps import look, sign_in
from tests.insight.tickets import add_tickets
from webapp.app import create_app
from webapp.config import settings
from webapp.db import make_engine, make_session
from webapp.insight.keeping import refresh

pytestmark = pytest.mark.browser


@pytest.fixture
def live_app(monkeypatch: pytest.MonkeyPatch, demo_database: str) -> Iterator[Flask]:
    """The demo city with tickets, some at one place, as it runs for people."""
    engine = make_engine(demo_database)
    with make_session(engine)() as session:
        add_tickets(session, city_by_slug(session, "demo"), 900, seed=5)
        session.execute(
            text(
                "update ticket set service_id = 1 + id % 2,"
                " segment_id = (select source_id from segment where left_to > 0 order by id offset ticket.id % 9 limit 1)"
                " where id % 7 = 0"
            )
        )
        session.execute(
            text(
                "insert into timeline (city_id, ticket_id, at, kind, actor)"
                " select 1, id, closed_at, 'done', 'staff' from ticket where status = 'done'"
            )
        )
        refresh(session, 1)
        session.commit()
    monkeypatch.setenv("DATABASE_URL", demo_database)
    settings.cache_clear()
    yield create_app(settings(), engine=engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("browser_page", "scheme"), [("phone", "light"), ("desk", "dark")], indirect=["browser_page"]
)
def test_from_figures_to_tickets(browser_page: Page, screenshot: Callable[[str], Path], scheme: str) -> None:
    page = browser_page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, "administrator", "/manage?from=2026-02-01%26to=2026-04-20%26by=district")
    expect(page.get_by_role("heading", name="Figures", exact=True)).to_be_visible()
    page.get_by_text("The same as a table").first.click()
    look(page, screenshot, "figures")
    page.get_by_text("The same as a table").first.click()
    page.get_by_label("Crew", exact=True).select_option(index=1)
    page.get_by_label("List by").select_option(label="Service")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="By Service")).to_be_visible()
    page.get_by_label("Crew", exact=True).select_option(index=0)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Crew", exact=True)).to_have_value("")
    received = page.locator(".figures-now dd a").first
    count = received.inner_text()
    received.click()
    expect(page.get_by_role("heading", name="Received")).to_be_visible()
    expect(page.get_by_text(f"{count} tickets")).to_be_visible()
    look(page, screenshot, "tickets")
