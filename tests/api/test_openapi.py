"""The API's definition is valid, says what the routes take, and leads a fuzzer into no failure."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

DEFINITION = "/api/openapi.json"
ITEMS = {
    "f", "crs", "bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs", "limit", "cursor",
}  # fmt: skip
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def test_it_names_every_collection_with_its_properties(demo_client: FlaskClient) -> None:
    answer = demo_client.get(DEFINITION)
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.1"
    found = answer.get_json(force=True)
    assert found["openapi"] == "3.1.0"
    paths = found["paths"]
    listed = demo_client.get("/api/features/collections").get_json()["collections"]
    for each in listed:
        path = f"/api/features/collections/{each['id']}"
        assert {path, f"{path}/queryables", f"{path}/items", f"{path}/items/{{featureId}}"} <= paths.keys()
        taken = {one["name"] for one in paths[f"{path}/items"]["get"]["parameters"]}
        queryable = demo_client.get(f"{path}/queryables").get_json()["properties"].keys() - {"geometry"}
        assert taken == queryable | ITEMS


def test_the_readable_page_has_every_path(demo_client: FlaskClient) -> None:
    page = demo_client.get("/api")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for path in demo_client.get(DEFINITION).get_json(force=True)["paths"]:
        assert f"GET {path}</code>" in page.text


@pytest.mark.parametrize("path", [DEFINITION, "/api/features/collections"])
def test_what_the_caller_has_already_is_not_sent_again(demo_client: FlaskClient, path: str) -> None:
    packed = demo_client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == demo_client.get(path).data
    again = demo_client.get(path, headers={"If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert demo_client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_scripts_of_other_sites_may_read(demo_client: FlaskClient) -> None:
    asked = demo_client.options("/api/features/collections", headers={"Origin": "https://example.org"})
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    answer = demo_client.get("/api/features/collections")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_fuzzer_finds_no_failure(demo_app: Flask, demo_client: FlaskClient) -> None:
    schema = schemathesis.openapi.from_wsgi(DEFINITION, demo_app)
    wanted = ("tickets", "lights")
    operations = [
        each.ok()
        for each in schema.get_all_operations()
        if "/collections/" not in each.ok().path or each.ok().path.split("/")[4] in wanted
    ]
    assert len(operations) == 3 + 4 * len(wanted)
    for operation in operations:
        fuzz(operation)


def fuzz(operation: Any) -> None:
    @settings(
        max_examples=8, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        for mode in schemathesis.GenerationMode:
            case = data.draw(operation.as_strategy(generation_mode=mode))
            # Its way into a WSGI application does not unpack what is packed.
            case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})

    run()
