"""The pages of service areas, as forms: who may what, what is said, and how much is asked of the database."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from layers.areas import Area
from layers.models import City, Layer
from tests.pages.people import sign_in
from tests.pages.spots import spot
from webapp.dispatch import drafts, publishing, reassignment, rulebook
from webapp.intake.draft import Draft as Report
from webapp.intake.submit import submit
from webapp.people.models import Staff

URL = "/admin/areas/works"


@pytest.fixture
def city(drawn_city: City) -> City:
    return drawn_city


@pytest.fixture
def layer(works_layer: Layer) -> Layer:
    return works_layer


@pytest.fixture
def admin(demo_client: FlaskClient) -> FlaskClient:
    sign_in(demo_client, "administrator")
    return demo_client


def areas(session: Session, layer: Layer) -> dict[str, Area]:
    session.expire_all()
    return drafts.read(session, layer).by_id


def rings(shape: shapely.Geometry) -> str:
    return json.dumps([shapely.geometry.mapping(shape)["coordinates"]])


def square(area: Area) -> shapely.Polygon:
    """Return a square of some 200 m in an area."""
    middle = area.shape.representative_point()
    return shapely.box(middle.x - 0.001, middle.y - 0.001, middle.x + 0.001, middle.y + 0.001)


def post(client: FlaskClient, do: str, step: int, **form: object) -> TestResponse:
    return client.post(URL, data={"do": do, "step": step, **form})


@pytest.mark.parametrize("who", ["agent", "works-north", "auditor"])
def test_others_see_nothing_of_areas(demo_client: FlaskClient, who: str) -> None:
    sign_in(demo_client, who)
    for path in ("/admin/areas", URL, f"{URL}/rules", f"{URL}/try", f"{URL}/publish", "/admin/areas/runs/1"):
        assert demo_client.get(path).status_code == 403, path


def test_supervisors_look_and_change_nothing(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "supervisor")
    for path in ("", "/rules", "/try", "/publish", "/areas.geojson"):
        page = demo_client.get(URL + path)
        assert page.status_code == 200, path
        assert 'method="post"' not in page.text
    for path in ("", "/rules/0", "/publish", "/restore"):
        assert demo_client.post(URL + path, data={"step": 0}).status_code == 403, path
    assert demo_client.post("/admin/areas/runs/1/undo").status_code == 403


def test_only_layers_with_areas_are_drawn(admin: FlaskClient) -> None:
    for name in ("boundary", "streets", "nothing"):
        assert admin.get(f"/admin/areas/{name}").status_code == 404
    page = admin.get("/admin/areas").text
    assert "Public works area" in page
    assert "City limits" not in page


def test_ground_is_added_renamed_removed_and_undone(
    admin: FlaskClient, demo_session: Session, layer: Layer
) -> None:
    piece = square(areas(demo_session, layer)["center"])
    form = {"shape": rings(piece), "to": "", "new_id": "hill", "new_name": "The Hill"}
    assert post(admin, "ground", 0, **form).status_code == 302
    assert "Kept in the draft: Area added." in admin.get(URL).text
    assert "no rule" in admin.get(URL).text
    assert post(admin, "rename", 1, area="hill", name="Hilltop").status_code == 302
    assert areas(demo_session, layer)["hill"].name == "Hilltop"
    assert post(admin, "remove", 2, area="hill", heir="center").status_code == 302
    assert "hill" not in areas(demo_session, layer)
    assert post(admin, "undo", 3).status_code == 302
    assert "hill" in areas(demo_session, layer)
    assert post(admin, "discard", 2).status_code == 302
    assert not drafts.read(demo_session, layer).begun


def test_of_two_who_take_a_step_the_second_is_told(
    admin: FlaskClient, demo_session: Session, layer: Layer
) -> None:
    assert post(admin, "rename", 0, area="north", name="Up").status_code == 302
    answer = post(admin, "rename", 0, area="north", name="Down")
    assert answer.status_code == 409
    assert "Your step was not taken" in answer.text
    assert areas(demo_session, layer)["north"].name == "Up"


def test_a_border_that_crosses_itself_is_refused_with_where(
    admin: FlaskClient, demo_session: Session, layer: Layer
) -> None:
    middle = areas(demo_session, layer)["center"].shape.representative_point()
    bow = shapely.Polygon(
        [(middle.x + x / 1000, middle.y + y / 1000) for x, y in ((0, 0), (1, 1), (1, 0), (0, 1))]
    )
    answer = post(admin, "ground", 0, shape=rings(bow), to="north")
    assert answer.status_code == 422
    assert (
        f"The border of North crosses itself at {middle.y + 0.0005:.5f}, {middle.x + 0.0005:.5f}"
        in answer.text
    )
    assert not drafts.read(demo_session, layer).begun


@pytest.mark.parametrize("field", ["", "{", "[]", '{"east": 3}', '{"east": [[[["x", 1]]]]}'])
def test_nonsense_is_refused(admin: FlaskClient, field: str) -> None:
    assert post(admin, "redraw", 0, shapes=field).status_code in (400, 422)
    assert post(admin, "what", 0).status_code == 400


def test_areas_go_out_and_in_as_geojson(admin: FlaskClient, demo_session: Session, layer: Layer) -> None:
    file = admin.get(f"{URL}/areas.geojson")
    assert file.headers["Content-Type"].startswith("application/geo+json")
    collection = json.loads(file.data)
    collection["features"][0]["properties"]["name"] = "Renamed"
    upload = {"file": (io.BytesIO(json.dumps(collection).encode()), "areas.geojson")}
    assert post(admin, "replace", 0, **upload).status_code == 302
    found = areas(demo_session, layer)
    assert "Renamed" in {area.name for area in found.values()}
    assert len(found) == 4
    answer = post(admin, "replace", 1, geojson="[1, 2]")
    assert answer.status_code == 422
    assert "not a GeoJSON FeatureCollection" in answer.text
    collection["features"][1]["geometry"] = collection["features"][0]["geometry"]
    answer = post(admin, "replace", 1, geojson=json.dumps(collection))
    assert answer.status_code == 422
    assert re.search(r"Renamed, \w+ overlap by [\d,]+ m²", answer.text)


def test_a_hole_keeps_from_publishing_until_somebody_has_it(
    admin: FlaskClient, demo_session: Session, city: City, layer: Layer
) -> None:
    draft = drafts.read(demo_session, layer)
    center = draft.by_id["center"]
    holed = Area("center", center.name, "", shapely.MultiPolygon([center.shape.difference(square(center))]))
    by = demo_session.execute(text("select id from staff where role = 'administrator'")).scalar_one()
    step = [holed if area.id == "center" else area for area in draft.areas]
    drafts.write(demo_session, draft, "redrawn", by=demo_session.get_one(Staff, (city.id, by)), areas=step)
    demo_session.commit()
    page = admin.get(URL).text
    assert "1 thing to put right before publishing" in page
    assert "Give it to Center" in page
    answer = admin.post(f"{URL}/publish", data={"step": 1})
    assert answer.status_code == 422
    assert "Put right first" in answer.text
    shape = re.search(r'name="shape" value="([^"]+)"', page)
    assert shape
    assert post(admin, "ground", 1, shape=shape[1], to="center").status_code == 302
    assert "to put right" not in admin.get(URL).text


def test_a_rule_is_written_told_of_its_mistakes_moved_and_removed(
    admin: FlaskClient, demo_session: Session, city: City, layer: Layer
) -> None:
    count = len(rulebook.in_force(demo_session, city.id))
    assert admin.get(f"{URL}/rules/{count}").status_code == 200
    form = {
        "step": 0, "do": "keep", "group": "Streets", "zones_of": "works", "zone": ["works:north", "works:east"],
        "hours": "outside business hours", "who": "crew:signals",
    }  # fmt: skip
    for change, field in (
        ({"who": ""}, "who"),
        ({"services": ["pothole"]}, "group"),
        ({"zone": []}, "zone"),
        ({"hours": "own", "own_hours": "at night"}, "hours"),
    ):
        answer = admin.post(f"{URL}/rules/{count}", data=form | change)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
    assert admin.post(f"{URL}/rules/{count}", data=form).status_code == 302
    rule = drafts.read(demo_session, layer).rules[-1]
    assert (rule.group, rule.zone, rule.hours, rule.crew) == (
        "Streets", ["north", "east"], "outside business hours", "signals",
    )  # fmt: skip
    page = admin.get(f"{URL}/rules", query_string={"about": "signals"}).text
    assert "in North, East (Public works area), reported outside business hours" in page
    # The same with another crew: only the order decides, which is told.
    assert (
        admin.post(f"{URL}/rules/{count + 1}", data=form | {"step": 1, "who": "crew:trees"}).status_code
        == 302
    )
    assert "has a condition that rule" in admin.get(f"{URL}/rules").text
    assert admin.post(f"{URL}/rules/{count + 1}", data={"step": 2, "do": "up"}).status_code == 302
    assert drafts.read(demo_session, layer).rules[count].crew == "trees"
    assert admin.post(f"{URL}/rules/{count}", data={"step": 3, "do": "remove"}).status_code == 302
    assert len(drafts.read(demo_session, layer).rules) == count + 1
    assert admin.post(f"{URL}/rules/{count + 9}", data={"step": 4, "do": "remove"}).status_code == 404


def test_a_draft_is_tried_published_and_taken_back(
    admin: FlaskClient, demo_session: Session, city: City, layer: Layer
) -> None:
    where = spot(demo_session, 0)
    draft = Report(
        service_code="pothole", lon=where.lon, lat=where.lat, description="x", answers={"where": "lane"}
    )
    ticket = submit(demo_session, city, draft).ticket_id
    demo_session.commit()
    before = demo_session.execute(
        text("select crew_id from ticket where id = :id"), {"id": ticket}
    ).scalar_one()
    here = next(
        key
        for key, area in areas(demo_session, layer).items()
        if area.shape.contains(shapely.Point(where.lon, where.lat))
    )
    heir = next(key for key in ("north", "south", "east", "center") if key != here)
    around = shapely.Point(where.lon, where.lat).buffer(0.002)
    assert post(admin, "ground", 0, shape=rings(around), to=heir).status_code == 302
    asked = {"ask": "pin", "service": "pothole", "lon": where.lon, "lat": where.lat}
    page = admin.get(f"{URL}/try", query_string=asked).text
    assert f"Works {heir.title()}" in page
    assert "1 of the open tickets would go to others" in admin.get(f"{URL}/try?ask=open").text
    assert "1 report would go to others" in admin.get(f"{URL}/try?ask=period").text
    assert "Choose a period" in admin.get(f"{URL}/try?ask=period&from=2026-05-01&to=2026-04-01").text
    assert "no such address" in admin.get(f"{URL}/try?ask=pin&service=pothole&address=xyzzy").text
    page = admin.get(f"{URL}/publish").text
    assert "Redrawn areas:" in page
    later = admin.post(f"{URL}/publish", data={"step": 1, "reassign": "later", "at": ""})
    assert later.status_code == 422
    assert admin.post(f"{URL}/publish", data={"step": 1, "reassign": "now"}).status_code == 302
    run = demo_session.execute(text("select max(id) from reassignment")).scalar_one()
    assert "Ordered" in admin.get(f"/admin/areas/runs/{run}").text
    demo_session.refresh(city)
    reassignment.complete(demo_session, city, run)
    page = admin.get(f"/admin/areas/runs/{run}").text
    assert "1 went to others" in page
    assert f"Works {heir.title()}" in page
    assert admin.post(f"/admin/areas/runs/{run}/undo").status_code == 302
    assert "1 was given back" in admin.get(f"/admin/areas/runs/{run}").text
    assert (
        demo_session.execute(text("select crew_id from ticket where id = :id"), {"id": ticket}).scalar_one()
        == before
    )
    baseline = publishing.history(demo_session, layer)[1]
    assert admin.post(f"{URL}/restore", data={"publication": baseline.id}).status_code == 302
    assert publishing.history(demo_session, layer)[0].edition_id == baseline.edition_id
    assert admin.post(f"{URL}/restore", data={"publication": 10**6}).status_code == 404
    assert admin.get("/admin/areas/runs/999").status_code == 404


def test_what_nobody_has_is_counted_until_somebody_has_it(
    demo_client: FlaskClient, demo_session: Session, city: City
) -> None:
    where = spot(demo_session, 0)
    draft = Report(service_code="park", lon=where.lon, lat=where.lat, description="Swing")
    ticket = submit(demo_session, city, draft).ticket_id
    demo_session.execute(text("update ticket set crew_id = null, status = 'new', assigned_why = 'No rule'"))
    demo_session.commit()
    sign_in(demo_client, "administrator")
    assert "<strong>1</strong> open ticket has nobody." in demo_client.get("/admin/areas").text
    page = demo_client.get("/unassigned").text
    assert "No rule" in page
    trees = demo_session.execute(text("select id from crew where code = 'grounds'")).scalar_one()
    refused = demo_client.post(f"/unassigned/{ticket}", data={"crew": trees, "version": 9})
    assert refused.status_code == 409
    assert demo_client.post(f"/unassigned/{ticket}", data={"crew": trees, "version": 1}).status_code == 302
    assert "Everybody knows their work" in demo_client.get("/unassigned").text


def test_each_page_asks_the_database_little(
    admin: FlaskClient, demo_statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    assert post(admin, "rename", 0, area="north", name="Up").status_code == 302
    most = {
        "/admin/areas": 8,
        URL: 6,
        f"{URL}/rules": 6,
        f"{URL}/try?ask=open": 6,
        f"{URL}/publish": 8,
        "/unassigned": 5,
    }
    for path, limit in most.items():
        admin.get(path)
        with demo_statements() as statements:
            assert admin.get(path).status_code == 200
        assert len(statements) <= limit, (path, len(statements), statements)
