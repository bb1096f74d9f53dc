"""CQL2 filters: the same answers from text and JSON, with the caller's rights, and errors that name the part."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import cql2
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from tests.api.conftest import Pin, Send
from tests.api.test_features import BASE, ids
from tests.pages.people import sign_in

ITEMS = f"{BASE}/collections/reports/items"
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
Ask = Callable[..., Any]


@pytest.fixture
def numbers(demo_session: Session, send: Send, pins: list[Pin]) -> dict[str, str]:
    """Four reports by a short name, far from one another; one of a service that is not public."""
    sent = {
        "a": send(at=pins[0], description="Main wall", address_string="1 Main St"),
        "b": send(at=pins[1], description="Bridge", address_string="2 main st"),
        "c": send(at=pins[2], description="100% of it", service_code="dead-animal"),
        "private": send(at=pins[3], service_code="housing"),
    }
    days = {"a": "2026-01-10T12:00:00Z", "b": "2026-02-10T12:00:00Z", "c": "2026-03-10T12:00:00Z"}
    for name, day in days.items():
        demo_session.execute(
            text("update report set requested_at = :day where tracking_number = :number"),
            {"day": day, "number": sent[name]},
        )
    demo_session.commit()
    return sent


def asked(client: FlaskClient, said: str, **more: str) -> Any:
    return client.get(f"{ITEMS}?{urlencode({'filter': said} | more)}")


@pytest.fixture
def found(demo_client: FlaskClient, numbers: dict[str, str]) -> Ask:
    """The short names of what a text finds; CQL2-JSON of the same must find the same."""
    named = {number: name for name, number in numbers.items()}

    def ask(said: str, **more: str) -> str:
        as_json = json.dumps(cql2.parse_text(said).to_json())
        answers = [
            asked(demo_client, said, **more),
            asked(demo_client, as_json, **{"filter-lang": "cql2-json"}, **more),
        ]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        first, second = (sorted(named[number] for number in ids(answer.get_json())) for answer in answers)
        assert first == second
        return " ".join(first)

    return ask


MEANT = [
    ("service_code = 'graffiti'", "a b"),
    ("service_code <> 'graffiti'", "c"),
    ("service_code IN ('dead-animal', 'nothing')", "c"),
    ("NOT service_code IN ('dead-animal')", "a b"),
    ("description LIKE 'Main%'", "a"),
    ("CASEI(address) LIKE CASEI('%MAIN%')", "a b"),
    ("description LIKE '100\\% %'", "c"),
    ("CASEI(address) = CASEI('2 MAIN ST')", "b"),
    ("ticket_id > 0 AND ticket_id < 1e18", "a b c"),
    ("ticket_id > 99999999999999999999999", ""),
    ("ticket_id BETWEEN -1.5 AND 0.5", ""),
    ("ticket_id IN (1.5, 2.5)", ""),
    ("open", "a b c"),
    ("NOT open", ""),
    ("open = TRUE AND description = 'Bridge'", "b"),
    ("closed_at IS NULL", "a b c"),
    ("requested_at IS NOT NULL AND geometry IS NOT NULL", "a b c"),
    ("requested_at > TIMESTAMP('2026-01-10T12:00:00Z')", "b c"),
    ("requested_at >= TIMESTAMP('2026-01-10T12:00:00Z')", "a b c"),
    ("requested_at = DATE('2026-02-10')", "b"),
    ("requested_at < DATE('2026-02-10')", "a"),
    ("requested_at <= DATE('2026-02-10')", "a b"),
    ("requested_at > DATE('2026-02-10')", "c"),
    ("requested_at BETWEEN DATE('2026-01-10') AND DATE('2026-02-10')", "a b"),
    ("T_AFTER(requested_at, DATE('2026-02-10'))", "c"),
    ("T_BEFORE(requested_at, TIMESTAMP('2026-02-10T12:00:00Z'))", "a"),
    ("T_DURING(requested_at, INTERVAL('2026-01-11', '..'))", "b c"),
    ("T_INTERSECTS(requested_at, INTERVAL('..', '2026-02-10'))", "a b"),
    ("T_DISJOINT(requested_at, INTERVAL('2026-02-01', '2026-02-28'))", "a c"),
    ("T_EQUALS(requested_at, requested_at)", "a b c"),
    ("T_STARTS(requested_at, INTERVAL(requested_at, '..'))", "a b c"),
    ("T_CONTAINS(INTERVAL('2026-01-01', '2026-02-01'), requested_at)", "a"),
    ("T_METBY(INTERVAL(requested_at, '..'), INTERVAL('2026-01-01', '2026-02-01'))", ""),
    ("service = service AND description <> address", "a b c"),
    ("description = 'Bridge' OR service_code = 'dead-animal' AND open", "b c"),
    ("(description = 'Bridge' OR service_code = 'dead-animal') AND NOT open", ""),
    ("service_code = 'housing'", ""),
    ("S_INTERSECTS(geometry, BBOX(-180, -90, 180, 90))", "a b c"),
    ("S_WITHIN(geometry, POLYGON((0 0, 1 0, 1 1, 0 0)))", ""),
    ("S_DISJOINT(geometry, POINT(0 0))", "a b c"),
]


def test_text_and_json_find_what_is_meant(found: Ask) -> None:
    assert {said: found(said) for said, _ in MEANT} == dict(MEANT)


def test_shapes_are_in_the_crs_named(
    found: Ask, demo_client: FlaskClient, numbers: dict[str, str], pins: list[Pin]
) -> None:
    lon, lat = pins[1]
    assert (
        found(f"S_INTERSECTS(geometry, BBOX({lon - 1e-4}, {lat - 1e-4}, {lon + 1e-4}, {lat + 1e-4}))") == "b"
    )
    one = demo_client.get(f"{ITEMS}/{numbers['b']}?crs={MERCATOR}").get_json()["geometry"]["coordinates"]
    box = ", ".join(str(value) for value in (one[0] - 10, one[1] - 10, one[0] + 10, one[1] + 10))
    assert found(f"S_INTERSECTS(geometry, BBOX({box}))", **{"filter-crs": MERCATOR}) == "b"
    west, south, east, north = one[0] - 10, one[1] - 10, one[0] + 10, one[1] + 10
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    assert found(f"S_CONTAINS(POLYGON(({ring})), geometry)", **{"filter-crs": MERCATOR}) == "b"


def test_a_filter_opens_nothing_that_the_caller_may_not_see(
    found: Ask, demo_client: FlaskClient, numbers: dict[str, str]
) -> None:
    said = "service_code = 'housing' OR TRUE = TRUE"
    assert found(said) == "a b c"
    sign_in(demo_client, "agent")
    assert found(said) == "a b c private"
    answer = asked(demo_client, "contact_id > 0")
    assert answer.status_code == 400
    assert "contact_id is not a property here" in answer.get_json()["detail"]


def test_a_walk_keeps_its_filter(demo_client: FlaskClient, numbers: dict[str, str]) -> None:
    query = urlencode({"filter": "service_code = 'graffiti'", "limit": 1})
    seen, path = [], f"{ITEMS}?{query}"
    while path:
        page = demo_client.get(path).get_json()
        seen += ids(page)
        path = {each["rel"]: each["href"] for each in page["links"]}.get("next", "")
    assert seen == [numbers["b"], numbers["a"]]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("status = 'new' AND", "line 1, character"),
        ("status = ", "line 1, character"),
        ("ticket_id = 'x'", "ticket_id = 'x': 'x' is a text, where a number belongs"),
        ("open AND ticket_id = TRUE", "ticket_id = true: true is true or false"),
        ("requested_at > '2026-01-01'", "TIMESTAMP("),
        ("open > FALSE", "does not compare"),
        ("geometry = geometry", "does not compare"),
        ("description", "where a condition belongs"),
        ("1", "where a condition belongs"),
        ("nothing = 1", "nothing is not a property here; there are: tracking_number"),
        ("requested_at > TIMESTAMP('soon')", "soon"),
        ("requested_at > TIMESTAMP('2026-13-01T00:00:00Z')", "no time that there is"),
        ("requested_at > DATE('2026-02-30')", "no day that there is"),
        ("T_AFTER(requested_at, 5)", "where a time belongs"),
        ("T_DURING(requested_at, INTERVAL('soon', '..'))", "is not a date-time"),
        ("S_INTERSECTS(geometry, 'x')", "where a shape belongs"),
        (
            "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))",
            "not a valid shape: Self-intersection",
        ),
        ("S_INTERSECTS(geometry, POINT(181 0))", "not on the Earth"),
        ("S_INTERSECTS(geometry, POINT(1e400 0))", "is not CQL2 text"),
        ("S_INTERSECTS(geometry, BBOX(0, 10, 1, 0))", "second corner"),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0), POINT(1 1)))", "is none of Point"),
        ("S_DWITHIN(geometry, POINT(0 0), 3)", "not known here"),
        ("description LIKE 'x\\'", "last backslash"),
        ("description LIKE address", "a pattern is a text"),
        ("ticket_id + 1 = 2", "not known here"),
        ("ACCENTI(description) = 'x'", "not known here"),
        ("CASEI(ticket_id) = 'x'", "where a text belongs"),
        ("(" * 30, "parenthes"),
        ("(" * 9 + "open" + ")" * 9, "more than 8 parentheses"),
        (")(", "not in pairs"),
        ("NOT " * 60 + "open", "nests more than 20"),
        (f"ticket_id IN ({','.join(['1'] * 1500)})", "more than 1,000 parts"),
        ("x" * 7000, "longer than"),
        ("", "is not CQL2 text"),
    ],
)
def test_a_wrong_text_is_told_where(demo_client: FlaskClient, said: str, named: str) -> None:
    answer = asked(demo_client, said)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), answer.text
    assert answer.get_json()["detail"].startswith("filter: ")
    assert named in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("{", "not JSON at line 1, character 2"),
        ("[]", "is no value"),
        ("null", "is no value"),
        ('{"op": "and"}', "list of args"),
        ('{"op": "and", "args": []}', "takes"),
        ('{"op": "not", "args": [true, true]}', "takes 1 args"),
        ('{"op": "=", "args": [{"property": "ticket_id"}, NaN]}', "numbers that there are"),
        ('{"op": "=", "args": [{"property": ["ticket_id"]}, 1]}', "not a property here"),
        ('{"op": "=", "args": [{"property": "description"}, "\\u0000"]}', "NUL"),
        ('{"op": "=", "args": [{"property": "description"}, "\\ud800"]}', "half a character"),
        ('{"op": "in", "args": [{"property": "description"}, []]}', "list of values"),
        ('{"op": "in", "args": [{"property": "description"}, "x"]}', "list of values"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": ["x", 1]}]}', "no such coordinates"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, 3]}]}', "four or six"),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, 3, true]}]}', "four or six"),
        ('{"op": "t_after", "args": [{"property": "requested_at"}, {"interval": "x"}]}', "interval of two times"),
        ('{"op": "t_after", "args": [{"property": "requested_at"}, {"timestamp": 5}]}', "is not a timestamp"),
        ('{"op": {"op": "="}, "args": [1, 1]}', "not known here"),
        ("[" * 3000, "levels"),
    ],
)  # fmt: skip
def test_wrong_json_is_told_where(demo_client: FlaskClient, said: str, named: str) -> None:
    answer = asked(demo_client, said, **{"filter-lang": "cql2-json"})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), answer.text
    assert answer.get_json()["detail"].startswith("filter: ")
    assert named in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "wrong", [{"filter-lang": "cql"}, {"filter-crs": "EPSG:4326"}, {"filter-crs": MERCATOR + "9"}]
)
def test_other_languages_and_systems_are_refused(demo_client: FlaskClient, wrong: dict[str, str]) -> None:
    answer = asked(demo_client, "open", **wrong)
    assert answer.status_code == 400
    assert answer.get_json()["detail"].startswith(f"{next(iter(wrong))}: ")


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5),
    st.sampled_from([{"property": name} for name in ("ticket_id", "open", "description", "requested_at", "geometry")]),
    st.sampled_from([{"date": "2026-05-04"}, {"timestamp": "2026-05-04T12:00:00Z"}, {"interval": ["..", ".."]}]),
    st.just({"type": "Point", "coordinates": [0, 0]}), st.just({"bbox": [0, 0, 1, 1]}),
)  # fmt: skip
OPS = [
    "and",
    "or",
    "not",
    "=",
    "<>",
    "<",
    "like",
    "in",
    "between",
    "isNull",
    "casei",
    "s_within",
    "t_after",
    "t_meets",
]
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"op": st.sampled_from(OPS), "args": st.lists(inner, max_size=3)}),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(TREES)
def test_whatever_is_asked_is_answered_or_refused(demo_client: FlaskClient, city: City, tree: Any) -> None:
    answer = asked(demo_client, json.dumps(tree), **{"filter-lang": "cql2-json", "limit": "1"})
    assert answer.status_code in (200, 400), (tree, answer.text)
