"""Whatever is sent to Open311, the answer is 2xx or a 4xx that names the parameter, in the right form."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.api.conftest import REQUESTS

V2 = "/open311/v2"
PARAMETERS = [
    "jurisdiction_id", "service_request_id", "service_code", "start_date", "end_date", "status", "page",
    "page_size", "updated_after", "updated_before", "bbox", "extensions", "lat", "long",
]  # fmt: skip

ANY_BYTES = st.binary(max_size=40) | st.text(max_size=40).map(lambda words: words.encode("utf-8", "replace"))


def descriptions(answer: TestResponse) -> list[str]:
    if answer.mimetype == "application/json":
        return [error["description"] for error in answer.get_json()]
    return [node.text or "" for node in ElementTree.fromstring(answer.data).findall("error/description")]


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("start_date=yesterday", "start_date"),
        ("start_date=2026-13-01", "start_date"),
        ("start_date=2026-W01-1", "start_date"),
        ("start_date=0001-01-01T00:00:00%2B14:00", "start_date"),
        ("end_date=9999-12-31T23:59:59-14:00", "end_date"),
        ("end_date=99999-01-01", "end_date"),
        ("start_date=2026-02-02&end_date=2026-01-01", "start_date"),
        ("updated_after=2026-02-02&updated_before=2026-01-01", "updated_after"),
        ("updated_after=x", "updated_after"),
        ("updated_before=x", "updated_before"),
        ("start_date=2026-01-01&start_date=2026-01-02", "start_date"),
        ("status=open,broken", "status"),
        ("status=" + "open," * 30 + "x", "status"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=9" + "9" * 18, "page"),
        ("page=" + "9" * 150, "page"),
        ("page=1&page=2", "page"),
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=ten", "page_size"),
        ("page_size=%D9%A1", "page_size"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=nan,nan,nan,nan", "bbox"),
        ("bbox=10,2,3,4", "bbox"),
        ("bbox=-200,0,0,1", "bbox"),
        ("extensions=maybe", "extensions"),
        ("service_request_id=" + ",".join(f"id{i}" for i in range(10_000)), "service_request_id"),
        ("service_request_id=" + "x" * 300, "service_request_id"),
        ("service_code=" + ",".join(f"c{i}" for i in range(10_000)), "service_code"),
        ("service_code=a%00b", "service_code"),
        ("service_code=%ff%fe", "service_code"),
        ("service_code=caf%e9", "service_code"),
        ("service_code=%ed%a0%80", "service_code"),
        ("%ff=1", "UTF-8"),
        ("&".join(f"p{i}=1" for i in range(1500)), "parameters"),
    ],
)
def test_a_bad_parameter_is_named(demo_client: FlaskClient, form: str, query: str, named: str) -> None:
    answer = demo_client.get(f"{V2}/requests.{form}?{query}")
    assert answer.status_code == 400, answer.text
    (description,) = descriptions(answer)
    assert named in description
    assert len(description) < 300


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["requests", "services", "services/pothole", "discovery", "requests/000-000-001"]),
    st.sampled_from(["xml", "json"]),
    st.lists(st.tuples(st.sampled_from(PARAMETERS), ANY_BYTES), max_size=4),
)
def test_any_query_at_all(
    demo_client: FlaskClient, path: str, form: str, pairs: list[tuple[str, bytes]]
) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
    check(demo_client.get(f"{V2}/{path}.{form}?{query}"), form)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["xml", "json"]),
    st.dictionaries(
        st.sampled_from(
            [
                "service_code",
                "lat",
                "long",
                "address_string",
                "description",
                "email",
                "phone",
                "first_name",
                "media_url",
                "attribute[where]",
                "attribute[what][]",
                "attribute[",
                "account_id",
            ]
        ),
        ANY_BYTES,
    ),
    st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json", ""]
    ),
)
def test_any_form_at_all(
    demo_client: FlaskClient, key: str, pins: list[Any], form: str, fields: dict[str, bytes], kind: str
) -> None:
    body = {
        "api_key": key.encode(),
        "service_code": b"graffiti",
        "lat": b"%f" % pins[0][1],
        "long": b"%f" % pins[0][0],
    }
    body |= fields
    if kind.startswith("multipart"):
        data = (
            b"".join(
                b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
                for name, value in body.items()
            )
            + b"--b--\r\n"
        )
    else:
        data = "&".join(f"{quote(name)}={quote(value)}" for name, value in body.items()).encode()
    check(demo_client.post(f"{V2}/requests.{form}", data=data, content_type=kind), form)


def check(answer: TestResponse, form: str) -> None:
    assert answer.status_code < 500, answer.text
    if form == "xml":
        ElementTree.fromstring(answer.data)
    else:
        answer.get_json()
    if answer.status_code >= 400:
        assert descriptions(answer)


def test_a_number_of_any_length_is_just_not_there(demo_client: FlaskClient) -> None:
    for number in ("x" * 5000, "%00", "%ff", "..%2f..", "'; drop table report", "\u202e"):
        answer = demo_client.get(f"{V2}/requests/{number}.json")
        assert 400 <= answer.status_code < 500


def test_a_body_that_is_too_large_or_of_another_kind(demo_client: FlaskClient, key: str) -> None:
    form = "application/x-www-form-urlencoded"
    answer = demo_client.post(REQUESTS, data=b"description=" + b"x" * 2_000_000, content_type=form)
    assert answer.status_code == 413
    assert descriptions(answer)
    answer = demo_client.post(REQUESTS, data=b'{"api_key": "x"}', content_type="application/json")
    assert answer.status_code == 400
    assert "Content-Type" in descriptions(answer)[0]
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    answer = demo_client.post(REQUESTS.replace("json", "xml"), data=bomb, content_type="text/xml")
    assert answer.status_code == 400
    answer = demo_client.post(REQUESTS, data=b"--b\r\nbroken", content_type="multipart/form-data; boundary=b")
    assert 400 <= answer.status_code < 500


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><request><service_code>&i;</service_code><file>&b;</file></request>"
)


@pytest.mark.parametrize("path", ["requests.xml", "servicerequestupdates.xml"])
@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "application/json", "text/plain"])
def test_a_body_that_is_no_form_is_never_parsed(demo_client: FlaskClient, path: str, kind: str) -> None:
    answer = demo_client.post(f"{V2}/{path}", data=BOMB, content_type=kind)
    assert answer.status_code == 400
    assert descriptions(answer)[0].startswith("Content-Type")


@pytest.mark.parametrize("path", ["requests", "servicerequestupdates"])
def test_ten_thousand_ids_are_refused_before_anything_is_asked(demo_client: FlaskClient, path: str) -> None:
    ids = ",".join(f"K7Q-M4X-{i:03d}" for i in range(10_000))
    answer = demo_client.get(f"{V2}/{path}.json", query_string={"service_request_id": ids})
    assert answer.status_code == 400
    assert descriptions(answer)[0].startswith("service_request_id: names 10,000 values")


@pytest.mark.parametrize(
    "name", ["start_date", "end_date", "page", "page_size", "api_key", "jurisdiction_id"]
)
@pytest.mark.parametrize("value", ["%ff", "a%00b", "x" * 5000])
def test_updates_name_a_bad_parameter(demo_client: FlaskClient, name: str, value: str) -> None:
    answer = demo_client.get(f"{V2}/servicerequestupdates.json?{name}={value}")
    assert 400 <= answer.status_code < 500
    assert descriptions(answer)[0].startswith(name)


@pytest.mark.parametrize("path", ["requests", "servicerequestupdates"])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_question_that_takes_too_long_is_ended_with_what_to_do(
    demo_client: FlaskClient, demo_session: Session, demo_engine: Engine, path: str, form: str
) -> None:
    with demo_engine.connect() as other:
        # Whatever the database waits for: here for a table that somebody else has.
        other.execute(text("lock table timeline in access exclusive mode"))
        demo_session.execute(text("set local statement_timeout = '100ms'"))
        answer = demo_client.get(f"{V2}/{path}.{form}")
        other.rollback()
    assert answer.status_code == 400
    assert descriptions(answer) == ["This takes too long: narrow start_date, end_date or bbox."]
