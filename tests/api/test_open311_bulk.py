"""Requests in bulk, as a table."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from layers.models import City
from tests.api.conftest import Pin, Send, move_ticket
from webapp.api.open311 import bulk

URL = "/open311/v2/requests.csv"


def rows(client: FlaskClient, **parameters: Any) -> list[dict[str, str]]:
    answer = client.get(URL, query_string=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_all_requests_of_any_age_without_what_is_private(
    demo_client: FlaskClient, demo_session: Session, city: City, send: Send, pins: list[Pin],
    made_at: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(bulk, "_AT_ONCE", 2)
    old, trash, formula = (
        send(at=pins[0]),
        send(at=pins[1], service_code="missed-trash", **{"attribute[what][]": ["trash", "yard"]}),
        send(at=pins[2], description="=1+1", email="ada@example.org"),
    )
    hidden = send(at=pins[3], service_code="housing")
    made_at(old, "2020-02-02T10:00:00Z")
    move_ticket(demo_session, city, old, "done", detail="fixed")
    table = rows(demo_client)
    assert [row["service_request_id"] for row in table] == [formula, trash, old]
    assert hidden not in str(table)
    assert "ada@" not in str(table)
    assert table[0]["description"] == "'=1+1", "no spreadsheet runs it"
    assert (table[0]["source"], table[0]["status_description"]) == ("open311", "assigned")
    assert table[1]["service_subtype"].count("; ") == 1
    assert (table[2]["status"], table[2]["status_notes"], table[2]["closed_date"]) == (
        "closed", "Fixed.", table[2]["updated_datetime"],
    )  # fmt: skip
    assert [row["service_request_id"] for row in rows(demo_client, status="closed")] == [old]
    assert [row["service_request_id"] for row in rows(demo_client, service_request_id=trash)] == [trash]


def test_a_bad_parameter_is_named(demo_client: FlaskClient) -> None:
    answer = demo_client.get(URL, query_string={"start_date": "soon"})
    assert answer.status_code == 400
    assert "start_date" in answer.text
