"""Sending reports through Open311."""

from __future__ import annotations

from typing import Any

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from layers.models import City
from tests.api.conftest import REQUESTS, Pin
from webapp.people import keys
from webapp.people.demo import KEY, add_demo_key

XML = REQUESTS.replace(".json", ".xml")


@pytest.fixture
def form(key: str, pins: list[Pin]) -> dict[str, Any]:
    """A report that is in order."""
    lon, lat = pins[0]
    return {"api_key": key, "service_code": "graffiti", "lat": lat, "long": lon}


def saved(session: Session, number: str) -> Any:
    return session.execute(
        text(
            "select report.*, st_x(report.geom) as lon, st_y(report.geom) as lat,"
            " contact.name, contact.email, contact.phone"
            " from report left join contact on contact.id = report.contact_id where tracking_number = :n"
        ),
        {"n": number},
    ).one()


def count(session: Session) -> int:
    return session.scalar(text("select count(*) from report")) or 0


def errors(answer: Any) -> list[str]:
    """The descriptions of an answer's errors, each of which repeats its status."""
    if answer.mimetype == "text/xml":
        found = ElementTree.fromstring(answer.data).findall("error")
        assert {error.findtext("code") for error in found} == {str(answer.status_code)}
        return [error.findtext("description") or "" for error in found]
    assert {error["code"] for error in answer.get_json()} == {answer.status_code}
    return [error["description"] for error in answer.get_json()]


def test_a_report_is_taken_in_and_its_number_answered_in_both_formats(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any], pins: list[Pin]
) -> None:
    form |= {
        "description": "Paint", "email": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace",
        "phone": "555 019 2834", "media_url": "https://pictures.example/1.jpg", "account_id": "acc-9",
    }  # fmt: skip
    answer = demo_client.post(REQUESTS, data=form)
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    (made,) = answer.get_json()
    assert made == {
        "service_request_id": made["service_request_id"],
        "service_notice": None,
        "account_id": "acc-9",
    }
    row = saved(demo_session, made["service_request_id"])
    assert (row.channel, row.description, row.media_urls) == ("open311", "Paint", [form["media_url"]])
    assert (row.name, row.email, row.phone) == ("Ada Lovelace", "ada@example.org", "555 019 2834")
    assert (row.lon, row.lat) == pytest.approx(pins[0])
    assert row.due_at > row.requested_at
    assert row.street

    answer = demo_client.post(XML, data=form | {"service_code": "sign"})
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "service_requests"
    number = root.findtext("request/service_request_id")
    assert demo_client.get(f"/open311/v2/requests/{number}.xml").status_code == 200


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [
        ([("attribute[what]", "trash")], ["trash"]),
        ([("attribute[what][]", "trash"), ("attribute[what][]", "yard")], ["trash", "yard"]),
        ([("attribute[what]", "trash"), ("attribute[what]", "yard")], ["trash", "yard"]),
    ],
)
def test_several_answers_to_one_question(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any],
    pairs: list[tuple[str, str]], kept: list[str],
) -> None:  # fmt: skip
    fields = MultiDict([*(form | {"service_code": "missed-trash"}).items(), *pairs])
    answer = demo_client.post(REQUESTS, data=fields)
    assert answer.status_code == 201, answer.text
    assert saved(demo_session, answer.get_json()[0]["service_request_id"]).answers == {"what": kept}


def test_an_address_instead_of_a_point(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any]
) -> None:
    number = demo_client.post(REQUESTS, data=form).get_json()[0]["service_request_id"]
    where = saved(demo_session, number)
    del form["lat"], form["long"]
    address = f"{where.house_number} {where.street}" if where.house_number else where.street
    answer = demo_client.post(REQUESTS, data=form | {"address_string": address, "service_code": "sign"})
    assert answer.status_code == 201, answer.text
    assert saved(demo_session, answer.get_json()[0]["service_request_id"]).street == where.street


def test_multipart_is_taken(demo_client: FlaskClient, form: dict[str, Any]) -> None:
    assert demo_client.post(REQUESTS, data=form, content_type="multipart/form-data").status_code == 201


def test_the_same_submission_again_gets_the_same_number(
    demo_client: FlaskClient, demo_session: Session, city: City, form: dict[str, Any]
) -> None:
    again = {"Idempotency-Key": "7f1c"}
    first = demo_client.post(REQUESTS, data=form, headers=again).get_json()
    assert demo_client.post(REQUESTS, data=form, headers=again).get_json() == first
    assert count(demo_session) == 1
    _, other = keys.add_key(demo_session, city.id, "Another program that counts from 1")
    assert demo_client.post(REQUESTS, data=form | {"api_key": other}, headers=again).get_json() != first
    assert demo_client.post(REQUESTS, data=form).get_json() != first
    assert count(demo_session) == 3
    answer = demo_client.post(REQUESTS, data=form, headers={"Idempotency-Key": "a b"})
    assert answer.status_code == 400
    assert "Idempotency-Key" in errors(answer)[0]


def test_the_test_endpoint_checks_everything_and_keeps_nothing(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any]
) -> None:
    url = "/open311/test/v2/requests.json"
    answer = demo_client.post(url, data=form | {"email": "ada@example.org"})
    assert answer.status_code == 201
    assert answer.get_json()[0]["service_request_id"]
    for table in ("report", "ticket", "timeline", "contact"):
        assert demo_session.scalar(text(f"select count(*) from {table}")) == 0
    assert demo_client.post(url, data=form | {"service_code": "pothole"}).status_code == 400


def test_the_demo_city_has_a_key_to_try(
    demo_client: FlaskClient, demo_session: Session, city: City, form: dict[str, Any]
) -> None:
    assert add_demo_key(demo_session, city.id) == add_demo_key(demo_session, city.id)
    demo_session.commit()
    assert demo_client.post(REQUESTS, data=form | {"api_key": KEY}).status_code == 201
    assert len(keys.all_keys(demo_session, city.id)) == 2


def test_only_with_a_good_key(
    demo_client: FlaskClient, demo_session: Session, city: City, form: dict[str, Any]
) -> None:
    row, revoked = keys.add_key(demo_session, city.id, "Revoked")
    keys.revoke(demo_session, city.id, row.id)
    demo_session.commit()
    for url in (REQUESTS, XML):
        for bad in ("", "nonsense", revoked, "x" * 300, None):
            sent = (
                form | {"api_key": bad}
                if bad is not None
                else {k: v for k, v in form.items() if k != "api_key"}
            )
            answer = demo_client.post(url, data=sent)
            assert answer.status_code == (400 if bad and len(bad) > 200 else 403)
            (description,) = errors(answer)
            assert "api_key" in description
    assert count(demo_session) == 0


@pytest.mark.parametrize("url", [REQUESTS, XML])
@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "no-such"}, 404, "service_code"),
        ({"lat": ""}, 400, "lat"),
        ({"long": ""}, 400, "long"),
        ({"lat": "", "long": ""}, 400, "lat"),
        ({"lat": "", "long": "", "address_id": "77"}, 400, "address_id"),
        ({"lat": "", "long": "", "address_string": "1 Nowhere At All St"}, 400, "address_string"),
        ({"lat": "NaN"}, 400, "lat"),
        ({"lat": "1e999"}, 400, "lat"),
        ({"lat": "91"}, 400, "lat"),
        ({"lat": "41,9"}, 400, "lat"),
        ({"lat": "4١"}, 400, "lat"),
        ({"long": "-181"}, 400, "long"),
        ({"lat": 0, "long": 0}, 400, "long"),
        ({"lat": 41.0, "long": -89.0}, 400, "long"),
        ({"service_code": "pothole"}, 400, "attribute[where]"),
        ({"service_code": "pothole", "attribute[where]": "moon"}, 400, "attribute[where]"),
        ({"attribute[no_such]": "1"}, 400, "attribute[no_such]"),
        ({"attribute[]": "1"}, 400, "attribute[]"),
        ({"attribute[a[b]]": "1"}, 400, "attribute[a[b]]"),
        ({"attributes": "1"}, 400, "attributes"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"description": "x" * 100_001}, 400, "description"),
        ({"description": "nul\x00"}, 400, "description"),
        ({"email": "not an address"}, 400, "email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, 400, "email"),
        ({"phone": "call me"}, 400, "phone"),
        ({"first_name": "x" * 300}, 400, "first_name"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"media_url": "https://x.example/" + "y" * 3000}, 400, "media_url"),
        ({"jurisdiction_id": "atlantis"}, 404, "jurisdiction_id"),
    ],
)
def test_what_is_wrong_is_named(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any], url: str,
    change: dict[str, Any], status: int, named: str,
) -> None:  # fmt: skip
    answer = demo_client.post(url, data=form | change)
    assert answer.status_code == status, answer.text
    assert errors(answer)[0].startswith(named)
    assert count(demo_session) == 0


def test_all_that_is_wrong_is_told_at_once(demo_client: FlaskClient, form: dict[str, Any]) -> None:
    answer = demo_client.post(REQUESTS, data=form | {"service_code": "pothole", "email": "x", "phone": "y"})
    named = [description.split(":")[0] for description in errors(answer)]
    assert sorted(named) == ["attribute[where]", "email", "phone"]


def test_swapped_coordinates_are_told_apart(demo_client: FlaskClient, form: dict[str, Any]) -> None:
    answer = demo_client.post(REQUESTS, data=form | {"lat": form["long"], "long": form["lat"]})
    assert answer.status_code == 400
    assert errors(answer)[0].startswith(("lat", "long"))


def test_a_media_url_inside_the_network_is_kept_as_words_and_never_fetched(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_arguments: Any) -> None:
        pytest.fail("something was fetched")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    url = "http://169.254.169.254/latest/meta-data"
    answer = demo_client.post(REQUESTS, data=form | {"media_url": url})
    assert saved(demo_session, answer.get_json()[0]["service_request_id"]).media_urls == [url]


def test_html_and_sql_are_words_like_others(demo_client: FlaskClient, form: dict[str, Any]) -> None:
    words = "'; drop table report; -- <script>alert(1)</script> ]]> &lt; \u202e right to left 🕳️"
    answer = demo_client.post(XML, data=form | {"description": words})
    number = ElementTree.fromstring(answer.data).findtext("request/service_request_id")
    shown = ElementTree.fromstring(demo_client.get(f"/open311/v2/requests/{number}.xml").data)
    assert shown.findtext("request/description") == words.replace("\u202e", "")


def test_a_key_used_too_often_waits(
    demo_client: FlaskClient, demo_session: Session, city: City, form: dict[str, Any]
) -> None:
    _, busy = keys.add_key(demo_session, city.id, "Busy", per_minute=1)
    demo_session.commit()
    sent = form | {"api_key": busy}
    assert demo_client.post(REQUESTS, data=sent).status_code == 201
    answer = demo_client.post(REQUESTS, data=sent)
    assert answer.status_code == 429
    assert errors(answer)[0].startswith("api_key")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert count(demo_session) == 1


def test_a_key_does_only_what_it_is_for(
    demo_client: FlaskClient, demo_session: Session, city: City, form: dict[str, Any]
) -> None:
    _, reads = keys.add_key(demo_session, city.id, "Reads", scopes=["read_private"])
    _, writes = keys.add_key(demo_session, city.id, "Writes")
    demo_session.commit()
    answer = demo_client.post(REQUESTS, data=form | {"api_key": reads})
    assert answer.status_code == 403
    assert "write" in errors(answer)[0]
    answer = demo_client.get(REQUESTS, query_string={"api_key": writes})
    assert answer.status_code == 403
    assert "read_private" in errors(answer)[0]


def test_where_several_cities_are_served_the_jurisdiction_is_needed(
    demo_client: FlaskClient, demo_session: Session, form: dict[str, Any]
) -> None:
    demo_session.execute(
        text(
            'insert into city select (jsonb_populate_record(c, \'{"id": 2, "slug": "other"}\')).* from city c'
        )
    )
    demo_session.commit()
    answer = demo_client.get(REQUESTS)
    assert answer.status_code == 400
    assert errors(answer)[0].startswith("jurisdiction_id")
    assert demo_client.get(REQUESTS, query_string={"jurisdiction_id": "demo"}).status_code == 200
    assert demo_client.get(REQUESTS, query_string={"jurisdiction_id": "atlantis"}).status_code == 404
    assert demo_client.post(REQUESTS, data=form | {"jurisdiction_id": "demo"}).status_code == 201
