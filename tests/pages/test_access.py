"""Every route says who may use it, and means it."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from tests.pages.people import sign_in
from webapp import app as application
from webapp.people.access import ROLES, Rule

ACCOUNT_OF = {"crew": "works-north", "council": "district-1"}


def staff_routes(app: Flask) -> list[tuple[str, str, Rule]]:
    """Return path, method and rule of each route that is not for everybody, with something for each parameter."""
    found = []
    with app.test_request_context():
        for route in app.url_map.iter_rules():
            rule = app.view_functions[route.endpoint].access  # type: ignore[attr-defined]
            if rule.everybody or rule.key_checked_by_view:
                continue
            values = {
                name: 1 if name.endswith("_id") or name in (*"xyz", "place") else "x"
                for name in route.arguments
            } | ({"form": "csv"} if "form" in route.arguments else {})
            method = "POST" if "POST" in route.methods else "GET"
            found.append((app.url_for(route.endpoint, _method=method, **values), method, rule))
    return found


def test_every_route_has_a_rule(demo_app: Flask) -> None:
    views = {
        route.endpoint: demo_app.view_functions[route.endpoint] for route in demo_app.url_map.iter_rules()
    }
    assert len(views) > 10
    assert [name for name, view in views.items() if not isinstance(getattr(view, "access", None), Rule)] == []


def test_an_application_with_a_bare_route_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Blueprint("bare", __name__)
    bare.add_url_rule("/bare", view_func=lambda: "")
    monkeypatch.setattr(application, "page_blueprints", [*application.page_blueprints, bare])
    with pytest.raises(RuntimeError, match=r"access rule.*bare"):
        application.create_app()


def test_nobody_gets_in_without_signing_in(demo_app: Flask, demo_client: FlaskClient) -> None:
    routes = staff_routes(demo_app)
    assert any(path.startswith("/crew") for path, _, _ in routes)
    for path, method, _ in routes:
        answer = demo_client.open(path, method=method)
        assert answer.status_code == 302, path
        assert answer.location.startswith("/sign-in"), path


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_in_where_its_rule_says(demo_app: Flask, demo_client: FlaskClient, role: str) -> None:
    sign_in(demo_client, ACCOUNT_OF.get(role, role))
    for path, method, rule in staff_routes(demo_app):
        if path not in ("/sign-out", "/account/sessions/1"):  # they may end the session itself
            refused = demo_client.open(path, method=method).status_code == 403
            assert refused != rule.allows(role), f"{role} at {path}"
