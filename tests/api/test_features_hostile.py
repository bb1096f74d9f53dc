"""Whatever is asked of OGC API – Features, the answer is 2xx or a problem that names the parameter."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BASE = "/api/features/collections"
PARAMETERS = [
    "f",
    "crs",
    "bbox",
    "bbox-crs",
    "datetime",
    "limit",
    "cursor",
    "open",
    "due_at",
    "house_number",
    "x",
]
ANY_BYTES = st.binary(max_size=30) | st.text(max_size=30).map(lambda words: words.encode("utf-8", "replace"))
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=1_0", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=" + "9" * 500, "limit"),
        ("limit=1&limit=2", "limit"),
        ("limit=1&limit=1", "limit"),
        ("bbox=", "bbox"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=nan,nan,nan,nan", "bbox"),
        ("bbox=0,0,inf,1", "bbox"),
        ("bbox=0,5,1,4", "bbox"),
        ("bbox=-181,0,0,1", "bbox"),
        ("bbox=0,0,1,91", "bbox"),
        (f"bbox=5,0,1,4&bbox-crs={MERCATOR}", "bbox"),
        (f"bbox=0,0,1e300,1e300&bbox-crs={MERCATOR}", "bbox"),
        ("bbox=0,0,1e300,1e300&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/32616", "bbox"),
        ("bbox-crs=EPSG:3857", "bbox-crs"),
        ("crs=EPSG:3857", "crs"),
        ("crs=http://www.opengis.net/def/crs/EPSG/0/2249", "crs"),
        ("datetime=", "datetime"),
        ("datetime=..", "datetime"),
        ("datetime=yesterday", "datetime"),
        ("datetime=2026-02-30", "datetime"),
        ("datetime=2026-01-01T00:00:00", "datetime"),
        ("datetime=2026-01-01T25:00:00Z", "datetime"),
        ("datetime=9999-12-31", "datetime"),
        ("datetime=0001-01-01T00:00:00%2B14:00", "datetime"),
        ("datetime=2026-02-01/2026-01-01", "datetime"),
        ("datetime=2026-01-01/2026-01-02/2026-01-03", "datetime"),
        ("cursor=", "cursor"),
        ("cursor=1", "cursor"),
        ("cursor=0.-1", "cursor"),
        ("cursor=0." + "9" * 19, "cursor"),
        ("f=xml", "f"),
        ("open=yes", "open"),
        ("house_number=1.5", "house_number"),
        ("house_number=99999999999", "house_number"),
        ("opened_at=2026", "opened_at"),
        ("nonsense=1", "nonsense"),
        ("status=a%00b", "status"),
        ("status=%ff%fe", "status"),
        ("status=%ed%a0%80", "status"),
        ("status=" + "x" * 3000, "status"),
        ("%ff=1", "UTF-8"),
        ("&".join(f"p{i}=1" for i in range(500)), "parameters"),
    ],
)
def test_a_bad_parameter_is_named(demo_client: FlaskClient, query: str, named: str) -> None:
    answer = demo_client.get(f"{BASE}/tickets/items?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.mimetype == "application/problem+json"
    detail = answer.get_json()["detail"]
    assert detail.startswith(f"{named}: ") or named in ("UTF-8", "parameters")
    assert named in detail
    assert len(detail) < 700


def test_an_edition_that_never_was_is_an_empty_page(demo_client: FlaskClient) -> None:
    assert demo_client.get(f"{BASE}/lights/items?cursor=99999.1").get_json()["features"] == []
    for wrong in ("abc.1", "9999999999999.1"):
        assert demo_client.get(f"{BASE}/lights/items?cursor={wrong}").status_code == 400


def test_wrong_paths_and_methods(demo_client: FlaskClient) -> None:
    for method, path, status in [
        ("get", f"{BASE}/nothing", 404),
        ("get", f"{BASE}/nothing/items", 404),
        ("get", f"{BASE}/tickets/nothing", 404),
        ("get", f"{BASE}/%ff%00/items", 404),
        ("post", f"{BASE}/tickets/items", 405),
        ("delete", f"{BASE}/tickets/items/1", 405),
    ]:
        answer = getattr(demo_client, method)(path)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["tickets/items", "reports/items", "streets/items", "tickets/items/1", "council"]),
    st.lists(st.tuples(st.sampled_from(PARAMETERS), ANY_BYTES), max_size=3),
)
def test_any_query_at_all(demo_client: FlaskClient, path: str, pairs: list[tuple[str, bytes]]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
    answer = demo_client.get(f"{BASE}/{path}?{query}")
    assert answer.status_code in (200, 400, 404)
    if answer.status_code != 200:
        assert answer.mimetype == "application/problem+json"
