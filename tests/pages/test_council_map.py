"""The council's map is light, can be taken along, and tells nothing of persons."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from tests.api.conftest import street_pins
from tests.insight.made_facts import labels, made
from tests.insight.tickets import add_tickets
from tests.pages.people import sign_in
from webapp.catalog.queries import catalog
from webapp.insight.kept import Kept
from webapp.insight.small_counts import FEWEST
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.pages import council_choice
from webapp.people.demo import DOMAIN
from webapp.tickets.models import Report

ALL_DAYS = "from=2025-12-31&to=2026-04-20"
STATEMENTS = {
    "": 7,
    "/heat.json": 5,
    "/months.json": 5,
    "/areas.json": 6,
    "/tickets": 7,
    "/map.html": 6,
    "/map.png": 5,
}
"""That each address asks of the database at most: one of them once a second, whether the map is still current."""
SOURCES = ("heat", "months", "areas")


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def tickets(demo_session: Session, city: City) -> pd.DataFrame:
    return add_tickets(demo_session, city, 300, seed=8)


def packed_size(client: FlaskClient, address: str) -> int:
    """Bytes on the wire of an answer, to a browser that takes gzip."""
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, address
    body = answer.get_data()
    answer.close()
    return len(body if answer.headers.get("Content-Encoding") == "gzip" else gzip.compress(body))


def test_at_a_hundred_thousand_tickets_page_and_all_it_can_show_weigh_at_most_300_kb(
    monkeypatch: pytest.MonkeyPatch, demo_client: FlaskClient, city: City
) -> None:
    random, count = np.random.default_rng(6), 100_000
    west, south, east, north = city.details["bounds"]
    # A city as large as Boston: 13 km by 17 km.
    lon = ((west + east) / 2 + random.normal(0, 0.05, count)).astype(np.float32)
    lat = ((south + north) / 2 + random.normal(0, 0.05, count)).astype(np.float32)
    zones = [str(number) for number in random.integers(1, 8, count)]
    facts = made(count, lon=lon, lat=lat, zones={"council": labels(zones)}, district=labels(zones))
    kept = Kept(facts, datetime(2026, 6, 1, tzinfo=UTC))
    monkeypatch.setattr(council_choice, "kept", lambda session, city_id: kept)
    sign_in(demo_client, "administrator")
    query = "from=2025-12-31&to=2026-05-31&areas=hexagons"
    page = demo_client.get(f"/council?{query}").text
    assert "100,000" in page
    loaded = {*re.findall(r'(?:src|href)="(/static/dist/[^"]*|/static/vendor/[^"]*)"', page)}
    assert any("leaflet" in address for address in loaded)
    shown = [f"/council/{source}.json?{query}" for source in SOURCES]
    sizes = {address: packed_size(demo_client, address) for address in (f"/council?{query}", *loaded, *shown)}
    assert sum(sizes.values()) <= 300_000, sizes
    assert sum(demo_client.get(shown[0]).json["blocks"][2::3]) > 90_000


def test_nothing_finer_than_a_block_leaves_the_city(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "administrator")
    told = demo_client.get(f"/council/heat.json?{ALL_DAYS}").json
    assert told["step"] == 0.001
    assert all(isinstance(number, int) for number in told["blocks"])
    public = tickets[tickets.public]
    blocks = {*zip(public.lat.round(3), public.lon.round(3), strict=True)}
    row = column = 0
    for down, across, count in np.reshape(told["blocks"], (-1, 3)).tolist():
        row, column = row + down, column + across
        here = (round(row / 1000, 3), round(column / 1000, 3))
        assert here in blocks or count >= FEWEST
    private = tickets[~tickets.public]
    assert len(private) > 20
    for source in SOURCES:
        words = demo_client.get(f"/council/{source}.json?{ALL_DAYS}").text
        assert not [lat for lat in private.lat if f"{lat:.5f}" in words]


def test_no_area_tells_of_fewer_than_five(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "administrator")
    for layer in ("council", "neighborhood", "hexagons"):
        told = demo_client.get(f"/council/areas.json?{ALL_DAYS}&areas={layer}").json
        words = told["measures"]["tickets"]["words"]
        assert not {"1", "2", "3", "4"} & {*words}
        for measure in told["measures"].values():
            assert [word == "not shown" for word in measure["words"]] == [
                word == "not shown" for word in words
            ]
    assert "not shown" in words
    number = words.index("not shown")
    assert "tickets" not in told["areas"][number]


def test_the_list_behind_a_figure_has_public_tickets_alone(
    demo_client: FlaskClient, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "administrator")
    page = demo_client.get(f"/council/tickets?{ALL_DAYS}").text
    public = int(tickets.public.sum())
    assert f"<p>{public} tickets. {len(tickets) - public} more of private services are counted" in page
    assert demo_client.get(f"/council/tickets?{ALL_DAYS}&area=nowhere").status_code == 404
    assert demo_client.get(f"/council/tickets?{ALL_DAYS}&page=99999").status_code == 200


def test_a_ticket_behind_a_figure_leads_to_its_report(
    demo_client: FlaskClient, demo_session: Session, city: City
) -> None:
    spots = street_pins(current_atlas(demo_session, city))
    for service, spot in (("graffiti", spots[0]), ("housing", spots[1])):
        values = {"service_code": service, "lon": spot[0], "lat": spot[1], "description": "On the wall"}
        submit(demo_session, city, read_draft(catalog(demo_session, city), values))
    public, private = demo_session.scalars(select(Report.tracking_number).order_by(Report.id))
    sign_in(demo_client, "administrator")
    page = demo_client.get("/council/tickets").text
    assert f'href="/track/{public}"' in page
    assert private not in page
    assert "<p>1 ticket. A few more of private services" in page


def test_the_file_holds_all_it_needs_and_nobody_s_contact(
    demo_client: FlaskClient, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "district-1")
    answer = demo_client.get(f"/council/map.html?{ALL_DAYS}&view=late")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="map-district-1-2026-04-20.html"'
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)', answer.text)
    assert "default-src 'none'" in answer.text
    assert DOMAIN not in answer.text
    assert '<option value="late" selected>' in answer.text
    assert len(answer.data) < 1_000_000


def test_the_picture_is_a_slide(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "district-1")
    sizes = set()
    for view in ("heat", "months", "tickets"):
        answer = demo_client.get(f"/council/map.png?{ALL_DAYS}&view={view}")
        sizes.add(Image.open(BytesIO(answer.data)).size)
        assert ".png" in answer.headers["Content-Disposition"]
    assert sizes == {(1600, 900)}


def test_the_database_is_asked_little(
    demo_client: FlaskClient,
    tickets: pd.DataFrame,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    sign_in(demo_client, "administrator")
    demo_client.get("/council")
    asked = {}
    for path in ("", *(f"/{source}.json" for source in SOURCES), "/tickets", "/map.html", "/map.png"):
        with demo_statements() as statements:
            assert demo_client.get(f"/council{path}?{ALL_DAYS}").status_code == 200
        asked[path] = len(statements)
    assert {path: count for path, count in asked.items() if count > STATEMENTS[path]} == {}


def test_the_embedded_map_is_public_strict_and_without_cookies(
    demo_client: FlaskClient,
    tickets: pd.DataFrame,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    with demo_statements() as statements:
        answer = demo_client.get("/embed/1?lang=es")
    assert len(statements) <= 6
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=900"
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self' https:"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    points = demo_client.get("/embed/1/heat.json?from=2020-01-01&district=2", headers={"Origin": "null"})
    assert points.headers["Access-Control-Allow-Origin"] == "*"
    assert points.json == demo_client.get("/embed/1/heat.json").json
    mine = tickets[(tickets.district == "1") & tickets.public]
    newest = tickets[tickets.district == "1"].opened_at.max().tz_convert("America/Chicago").normalize()
    lately = mine[mine.opened_at >= newest - pd.Timedelta(days=89)]
    assert sum(points.json["blocks"][2::3]) == len(lately)
    assert demo_client.get("/embed/city").status_code == 200
    assert demo_client.get("/embed/nowhere").status_code == 404


def test_the_snippet_is_html_to_copy(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "district-1")
    page = demo_client.get("/council").text
    (snippet,) = re.findall(r'<textarea class="usa-textarea" id="snippet"[^>]*>(.*?)</textarea>', page, re.S)
    assert "&lt;iframe src=" in snippet
    assert "sandbox=&#34;allow-scripts allow-popups" in snippet
    assert "/embed/1" in snippet
