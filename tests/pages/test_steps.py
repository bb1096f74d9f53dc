"""The form step by step without scripts, and what others reported near by."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.pages.spots import Spot, form, send, spot
from webapp.catalog.models import ArticleUse
from webapp.tickets.models import Ticket

Statements = Callable[[], AbstractContextManager[list[str]]]


def step(client: FlaskClient, name: str, where: Spot | None, **fields: str) -> str:
    """Send a step of the form, and return the page that follows."""
    return client.post("/", data=form(where, step=name, **fields)).text


def shown(page: str) -> str:
    """Return the step that a page shows."""
    found = re.search(r'data-step="(\w+)"', page)
    assert found
    return found[1]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.fixture
def address(demo_client: FlaskClient, demo_session: Session) -> str:
    where = spot(demo_session)
    said = demo_client.get("/here", query_string={"lon": where.lon, "lat": where.lat}).json
    assert said
    return str(said["address"])


def test_an_address_leads_to_the_services(demo_client: FlaskClient, address: str) -> None:
    label = demo_client.get("/find", query_string={"q": address}).json["found"][0]["label"]  # type: ignore[index]
    page = step(demo_client, "where", None, service="", address=address, choice=label)
    assert shown(page) == "what"
    assert hidden(page, "lat")
    assert hidden(page, "placed") == label
    again = step(
        demo_client,
        "where",
        None,
        service="",
        address="nowhere at all",
        placed=label,
        lat="40.9",
        lon="-89.3",
    )
    assert shown(again) == "where"
    assert "No such address" in again
    assert hidden(again, "lat") == ""


@pytest.mark.parametrize(
    ("lon", "lat", "said"),
    [
        ("0", "0", "outside Alder Falls"),
        ("-40", "20", "outside Alder Falls"),
        ("nan", "nan", "outside Alder Falls"),
        ("west", "north", "outside Alder Falls"),
    ],
)
def test_a_pin_that_is_nowhere_stays_where_it_is_asked(
    demo_client: FlaskClient, lon: str, lat: str, said: str
) -> None:
    page = step(demo_client, "where", None, lon=lon, lat=lat, description="Typed already")
    assert shown(page) == "where"
    assert re.search(rf'id="address-error"[^>]*>[^<]*{said}', page)
    assert "Typed already" in page


def test_swapped_coordinates_are_told(demo_client: FlaskClient, demo_session: Session) -> None:
    where = spot(demo_session)
    page = step(demo_client, "where", Spot(where.lat, where.lon))
    assert "have changed places" in page


def test_words_show_what_fits_and_danger_first(demo_client: FlaskClient, demo_session: Session) -> None:
    page = step(demo_client, "what", spot(demo_session), service="", words="sofa on fire", do="find")
    assert shown(page) == "what"
    assert re.search(r"data-danger-shown(?! hidden)>", page)
    assert "How do I get rid of a sofa" in page
    assert "What fits your words" in page
    assert 'value="sofa on fire"' in page
    calm = step(demo_client, "what", spot(demo_session), service="", words="sofa", do="find")
    assert "data-danger-shown hidden" in calm


@pytest.mark.parametrize(
    ("service", "said"), [("", "Choose what it is about"), ("no-such", "is not offered at present")]
)
def test_a_service_that_is_not_there_is_told_beside_its_field(
    demo_client: FlaskClient, demo_session: Session, service: str, said: str
) -> None:
    page = step(demo_client, "what", spot(demo_session), service=service)
    assert shown(page) == "what"
    assert re.search(rf'id="service-error"[^>]*>[^<]*{said}', page)


def test_a_known_ticket_is_asked_about_before_the_questions(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    assert shown(step(demo_client, "what", where)) == "tell"
    send(demo_client, where)
    ticket = demo_session.scalars(select(Ticket)).one()
    page = step(demo_client, "what", where)
    assert shown(page) == "known"
    assert "promised by" in page
    joined = step(demo_client, "known", where, do=f"join:{ticket.id}")
    assert (shown(joined), hidden(joined, "same_as")) == ("tell", str(ticket.id))
    apart = step(demo_client, "known", where, do="different")
    assert (shown(apart), hidden(apart, "different_from")) == ("tell", str(ticket.id))
    assert shown(step(demo_client, "known", where, do="back")) == "what"
    assert shown(step(demo_client, "tell", where, do="back")) == "what"


def test_what_is_near_is_listed_by_distance_and_asks_the_database_little(
    demo_client: FlaskClient, demo_session: Session, demo_statements: Statements
) -> None:
    here, there = spot(demo_session), spot(demo_session, 20)
    send(demo_client, here, description="Here")
    done = send(demo_client, there, key="other", description="There")
    lately = {"status": "done", "outcome": "fixed", "closed_at": datetime.now(UTC) - timedelta(days=2)}
    demo_session.execute(
        update(Ticket)
        .where(Ticket.id == select(Ticket.id).order_by(Ticket.id.desc()).limit(1).scalar_subquery())
        .values(lately)
    )
    demo_session.commit()
    address = {"lon": here.lon, "lat": here.lat}
    demo_client.get("/near", query_string=address)
    with demo_statements() as statements:
        page = demo_client.get("/near", query_string=address).text
    assert len(statements) <= 3, "\n".join(statements)
    assert "1 problem within 500 m" in page
    assert "0 m away" in page
    assert "I see it too" in page
    faded = demo_client.get("/near/done", query_string={"lon": there.lon, "lat": there.lat}).json
    assert faded
    assert [each["name"] for each in faded["done"]] == ["Graffiti"]
    gone = demo_client.get("/near", query_string={"lon": there.lon, "lat": there.lat}).text
    assert done in gone
    assert "I see it too" not in gone


def test_private_hidden_and_long_done_tickets_are_near_nobody(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    send(demo_client, where, service="housing", description="No heat")
    send(demo_client, where, key="other")
    demo_session.execute(update(Ticket).values(hidden=True))
    demo_session.commit()
    query = {"lon": where.lon, "lat": where.lat}
    assert "Nothing is reported" in demo_client.get("/near", query_string=query).text
    ids = demo_session.scalars(select(Ticket.id)).all()
    assert {demo_client.get(f"/near/{number}").status_code for number in (*ids, 10**12)} == {404}


def test_near_an_address_that_is_none_says_so(demo_client: FlaskClient) -> None:
    assert "No such address" in demo_client.get("/near?address=qqqq+zzzz").text
    assert "outside Alder Falls" in demo_client.get("/near?lon=0&lat=0").text
    assert "Near which place?" in demo_client.get("/near?lon=x&lat=y").text
    assert demo_client.get("/near/done?lon=nan&lat=nan&reach=nan").json == {"done": []}
    assert demo_client.get("/near/assets?west=nan").json == {"assets": []}


def test_a_ticket_near_by_can_be_joined_by_its_address(
    demo_client: FlaskClient, demo_session: Session, demo_statements: Statements
) -> None:
    where = spot(demo_session)
    send(demo_client, where)
    ticket = demo_session.scalars(select(Ticket)).one()
    with demo_statements() as statements:
        page = demo_client.get(f"/?same_as={ticket.id}").text
    assert len(statements) <= 3, "\n".join(statements)
    assert shown(page) == "tell"
    assert "Graffiti" in page
    assert hidden(page, "same_as") == str(ticket.id)
    send(demo_client, where, key="another", same_as=str(ticket.id))
    assert shown(demo_client.get("/?same_as=999999999").text) == "where"


def test_street_lights_in_view_are_told_with_their_service(
    demo_client: FlaskClient, demo_session: Session
) -> None:
    where = spot(demo_session)
    box = {
        "west": where.lon - 0.002,
        "east": where.lon + 0.002,
        "south": where.lat - 0.002,
        "north": where.lat + 0.002,
    }
    found = demo_client.get("/near/assets", query_string=box).json
    assert found
    lights = [each for each in found["assets"] if each["service"] == "street-light"]
    assert lights
    assert re.fullmatch(r"Street light out: L\d+", lights[0]["label"])


def test_an_article_that_answered_is_counted(demo_client: FlaskClient, demo_session: Session) -> None:
    answer = demo_client.post("/answered", data={"article": "bulky-items"}, follow_redirects=True)
    assert "Good to know that this helped" in answer.text
    assert demo_session.scalars(select(ArticleUse.channel)).all() == ["web"]
    demo_client.post("/answered", data={"article": "no-such"})
    assert len(demo_session.scalars(select(ArticleUse)).all()) == 1


@pytest.mark.parametrize(
    ("path", "most"),
    # One of each is whether there is a new edition, which is asked now and then.
    [("/", 2), ("/here?", 2), ("/find?q=main", 2), ("/what?q=sofa", 2), ("/likely?service=graffiti&", 4)],
)
def test_each_question_of_the_form_asks_the_database_little(
    demo_client: FlaskClient, demo_session: Session, demo_statements: Statements, path: str, most: int
) -> None:
    where = spot(demo_session)
    send(demo_client, where)
    address = f"{path}lon={where.lon}&lat={where.lat}" if path[-1] in "?&" else path
    demo_client.get(address)
    with demo_statements() as statements:
        assert demo_client.get(address).status_code == 200
    assert len(statements) <= most, "\n".join(statements)
