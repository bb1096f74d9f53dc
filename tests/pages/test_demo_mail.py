"""The demo shows what it would have sent; a real city has no such page."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.app import create_app
from webapp.config import settings
from webapp.notices import mail, sms
from webapp.notices.sending import Claimed
from webapp.people.contacts import ContactDetails


@pytest.fixture
def demo(
    monkeypatch: pytest.MonkeyPatch, demo_url: str, demo_engine: Engine, demo_session: Session
) -> FlaskClient:
    """A demo that has written a mail and a text."""
    monkeypatch.setenv("DATABASE_URL", demo_url)
    monkeypatch.setenv("PINWARD_DEMO", "1")
    settings.cache_clear()
    city = demo_session.scalars(select(City)).one()
    empty = dict.fromkeys(Claimed._fields)
    told = Claimed(
        **empty
        | {
            "notice_id": 7, "contact_id": 1, "kind": "message", "note": "", "at": city.loaded_at,
            "message": {"subject": "Is it <fixed>?", "text": "Tell us.", "path": "/track/X"},
        }
    )  # fmt: skip
    reader = ContactDetails("Ann", "ann@example.org", "617 555 0100", key="0" * 20)
    for way in (mail, sms):
        with way.transport(settings()) as deliver:
            deliver(way.compose(settings(), city, reader, told))
    (settings().home / "mail" / "demo-notice-8.push").write_text(
        json.dumps({"title": "On a phone", "body": "b"})
    )
    return create_app(settings(), engine=demo_engine).test_client()


def test_mails_texts_and_pushed_messages_are_listed_and_shown_without_whose_they_are(
    demo: FlaskClient,
) -> None:
    page = demo.get("/demo/mail").text
    assert "Is it &lt;fixed&gt;?" in page
    assert "On a phone" in page
    for path in ("demo-notice-7.eml", "demo-notice-7.sms", "demo-notice-8.push"):
        shown = demo.get(f"/demo/mail/{path}")
        assert shown.status_code == 200
        page += shown.text
    assert "ann@" not in page
    assert "555" not in page
    assert "Ann" not in page
    html = demo.get("/demo/mail/demo-notice-7.eml/html")
    assert "Is it &lt;fixed&gt;?" in html.text
    assert "sandbox" in html.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name", ["x.eml", "..%2f..%2fsecret", ".demo-notice-7.eml.1", "demo-notice-7.sms/html"]
)
def test_nothing_else_is_shown(demo: FlaskClient, name: str) -> None:
    assert demo.get(f"/demo/mail/{name}").status_code == 404


@pytest.mark.parametrize("variable", [("PINWARD_DEMO", "0"), ("PINWARD_SMTP", "smtp://127.0.0.1:25")])
def test_where_mail_is_sent_or_it_is_no_demo_the_page_is_not_there(
    monkeypatch: pytest.MonkeyPatch, demo_url: str, demo_engine: Engine, variable: tuple[str, str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", demo_url)
    monkeypatch.setenv("PINWARD_DEMO", "1")
    monkeypatch.setenv(*variable)
    settings.cache_clear()
    app = create_app(settings(), engine=demo_engine)
    assert "/demo/mail" not in {route.rule for route in app.url_map.iter_rules()}
