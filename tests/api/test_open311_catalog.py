"""What Open311 says of itself: where it is, what can be asked for, and what is not there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import Pin

V2 = "/open311/v2"


@pytest.mark.parametrize("path", ["/open311/v2/discovery", "/open311/test/v2/discovery", "/discovery"])
def test_discovery_names_two_endpoints_and_two_formats(demo_client: FlaskClient, path: str) -> None:
    answer = demo_client.get(f"{path}.json")
    assert answer.headers["Content-Type"] == "application/json"
    found = answer.get_json()
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    assert "Alder Falls" in found["contact"]
    assert datetime.fromisoformat(found["changeset"]) < datetime.now(UTC)
    assert [endpoint["type"] for endpoint in found["endpoints"]] == ["production", "test"]
    for endpoint in found["endpoints"]:
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert endpoint["formats"] == ["text/xml", "application/json"]
        assert datetime.fromisoformat(endpoint["changeset"]) < datetime.now(UTC)
        assert demo_client.get(endpoint["url"] + "services.json").status_code == 200

    answer = demo_client.get(f"{path}.xml")
    assert answer.headers["Content-Type"] == "text/xml"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "discovery"
    assert [each.text for each in root.findall("endpoints/endpoint[1]/formats/format")] == [
        "text/xml",
        "application/json",
    ]


def test_services_in_both_formats(demo_client: FlaskClient) -> None:
    answer = demo_client.get(f"{V2}/services.json")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    services = answer.get_json()
    pothole = next(service for service in services if service["service_code"] == "pothole")
    assert pothole == {
        "service_code": "pothole",
        "service_name": "Pothole",
        "description": "A hole in the road surface.",
        "metadata": True,
        "type": "realtime",
        "keywords": "hole, road damage, asphalt, bump, crater",
        "group": "Streets",
    }
    answer = demo_client.get(f"{V2}/services.xml")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "services"
    assert [service.findtext("service_code") for service in root.findall("service")] == [
        service["service_code"] for service in services
    ]
    assert root.findtext("service[1]/metadata") == "true"


def test_services_at_a_point_are_those_offered_there(demo_client: FlaskClient, pins: list[Pin]) -> None:
    lon, lat = pins[0]
    everything = demo_client.get(f"{V2}/services.json").get_json()
    here = demo_client.get(f"{V2}/services.json", query_string={"lat": lat, "long": lon}).get_json()
    assert here == everything
    at_sea = demo_client.get(f"{V2}/services.json?lat=0&long=0")
    assert at_sea.get_json() == []
    assert demo_client.get(f"{V2}/services.json?lat=0").status_code == 400


def test_a_definition_lists_the_questions_in_order(demo_client: FlaskClient) -> None:
    found = demo_client.get(f"{V2}/services/pothole.json").get_json()
    assert found["service_code"] == "pothole"
    assert [attribute["order"] for attribute in found["attributes"]] == [1, 2]
    first = found["attributes"][0]
    assert first["code"] == "where"
    assert first["datatype"] == "singlevaluelist"
    assert first["variable"] is True
    assert first["required"] is True
    assert first["values"][0] == {"key": "lane", "name": "Driving lane"}
    root = ElementTree.fromstring(demo_client.get(f"{V2}/services/pothole.xml").data)
    assert root.tag == "service_definition"
    assert [value.findtext("key") for value in root.findall("attributes/attribute[1]/values/value")] == [
        value["key"] for value in first["values"]
    ]
    assert demo_client.get(f"{V2}/services/sign.json").get_json()["attributes"] == []


def refused(answer: TestResponse, status: int, parameter: str) -> None:
    assert answer.status_code == status, answer.text
    if answer.mimetype == "application/json":
        (error,) = answer.get_json()
        code, description = error["code"], error["description"]
    else:
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
        root = ElementTree.fromstring(answer.data)
        assert root.tag == "errors"
        code, description = root.findtext("error/code"), root.findtext("error/description") or ""
    assert int(code) == status
    assert parameter in description


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        ("services/no-such.json", 404, "service_code"),
        ("services/no-such.xml", 404, "service_code"),
        ("requests/000-000-001.json", 404, "service_request_id"),
        ("requests/nonsense.xml", 404, "service_request_id"),
        ("tokens/nonsense.xml", 404, "token"),
        ("requests.json?service_code=no-such", 404, "service_code"),
        ("services.json?jurisdiction_id=atlantis", 404, "jurisdiction_id"),
        ("requests.xml?jurisdiction_id=atlantis", 404, "jurisdiction_id"),
        ("discovery.xml?jurisdiction_id=atlantis", 404, "jurisdiction_id"),
        ("requests", 404, "path"),
        ("requests.pdf", 404, "path"),
        ("no/such/thing.json", 404, "path"),
    ],
)
def test_what_is_not_there_is_404(demo_client: FlaskClient, path: str, status: int, parameter: str) -> None:
    refused(demo_client.get(f"{V2}/{path}"), status, parameter)


def test_another_method_is_405(demo_client: FlaskClient) -> None:
    answer = demo_client.delete(f"{V2}/services.json")
    refused(answer, 405, "DELETE")
    assert "GET" in answer.headers["Allow"]


def test_any_web_site_may_read(demo_client: FlaskClient) -> None:
    assert demo_client.get(f"{V2}/services.json").headers["Access-Control-Allow-Origin"] == "*"
