"""The administrators' page of webhooks."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from webapp.notices import webhooks
from webapp.people import audit

URL = "/admin/outside/hooks"


@pytest.mark.parametrize("who", ["agent", "supervisor", "auditor"])
def test_only_administrators_add_webhooks(demo_client: FlaskClient, who: str) -> None:
    sign_in(demo_client, who)
    assert demo_client.get(URL).status_code == 403
    assert demo_client.post(URL, data={"url": "https://works.example/"}).status_code == 403
    assert demo_client.post(f"{URL}/1/stop").status_code == 403


def test_a_webhook_is_added_shows_its_secret_once_and_is_stopped(
    demo_client: FlaskClient,
    demo_session: Session,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    sign_in(demo_client, "administrator")
    form = {"url": " https://works.example/hook ", "kinds": ["done", "reopened", "no such thing"]}
    answer = demo_client.post(URL, data=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (hook,) = webhooks.hooks(demo_session, 1)
    assert (hook.url, sorted(hook.kinds)) == ("https://works.example/hook", ["done", "reopened"])
    assert re.search(r'id="secret">(.+?)<', answer.text).group(1) == hook.secret  # type: ignore[union-attr]
    with demo_statements() as statements:
        page = demo_client.get(URL).text
    assert len(statements) <= 3, statements
    assert hook.secret not in page
    assert re.search(r"<p>Open again · Done</p>|<p>Done · Open again</p>", page)
    assert demo_client.post(f"{URL}/{hook.id}/stop").status_code == 302
    assert "https://works.example/hook hears no more." in demo_client.get(URL).text
    demo_session.refresh(hook)
    assert hook.stopped_at
    assert [row.kind for row in audit.trail(demo_session, 1, limit=2)] == ["webhook_stopped", "webhook_added"]
    assert demo_client.post(f"{URL}/{2**70}/stop").status_code == 404


@pytest.mark.parametrize(
    "url",
    ["", "works.example", "http://works.example/", "https://", "https://a b/", "https://[x/", "javascript:1"],
)
def test_what_is_no_address_is_said_at_its_field(
    demo_client: FlaskClient, demo_session: Session, url: str
) -> None:
    sign_in(demo_client, "administrator")
    answer = demo_client.post(URL, data={"url": url, "kinds": "done"})
    assert answer.status_code == 422
    assert "beginning with https://" in answer.text
    assert re.search(r'value="done" checked', answer.text)
    assert not webhooks.hooks(demo_session, 1)
