"""The API's definition is valid, says what the routes take, and leads a fuzzer into no failure."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
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
    for path, operations in demo_client.get(DEFINITION).get_json(force=True)["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}</code>" in page.text


def test_it_names_every_route_for_programs(demo_app: Flask, demo_client: FlaskClient) -> None:
    """What is left out: the test endpoint, which is as the other one, and the tiles for staff."""
    paths = demo_client.get(DEFINITION).get_json(force=True)["paths"]
    named = {
        path.replace("{name}", name).replace("{format}", "json")
        for path in paths
        for name in ("base", "tickets")
    }
    ours = (
        "open311.",
        "features.",
        "exports.",
        "feeds.",
        "tiles.",
        "photos.",
        "health.",
        "open311_discovery.",
    )
    for rule in demo_app.url_map.iter_rules():
        if rule.endpoint.startswith(ours) and rule.endpoint != "tiles.all_tickets":
            pattern = re.compile(re.sub(r"<[^>]*>", "[^/]+", rule.rule))
            assert any(map(pattern.fullmatch, named)), rule


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/tiles/x.json",
        "/tiles/base/1/1.mvt",
        "/photos/x.jpg",
        "/photos/x.png",
        "/api/exports/tickets.xls",
    ],
)
def test_programs_are_told_of_wrong_paths_as_of_other_errors(demo_client: FlaskClient, path: str) -> None:
    answer = demo_client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    refused = demo_client.post("/api/features")
    assert (refused.status_code, refused.mimetype) == (405, "application/problem+json")
    assert "GET" in refused.headers["Allow"]


def test_the_definition_is_valid(demo_client: FlaskClient) -> None:
    validate(demo_client.get(DEFINITION).get_json(force=True), cls=OpenAPIV31SpecValidator)


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
    operations = [each.ok() for each in schema.get_all_operations()]
    operations = [each for each in operations if "/features/" not in each.path or named(each.path) in wanted]
    operations = [
        each for each in operations if "/exports/" not in each.path or each.path.endswith("/lights.csv")
    ]
    assert len(operations) == 31
    for operation in operations:
        fuzz(operation)


def named(path: str) -> str:
    """The collection that a path is about; where it is about none, one that is asked for."""
    match = re.search(r"/(?:collections|exports)/([^/.]+)", path)
    return match[1] if match else "tickets"


def fuzz(operation: Any) -> None:
    asked = [each["in"] for each in operation.definition.raw["parameters"]]
    # Whatever is written in an address is a text: only a query can be of a wrong kind.
    modes = list(schemathesis.GenerationMode) if "query" in asked else [schemathesis.GenerationMode.POSITIVE]

    @settings(
        max_examples=5, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        for mode in modes:
            case = data.draw(operation.as_strategy(generation_mode=mode))
            # Its way into a WSGI application does not unpack what is packed.
            # GeoReport passes over parameters that it does not know, and takes empty ones for absent.
            lenient = "/open311/" in operation.path
            checks = [each for each in CHECKS if not lenient or each is not negative_data_rejection]
            case.call_and_validate(checks=checks, headers={"Accept-Encoding": "identity"})

    run()
