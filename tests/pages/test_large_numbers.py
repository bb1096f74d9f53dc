"""A number larger than any column can hold is answered like one that nothing has."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.pages.people import sign_in

HUGE = str(10**30)
ROLES = ("administrator", "supervisor", "agent", "auditor")
FORMS = [
    ("supervisor", "/desk/repeats", ("report", "ticket", "other", "version", "other_version", "before")),
    ("supervisor", "/desk/repeats/split", ("ticket", "version")),
    ("supervisor", "/desk/repeats/split", ("report", "version")),
    ("administrator", "/admin/duplicates", ("model",)),
]


def addresses(app: Flask) -> list[str]:
    """Return each page that shows something by its number, asked for one too large."""
    found = []
    for rule in app.url_map.iter_rules():
        numbered = {
            name for name, kind in rule._converters.items() if type(kind).__name__ == "IntegerConverter"
        }
        if numbered and "GET" in (rule.methods or ()) and not rule.rule.startswith(("/api", "/tiles")):
            values = {name: HUGE if name in numbered else "x" for name in rule.arguments}
            found.append("".join(values[part] if dynamic else part for dynamic, part in rule._trace)[1:])
    return sorted(found)


@pytest.mark.parametrize("role", ROLES)
def test_pages_know_no_thing_of_such_a_number(demo_client: FlaskClient, demo_app: Flask, role: str) -> None:
    sign_in(demo_client, role)
    for address in [
        *addresses(demo_app),
        f"/audit?before={HUGE}",
        f"/audit?staff={HUGE}",
        f"/desk/repeats?before={HUGE}",
    ]:
        answer = demo_client.get(address)
        assert answer.status_code < 500, address


@pytest.mark.parametrize(("role", "address", "fields"), FORMS)
def test_forms_refuse_it(demo_client: FlaskClient, role: str, address: str, fields: tuple[str, ...]) -> None:
    sign_in(demo_client, role)
    for same in ("yes", "no"):
        answer = demo_client.post(address, data=dict.fromkeys(fields, HUGE) | {"same": same, "in_use": ""})
        assert answer.status_code < 500
