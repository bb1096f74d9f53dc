"""The administrators' page of keys."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from webapp.people import audit, keys

URL = "/admin/keys"


@pytest.mark.parametrize("who", ["agent", "supervisor", "auditor"])
def test_only_administrators_make_keys(demo_client: FlaskClient, who: str) -> None:
    sign_in(demo_client, who)
    assert demo_client.get(URL).status_code == 403
    assert demo_client.post(URL, data={"name": "App"}).status_code == 403
    assert demo_client.post(f"{URL}/1/revoke").status_code == 403


def test_a_key_is_shown_once_works_and_is_revoked(demo_client: FlaskClient, demo_session: Session) -> None:
    sign_in(demo_client, "administrator")
    form = {"name": "Work orders", "scopes": ["update", "read_private"], "per_minute": "60"}
    answer = demo_client.post(URL, data=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'id="secret">(pw_[\w-]+)<', answer.text)
    assert found
    used = keys.use(demo_session, 1, found[1])
    assert used is not None
    assert used.scopes == ["update", "read_private"]
    page = demo_client.get(URL).text
    assert found[1] not in page
    assert "1 calls in 30 days" in page
    assert demo_client.post(f"{URL}/{used.key_id}/revoke").status_code == 302
    demo_session.expire_all()
    assert keys.use(demo_session, 1, found[1]) is None
    assert "no longer works" in demo_client.get(URL).text
    trail = [row.kind for row in audit.trail(demo_session, 1, limit=2)]
    assert trail == ["key_revoked", "key_added"]
    assert demo_client.post(f"{URL}/999/revoke").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"per_minute": "0"}, "per_minute"),
        ({"per_minute": "many"}, "per_minute"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    demo_client: FlaskClient, demo_session: Session, change: dict[str, object], field: str
) -> None:
    sign_in(demo_client, "administrator")
    before = len(keys.all_keys(demo_session, 1))
    answer = demo_client.post(URL, data={"name": "App", "scopes": ["write"], "per_minute": "5"} | change)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert len(keys.all_keys(demo_session, 1)) == before
