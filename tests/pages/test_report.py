"""The first page: what is under the pin, what is known already, and sending."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from layers.models import City
from tests.pages.spots import form, send, spot
from webapp.catalog.models import Service
from webapp.people.models import Contact
from webapp.tickets.models import Report, Ticket

HTML = "<script>alert(1)</script>"


def reports(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Report)) or 0


def test_the_page_offers_every_service_by_group_and_word(demo_client: FlaskClient) -> None:
    page = demo_client.get("/").text
    assert len(re.findall(r'name="service"', page)) == 22
    assert re.search(r'data-words="[^"]*garbage[^"]*"', page)
    assert 'name="key" value="' in page


def test_under_the_pin_are_address_district_and_crew(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    said = demo_client.get(f"/here?lon={where.lon}&lat={where.lat}").json
    assert said is not None
    assert said["placed"]
    assert re.fullmatch(r"\d+ .+|On .+", said["address"])
    assert said["district"].startswith("District ")
    assert said["crew"].startswith("Works ")
    lamp = demo_client.get(f"/here?lon={where.lon}&lat={where.lat}&service=street-light").json
    assert lamp is not None
    assert lamp["crew"] == "Lights"


@pytest.mark.parametrize(
    "query", ["lon=0&lat=0", "", "lon=nan&lat=nan", "lon=x&lat=y", "lon=1e999&lat=-1e999"]
)
def test_a_pin_that_is_nowhere_gets_a_reason_and_no_crew(demo_client: FlaskClient, query: str) -> None:
    said = demo_client.get(f"/here?{query}").json
    assert said is not None
    assert not said["placed"]
    assert said["crew"] is None
    assert "outside Alder Falls" in said["warning"]


def test_the_search_forgives_a_typing_mistake(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    address = demo_client.get(f"/here?lon={where.lon}&lat={where.lat}").json["address"]  # type: ignore[index]
    number, name = address.split(" ", 1)
    mistyped = f"{number} {name[0]}{name[2]}{name[1]}{name[3:]}"
    found = demo_client.get("/find", query_string={"q": mistyped}).json["found"]  # type: ignore[index]
    assert any(each["label"].startswith(address) for each in found)
    assert demo_client.get("/find?q=" + "x" * 5000).json == {"found": []}


def test_a_report_is_sent_and_shown(demo_client: FlaskClient, demo_session: Session) -> None:
    answer = demo_client.post("/", data=form(spot(demo_session)), follow_redirects=True)
    assert "Thank you. Your report is sent." in answer.text
    assert "On the wall" in answer.text
    assert reports(demo_session) == 1


def test_the_same_form_sent_twice_is_one_report(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    assert send(demo_client, where) == send(demo_client, where)
    assert reports(demo_session) == 1


def test_without_a_map_a_typed_address_is_enough(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    address = demo_client.get(f"/here?lon={where.lon}&lat={where.lat}").json["address"]  # type: ignore[index]
    choices = demo_client.get("/find", query_string={"q": address}).json["found"]  # type: ignore[index]
    number = send(demo_client, None, address=address, choice=choices[0]["label"])
    ticket = demo_session.scalars(select(Ticket)).one()
    assert ticket.address == address
    assert address in demo_client.get(f"/track/{number}").text


def test_an_address_that_means_several_places_is_asked_back(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    answer = demo_client.post("/", data=form(None, address="main"))
    assert answer.status_code == 422
    assert "Choose the place that you mean." in answer.text or "No such address" in answer.text
    assert 'value="main"' in answer.text
    assert reports(demo_session) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"service": ""}, "Choose what it is about"),
        ({"service": "no-such"}, "There is no service"),
        ({"service": "pothole"}, "Please answer"),
        ({"description": "x" * 100_000}, "Shorten"),
        ({"email": "not an address"}, "Write an e-mail address"),
        ({"phone": "call me"}, "Write a phone number"),
        ({"lon": "0", "lat": "0"}, "outside the city"),
        ({"lon": "nan"}, "longitude"),
        ({"lon": "", "lat": ""}, "Say where it is"),
        ({"lon": "", "lat": "", "address": "qqqq zzzz"}, "No such address"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    demo_client: FlaskClient, demo_session: Session, change: dict[str, str], said: str
) -> None:
    typed = form(spot(demo_session)) | {"name": "Ann Example"} | change
    answer = demo_client.post("/", data=typed)
    assert answer.status_code == 422
    assert re.search(rf'class="usa-error-message"[^>]*>[^<]*{re.escape(said)}', answer.text)
    assert 'value="Ann Example"' in answer.text
    assert typed["description"] in answer.text
    assert f'name="key" value="{typed["key"]}"' in answer.text
    assert reports(demo_session) == 0


def test_a_mistake_is_told_in_the_readers_language(demo_client: FlaskClient, demo_session: Session) -> None:
    typed = form(spot(demo_session)) | {"service": "pothole", "email": "not an address"}
    page = demo_client.post("/?lang=es", data=typed).text
    assert "Por favor, responda: ¿En qué parte de la calle está?" in page
    assert "Escriba un correo electrónico como name@example.org" in page


def test_markup_and_right_to_left_overrides_are_only_text(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    number = send(
        demo_client, spot(demo_session), description=f"{HTML} \u202egnp.exe '; DROP TABLE report; --"
    )
    page = demo_client.get(f"/track/{number}").text
    assert HTML not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page


def test_what_somebody_reported_near_by_is_shown_with_reasons_and_can_be_joined(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    send(demo_client, where, description="Red letters on the wall")
    known = demo_client.get(f"/likely?lon={where.lon}&lat={where.lat}&service=graffiti").text
    assert "Red letters on the wall" in known
    assert re.search(r"0 m (along |away)|The same address", known)
    ticket = re.search(r'data-join="(\d+)"', known)
    assert ticket
    number = send(demo_client, where, key="another-key", same_as=ticket[1])
    page = demo_client.get(f"/track/{number}?sent").text
    assert "your report was added to theirs" in page
    assert "1 other person" in page
    assert demo_session.scalars(select(Ticket)).one().report_count == 2


def test_who_says_that_theirs_is_different_is_believed(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    # At this threshold everything near by joins, however the matching is fitted.
    demo_session.execute(update(Service).where(Service.code == "graffiti").values(duplicates={"auto": 0.001}))
    demo_session.execute(update(City).values(loaded_at=func.now()))
    demo_session.commit()
    where = spot(demo_session)
    send(demo_client, where)
    known = demo_session.scalars(select(Ticket)).one()
    send(demo_client, where, key="another-key", different_from=str(known.id))
    assert [ticket.report_count for ticket in demo_session.scalars(select(Ticket))] == [1, 1]
    send(demo_client, where, key="a-third-key")
    demo_session.expire_all()
    assert sorted(ticket.report_count for ticket in demo_session.scalars(select(Ticket))) == [1, 2]


def test_far_away_nothing_is_known(demo_client: FlaskClient, demo_session: Session) -> None:
    send(demo_client, spot(demo_session))
    far = spot(demo_session, 20)
    assert demo_client.get(f"/likely?lon={far.lon}&lat={far.lat}&service=graffiti").text.strip() == ""
    assert demo_client.get("/likely?lon=nan&lat=nan&service=graffiti").text.strip() == ""
    assert demo_client.get("/likely?service=none").text.strip() == ""


def test_reports_of_a_private_service_are_shown_to_nobody_else(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    send(demo_client, where, service="housing", description="No heat in apartment 4")
    known = demo_client.get(f"/likely?lon={where.lon}&lat={where.lat}&service=housing").text
    assert known.strip() == ""


def test_a_contact_is_kept_and_shown_nowhere(
    demo_client: FlaskClient, demo_session: Session, capfd: pytest.CaptureFixture[str]
) -> None:
    where = spot(demo_session)
    number = send(demo_client, where, name="Ann Example", email="ann@example.org", phone="555 0100 200")
    contact = demo_session.scalars(select(Contact)).one()
    assert (contact.name, contact.email) == ("Ann Example", "ann@example.org")
    known = demo_client.get(f"/likely?lon={where.lon}&lat={where.lat}&service=graffiti").text
    for shown in (demo_client.get(f"/track/{number}?sent").text, known, "".join(capfd.readouterr())):
        assert not re.search(r"Ann Example|ann@example|555 0100", shown)


def test_a_form_that_was_open_too_long_comes_back_with_everything_in_it(
    demo_app: Flask, demo_session: Session
) -> None:
    demo_app.config["WTF_CSRF_ENABLED"] = True
    client = demo_app.test_client()
    answer = client.post("/", data=form(spot(demo_session)) | {"csrf_token": "stale"})
    assert answer.status_code == 422
    assert "Everything you wrote is here" in answer.text
    assert "On the wall" in answer.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert token
    assert client.post("/", data=form(spot(demo_session)) | {"csrf_token": token[1]}).status_code == 303


def test_questions_come_with_their_service(demo_client: FlaskClient) -> None:
    asked = demo_client.get("/questions?service=pothole").text
    assert 'type="radio" name="q-' in asked
    assert demo_client.get("/questions?service=none").text.strip() == ""


def test_answers_are_kept_with_the_report(demo_client: FlaskClient, demo_session: Session) -> None:
    asked = demo_client.get("/questions?service=pothole").text
    (name, value), *_ = re.findall(r'name="(q-[^"]+)" value="([^"]+)"', asked)
    send(demo_client, spot(demo_session), service="pothole", **{name: value})
    assert demo_session.scalars(select(Report)).one().answers == {name.removeprefix("q-"): value}
