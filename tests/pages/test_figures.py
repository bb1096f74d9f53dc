"""Forecasts, alerts, printed reports and open data, as people and programs get them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.reports import add_reports
from tests.pages.people import sign_in
from webapp.api import open_data
from webapp.catalog.queries import catalog
from webapp.config import settings
from webapp.insight import forecasting, gathering, keeping
from webapp.insight.key_figures import key_figures, last_day
from webapp.storage import open_data as storage_of

MONDAY = datetime(2026, 1, 5, 15, tzinfo=UTC)
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def reports(demo_session: Session, city: City) -> list[str]:
    """Twelve weeks of a public service in two districts and of one that is not; return its id and theirs."""
    services = catalog(demo_session, city).active
    public = next(service for service in services if service.public)
    private = next(service for service in services if not service.public)
    days = [MONDAY + timedelta(days=day) for day in range(-1, 86)]
    mine = add_reports(demo_session, city, public, [day for day in days for _ in range(3)], district="1")
    add_reports(demo_session, city, public, days, district="2")
    secret = add_reports(demo_session, city, private, days[:20], district="1")
    hidden = add_reports(demo_session, city, public, days[:1], district="1")
    hidden[0].hidden = True
    for ticket in mine[:100]:
        ticket.status, ticket.closed_at = "done", ticket.opened_at + timedelta(days=2)
    demo_session.flush()
    return [f"R{secret[0].id}", str(hidden[0].id), public.group]


@pytest.fixture
def published(demo_session: Session, city: City, reports: list[str]) -> dict[str, object]:
    """Publish open data, and return the index."""
    facts = gathering.read(demo_session, city.id)
    groups = {service.id: service.group for service in catalog(demo_session, city).services.values()}
    figures = key_figures(facts, groups, last_day(facts, NOW, city.time_zone), NOW, city.time_zone)
    sessions = sessionmaker(
        demo_session.connection(), class_=Session, join_transaction_mode="create_savepoint"
    )
    storage = storage_of(settings().kept_in)
    for hour in range(3):
        open_data.publish(sessions, city, storage, figures, NOW + timedelta(hours=hour))
    index = storage.read("demo/index.json")
    assert index
    return json.loads(index)


@pytest.mark.parametrize("path", ["/forecast", "/forecast/alerts", "/printed", "/printed.pdf"])
def test_only_councils_and_those_in_charge_see_them(demo_client: FlaskClient, path: str) -> None:
    assert demo_client.get(path).status_code == 302
    sign_in(demo_client, "agent")
    assert demo_client.get(path).status_code == 403


def test_a_forecast_with_its_error_and_method(
    demo_client: FlaskClient,
    demo_session: Session,
    city: City,
    reports: list[str],
    demo_statements: Statements,
) -> None:
    sign_in(demo_client, "supervisor")
    assert "There is no forecast yet" in demo_client.get("/forecast").text
    forecasting.make(demo_session, city)
    demo_client.get("/forecast")
    with demo_statements() as statements:
        page = demo_client.get("/forecast?district=2").text
    assert len(statements) <= 5, "who, what city, forecasts, days; once in a while the map's version"
    assert reports[2] in page
    assert "<td>7</td><td>7 to 7</td>" in page
    assert "The last 4 forecasts were off by 0.0 reports a week on average" in page
    assert "From 12 weeks." in page
    assert demo_client.get("/forecast?district=99").status_code == 404


def test_a_council_office_sees_its_own_district_only(
    demo_client: FlaskClient, demo_session: Session, city: City, reports: list[str]
) -> None:
    forecasting.make(demo_session, city)
    sign_in(demo_client, "district-1")
    assert "<td>21</td>" in demo_client.get("/forecast?district=2").text
    assert "District 1" in demo_client.get("/printed?period=2026-02&district=2").text


def test_an_alert_is_set_deleted_and_brought_back(
    demo_client: FlaskClient, demo_statements: Statements
) -> None:
    sign_in(demo_client, "district-1")
    form = {"measure": "reports_week", "most": "40", "district": "2"}
    page = demo_client.post("/forecast/alerts", data=form, follow_redirects=True).text
    assert "More than 40 reports in 7 days" in page
    assert "All services · District 1" in page
    with demo_statements() as statements:
        demo_client.get("/forecast/alerts")
    assert len(statements) <= 5, "who, what city, alerts, when they were told; the map's version"
    number = page.split("/forecast/alerts/")[1].split("/")[0]
    page = demo_client.post(f"/forecast/alerts/{number}/delete", follow_redirects=True).text
    assert "More than 40" not in page
    assert "Undo" in page
    page = demo_client.post(f"/forecast/alerts/{number}/undo", follow_redirects=True).text
    assert "More than 40" in page
    demo_client.post("/sign-out")
    sign_in(demo_client, "supervisor")
    assert demo_client.post(f"/forecast/alerts/{number}/delete").status_code == 404


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"measure": "everything"}, "Choose what to hear of."),
        ({"measure": "late_days", "most": "366"}, "Give a whole number from 0 to 365."),
        ({"measure": "reports_week", "most": ""}, "Give a whole number from 0 to 100,000."),
        ({"measure": "late_days", "most": "3", "service": "9999"}, "Choose a service of the list."),
        ({"measure": "weekly", "district": "99"}, "Choose a district of the list."),
    ],
)
def test_what_is_wrong_with_an_alert_is_said(
    demo_client: FlaskClient, form: dict[str, str], error: str
) -> None:
    sign_in(demo_client, "supervisor")
    answer = demo_client.post("/forecast/alerts", data=form)
    assert answer.status_code == 422
    assert error in answer.text


def test_a_report_of_a_month_and_of_a_year(
    demo_client: FlaskClient,
    demo_session: Session,
    city: City,
    reports: list[str],
    demo_statements: Statements,
) -> None:
    keeping.refresh(demo_session, city.id)
    sign_in(demo_client, "supervisor")
    demo_client.get("/printed?period=2026-02")
    with demo_statements() as statements:
        page = demo_client.get("/printed?period=2026-02&district=1").text
    assert len(statements) <= 5, "who, what city, facts, forecasts; the map's version"
    assert "February 2026" in page
    line = page.split("Tickets opened</th>")[1]
    assert line.startswith(f"<td>{28 * 3}</td><td>")
    assert "Month by month" in demo_client.get("/printed?period=2026").text
    for wrong in ("period=2026-13", "period=26", "district=99", "department=none"):
        assert demo_client.get(f"/printed?{wrong}").status_code == 404, wrong


def test_a_report_as_a_pdf(demo_client: FlaskClient, reports: list[str]) -> None:
    sign_in(demo_client, "supervisor")
    answer = demo_client.get("/printed.pdf?period=2026-02&district=1&lang=es")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert 'filename="demo-2026-02-1.pdf"' in answer.headers["Content-Disposition"]


def test_a_pdf_is_made_without_fetching_anything(tmp_path: Path) -> None:
    from webapp.pages.pdf import pdf_of

    page = '<html lang="en"><title>x</title><body>{}</body>'
    (tmp_path / "secret.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'
    )
    with_picture = pdf_of(page.format(f'<img src="file://{tmp_path}/secret.svg" width="9">'))
    assert abs(len(with_picture) - len(pdf_of(page.format("")))) < 200


def test_open_data_has_what_everybody_may_see_and_no_words_of_people(
    demo_client: FlaskClient, published: dict[str, object], reports: list[str]
) -> None:
    text = demo_client.get("/open-data/reports.csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    table = pq.read_table(io.BytesIO(demo_client.get("/open-data/reports.parquet").data))
    features = demo_client.get("/open-data/reports.geojson").get_json(force=True)["features"]
    ids = {row["tracking_number"] for row in rows}
    assert len(rows) == len(features) == table.num_rows == 87 * 4 + 1
    assert ids == set(table["id"].to_pylist()) == {each["id"] for each in features}
    assert reports[0] not in ids, "of a private service"
    assert "SECRET" not in text
    tickets = csv.DictReader(io.StringIO(demo_client.get("/open-data/tickets.csv").text))
    assert reports[1] not in {row["id"] for row in tickets}, "hidden"


def test_files_have_checksums_and_are_not_sent_twice(
    demo_client: FlaskClient, published: dict[str, object]
) -> None:
    index = demo_client.get("/open-data/index.json").get_json()
    for collection in index["collections"]:
        for file in collection["files"]:
            answer = demo_client.get(f"/open-data/{file['name']}")
            assert hashlib.sha256(answer.data).hexdigest() == file["sha256"]
            assert int(answer.headers["Content-Length"]) == len(answer.data) == file["bytes"]
    tag = demo_client.get("/open-data/tickets.csv").headers["ETag"]
    again = demo_client.get("/open-data/tickets.csv", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert demo_client.get("/open-data/secret.csv").status_code == 404
    kept = sorted(path.name for path in (Path(settings().kept_in) / "open-data/demo").glob("2*/*"))
    assert len(kept) == 2 * 6, "of the last two times"


def test_the_page_says_figures_and_what_columns_mean(
    demo_client: FlaskClient, published: dict[str, object], demo_statements: Statements
) -> None:
    demo_client.get("/open-data")
    with demo_statements() as statements:
        page = demo_client.get("/open-data").text
    assert len(statements) <= 1, "what city"
    assert "How long" not in page
    assert f"<dd>{(87 - 1) * 4 + 20 + 1}</dd>" in page
    assert "The earliest date promised to any of its reporters" in page
    assert "SHA-256" in page


def test_before_the_first_night_there_is_nothing(demo_client: FlaskClient) -> None:
    assert "Nothing is published yet" in demo_client.get("/open-data").text
    assert demo_client.get("/open-data/index.json").status_code == 404
    assert demo_client.get("/open-data/reports.csv").status_code == 404
