"""OGC API – Features over HTTP: what the documents say, and which features a query finds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
import shapely
from flask.testing import FlaskClient
from pyproj import Transformer

from tests.api.conftest import Pin, Send

BASE = "/api/features"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OURS = ["tickets", "reports", "service-areas"]
LAYERS = [
    "streets",
    "boundary",
    "council",
    "neighborhood",
    "works",
    "downtown",
    "private",
    "land",
    "lights",
    "hydrants",
]


@pytest.fixture
def items(demo_client: FlaskClient) -> Callable[..., Any]:
    """Ask for the features of a collection."""

    def get(collection: str, **query: Any) -> Any:
        named = {name.replace("_crs", "-crs"): value for name, value in query.items()}
        answer = demo_client.get(f"{BASE}/collections/{collection}/items", query_string=named)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    return get


def links(document: Any) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


def ids(found: Any) -> list[Any]:
    return [feature["id"] for feature in found["features"]]


def test_the_landing_page_leads_everywhere(demo_client: FlaskClient) -> None:
    landing = demo_client.get(BASE).get_json()
    rels = links(landing)
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= rels.keys()
    for rel in ("self", "conformance", "data"):
        assert demo_client.get(rels[rel]).status_code == 200
    classes = demo_client.get(rels["conformance"]).get_json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in classes


def test_each_layer_is_a_collection_with_everything_told_of_it(demo_client: FlaskClient) -> None:
    found = demo_client.get(f"{BASE}/collections").get_json()["collections"]
    assert [each["id"] for each in found] == OURS + LAYERS
    for each in found:
        assert each["crs"] == [CRS84, f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}32616"]
        assert each["storageCrs"] == CRS84
        west, south, east, north = each["extent"]["spatial"]["bbox"][0]
        assert -89.5 < west < east < -89.2
        assert 40.9 < south < north < 41.1
        alone = demo_client.get(f"{BASE}/collections/{each['id']}").get_json()
        assert {name: alone[name] for name in ("id", "crs", "extent")} == {
            name: each[name] for name in ("id", "crs", "extent")
        }


@pytest.mark.parametrize("name", OURS + LAYERS)
def test_features_have_the_properties_that_can_be_asked_for(
    items: Callable[..., Any], demo_client: FlaskClient, send: Send, name: str
) -> None:
    send()
    schema = demo_client.get(f"{BASE}/collections/{name}/queryables")
    assert schema.mimetype == "application/schema+json"
    queryable = schema.get_json()["properties"]
    found = items(name, limit=3)
    assert found["numberReturned"] == len(found["features"]) > 0
    for feature in found["features"]:
        assert feature.keys() == {"type", "id", "geometry", "properties"}
        assert feature["properties"].keys() == queryable.keys() - {"geometry"}
        shape = queryable["geometry"]["format"].removeprefix("geometry-")
        assert feature["geometry"]["type"].lower() == shape
    for prop, value in found["features"][0]["properties"].items():
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            same = items(name, limit=10_000, **{prop: text})
            assert found["features"][0]["id"] in ids(same), prop
            assert {feature["properties"][prop] for feature in same["features"]} == {value}


def test_one_feature(demo_client: FlaskClient, send: Send, pins: list[Pin]) -> None:
    number = send(at=pins[1], description="Paint on the wall")
    answer = demo_client.get(f"{BASE}/collections/reports/items/{number}")
    assert answer.mimetype == "application/geo+json"
    found = answer.get_json()
    assert found["id"] == number
    assert found["properties"]["description"] == "Paint on the wall"
    assert found["geometry"]["coordinates"] == pytest.approx(pins[1], abs=1e-7)
    ticket = demo_client.get(
        f"{BASE}/collections/tickets/items/{found['properties']['ticket_id']}"
    ).get_json()
    assert ticket["properties"]["service_code"] == "graffiti"
    assert {"self", "alternate", "collection"} == links(ticket).keys()


@pytest.mark.parametrize("path", ["reports/items/none", "tickets/items/x", "tickets/items/999999999999999999999",
                                  "streets/items/a%00b", "reports/items/a/b", "tickets/items/1.5"])  # fmt: skip
def test_a_feature_that_is_not_there_is_404(demo_client: FlaskClient, path: str) -> None:
    answer = demo_client.get(f"{BASE}/collections/{path}")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_a_box_finds_what_it_touches(items: Callable[..., Any], send: Send, pins: list[Pin]) -> None:
    numbers = [send(at=pin) for pin in pins[:4]]
    lon, lat = pins[2]
    box = f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    assert ids(items("reports", bbox=box)) == [numbers[2]]
    heights = f"{lon - 1e-4},{lat - 1e-4},-10,{lon + 1e-4},{lat + 1e-4},10"
    assert ids(items("reports", bbox=heights)) == [numbers[2]]
    assert ids(items("reports", bbox=f"{lon},{lat},{lon},{lat}")) == [numbers[2]]
    # Across the meridian of 180°, all around the globe but for the city.
    assert ids(items("reports", bbox="0,-90,-179,90")) == []
    assert set(ids(items("reports", bbox="-90,40,-89,42"))) == set(numbers)


@pytest.mark.parametrize(("srid", "north_first"), [(4326, True), (3857, False), (32616, False)])
def test_boxes_and_features_in_each_crs(
    demo_client: FlaskClient,
    items: Callable[..., Any],
    send: Send,
    pins: list[Pin],
    srid: int,
    north_first: bool,
) -> None:
    numbers = [send(at=pin) for pin in pins[:3]]
    uri = f"{EPSG}{srid}"
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(*pins[1])
    near = 1e-4 if srid == 4326 else 20
    box = (
        [y - near, x - near, y + near, x + near] if north_first else [x - near, y - near, x + near, y + near]
    )
    found = items("reports", bbox=",".join(map(str, box)), bbox_crs=uri, crs=uri)
    assert ids(found) == [numbers[1]]
    expected = (y, x) if north_first else (x, y)
    assert found["features"][0]["geometry"]["coordinates"] == pytest.approx(
        expected, abs=1e-6 if near < 1 else 2e-3
    )
    answer = demo_client.get(f"{BASE}/collections/reports/items/{numbers[1]}", query_string={"crs": uri})
    assert answer.headers["Content-Crs"] == f"<{uri}>"
    plain = demo_client.get(f"{BASE}/collections/reports/items")
    assert plain.headers["Content-Crs"] == f"<{CRS84}>"


def test_a_polygon_is_whole_in_another_crs(items: Callable[..., Any]) -> None:
    here = [shapely.geometry.shape(each["geometry"]) for each in items("council")["features"]]
    there = [
        shapely.geometry.shape(each["geometry"]) for each in items("council", crs=f"{EPSG}3857")["features"]
    ]
    to_lonlat = Transformer.from_crs(3857, 4326, always_xy=True).transform
    for one, other in zip(here, there, strict=True):
        assert other.is_valid
        back = shapely.transform(other, lambda c: np.column_stack(to_lonlat(c[:, 0], c[:, 1])))
        assert shapely.hausdorff_distance(one, back) < 1e-7


def test_datetime_finds_instants_days_and_intervals(
    items: Callable[..., Any], send: Send, pins: list[Pin], made_at: Callable[[str, str], None]
) -> None:
    early, late = send(at=pins[0]), send(at=pins[1])
    # Half past eleven in the evening in the city is the next day in UTC.
    made_at(early, "2026-03-02T05:30:00Z")
    made_at(late, "2026-03-09T12:00:00Z")
    for asked, found in [
        ("2026-03-02T05:30:00Z", [early]),
        ("2026-03-01T23:30:00-06:00", [early]),
        ("2026-03-01", [early]),
        ("2026-03-02", []),
        ("../2026-03-05T00:00:00Z", [early]),
        ("/2026-03-05T00:00:00Z", [early]),
        ("2026-03-05T00:00:00Z/..", [late]),
        ("2026-03-01/2026-03-09", [late, early]),
        ("../..", [late, early]),
        ("2026-03-09T12:00:00.000000001Z/..", [late]),
    ]:
        assert ids(items("reports", datetime=asked)) == found, asked
    # What has no time is there at any time.
    assert items("lights", datetime="1999-01-01T00:00:00Z", limit=1)["features"]


def test_filters_hold_together(items: Callable[..., Any], send: Send, pins: list[Pin]) -> None:
    first, second = send(at=pins[0]), send(at=pins[1], service_code="sign")
    assert ids(items("reports", service_code="sign", open="true")) == [second]
    assert ids(items("reports", service_code="sign", open="false")) == []
    assert ids(items("reports", service_code="graffiti")) == [first]


def test_a_number_too_large_for_its_column_finds_nothing(items: Callable[..., Any]) -> None:
    assert items("tickets", priority=-510570)["features"] == []


@pytest.mark.parametrize(
    ("accept", "f", "expected"),
    [
        (None, None, "application/geo+json"),
        ("*/*", None, "application/geo+json"),
        ("application/json", None, "application/geo+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None, "text/html"),
        ("text/html", "json", "application/geo+json"),
        ("application/geo+json", "html", "text/html"),
    ],
)
def test_accept_and_f_choose_the_form(
    demo_client: FlaskClient, send: Send, accept: str | None, f: str | None, expected: str
) -> None:
    send()
    answer = demo_client.get(
        f"{BASE}/collections/tickets/items",
        headers={"Accept": accept} if accept else {},
        query_string={"f": f} if f else {},
    )
    assert (answer.status_code, answer.mimetype) == (200, expected)
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["", "/conformance", "/collections", "/collections/council", "/collections/reports/queryables",
             "/collections/reports/items", "/collections/council/items/1"]
)  # fmt: skip
def test_each_document_is_a_page_too(demo_client: FlaskClient, send: Send, path: str) -> None:
    send(description="<script>alert(1)</script>")
    page = demo_client.get(BASE + path, headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert page.text.count("<h1>") == 1
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("collection", ["tickets", "reports", "streets", "service-areas"])
def test_a_page_of_features_takes_three_statements(
    demo_client: FlaskClient,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
    send: Send,
    pins: list[Pin],
    collection: str,
) -> None:
    for pin in pins[:3]:
        send(at=pin)
    path = f"{BASE}/collections/{collection}/items?limit=1"
    demo_client.get(path)
    for _ in range(2):
        with demo_statements() as statements:
            found = demo_client.get(path).get_json()
        tables = ["FROM city", "FROM edition", "LIMIT"]
        assert [word in statement for word, statement in zip(tables, statements, strict=True)] == [True] * 3
        assert "OFFSET" not in statements[2]
        path = links(found)["next"]
