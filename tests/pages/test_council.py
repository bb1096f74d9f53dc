"""A council office sees its district, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.tickets import add_tickets, median_days
from tests.pages.people import sign_in
from webapp.catalog.queries import catalog
from webapp.insight.areas import MEASURES
from webapp.insight.small_counts import hidden

ALL_DAYS = "from=2026-01-01&to=2026-04-20"


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def tickets(demo_session: Session, city: City) -> pd.DataFrame:
    return add_tickets(demo_session, city, 200, seed=3)


def totals(page: str) -> list[str]:
    """Return the large figures of a page."""
    return [re.sub(r"<[^>]*>", "", text) for text in re.findall(r"<dd[^>]*>(.*?)</dd>", page)]


def rows(page: str, section: str) -> dict[str, list[str]]:
    """Return the rows of one table of a page by their first column."""
    table = re.search(rf'<h2 id="{section}">.*?</table>', page, re.S)
    assert table, page
    found = {}
    for row in re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</tr>", table[0], re.S):
        name, _, cells = row.partition("</th>")
        name = re.sub(r"<svg.*?</svg>|<a [^>]*>|</a>", "", name, flags=re.S).strip()
        found[name] = re.findall(r"<td>(.*?)</td>", cells, re.S)
    return found


def test_the_figures_are_those_of_the_district(
    demo_client: FlaskClient, demo_session: Session, city: City, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "district-1")
    page = demo_client.get(f"/council?{ALL_DAYS}").text
    mine = tickets[tickets.district == "1"]
    still_open = mine[mine.closed_at.isna()]
    late = (pd.to_datetime(still_open.due_at) < datetime.now(UTC)).sum()
    assert 10 < len(mine) < len(tickets)
    assert totals(page) == [
        str(len(mine)), str(mine.report_count.sum()), str(len(still_open)), str(late), f"{median_days(mine):.1f}",
    ]  # fmt: skip
    names = {service.id: service.name for service in catalog(demo_session, city).services.values()}
    by_service = rows(page, "services")
    assert {name: int(cells[0]) for name, cells in by_service.items()} == mine.groupby(
        mine.service_id.map(names)
    ).size().to_dict()
    areas = rows(page, "by-area")
    by_name = mine.groupby(mine.zones.map(lambda zones: zones.get("neighborhood"))).size()
    not_told = hidden(by_name.to_numpy())
    assert sorted(cells[0] for cells in areas.values()) == sorted(
        "not shown" if not_shown else str(count) for count, not_shown in zip(by_name, not_told, strict=True)
    )


def test_one_group_of_services_over_some_days(
    demo_client: FlaskClient, demo_session: Session, city: City, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "district-1")
    page = demo_client.get("/council?from=2026-02-01&to=2026-02-28&group=Streets").text
    streets = [each.id for each in catalog(demo_session, city).services.values() if each.group == "Streets"]
    local = tickets.opened_at.dt.tz_convert("America/Chicago")
    inside = tickets[(tickets.district == "1") & tickets.service_id.isin(streets) & (local.dt.month == 2)]
    assert len(inside) > 0
    assert totals(page)[0] == str(len(inside))
    assert 'value="2026-02-28"' in page
    assert re.search(r"<option selected>Streets</option>", page)


def sources(page: str) -> dict[str, str]:
    """Return the addresses of what the map shows, by the function that draws it."""
    found = re.findall(r'pinward\.(heat|months|shades)\(.*?"(/council/[^"]*)"\);', page, re.S)
    return {name: address.replace("\\u0026", "&") for name, address in found}


def on_the_map(answer: dict[str, Any]) -> int:
    return sum(answer["blocks"][2::3])


def test_the_map_s_points_are_the_district_s(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "district-1")
    page = demo_client.get(f"/council?{ALL_DAYS}&show=open").text
    shown = tickets[(tickets.district == "1") & tickets.public & tickets.closed_at.isna()]
    private = tickets[(tickets.district == "1") & ~tickets.public & tickets.closed_at.isna()]
    answer = demo_client.get(sources(page)["heat"])
    assert 0 <= on_the_map(answer.json) - len(shown) <= len(private)
    assert "private" in answer.headers["Cache-Control"]
    months = demo_client.get(sources(page)["months"]).json["months"]
    assert [month["label"] for month in months][:2] == ["January 2026", "February 2026"]
    assert sum(on_the_map(month) for month in months) == on_the_map(answer.json)


def test_areas_on_the_map_have_the_figures_of_the_table(
    demo_client: FlaskClient, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "administrator")
    page = demo_client.get(f"/council?{ALL_DAYS}&areas=council").text
    told = demo_client.get(sources(page)["shades"]).json
    table = rows(page, "by-area")
    names = [area["name"] for area in told["areas"]]
    assert names == list(table)
    for number, measure in enumerate(told["measures"][name] for name in MEASURES):
        assert measure["words"] == [table[name][number] for name in names]
        assert all(step is None or step < len(measure["legend"]) for step in measure["steps"])
    assert not {"not shown", "not known"} & {*told["measures"]["per_1000"]["words"][:2]}
    first = told["areas"][0]
    assert first["tickets_words"] == f"See the {table[names[0]][0]} tickets"
    behind = demo_client.get(first["tickets"]).text
    public = tickets[(tickets.zones.map(lambda zones: zones.get("council")) == "1") & tickets.public]
    assert f"<p>{len(public)} tickets" in behind


def test_a_council_office_sees_no_other_district(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "district-1")
    mine = str((tickets.district == "1").sum())
    page = demo_client.get(f"/council?{ALL_DAYS}&district=2").text
    assert totals(page)[0] == mine
    assert 'id="district"' not in page
    other = demo_client.get(f"/council/heat.json?{ALL_DAYS}&district=2").json
    assert other == demo_client.get(f"/council/heat.json?{ALL_DAYS}").json


def test_an_administrator_chooses_a_district_or_all(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "administrator")
    whole = demo_client.get(f"/council?{ALL_DAYS}").text
    assert "<h1>All of Alder Falls</h1>" in whole
    assert totals(whole)[0] == str(len(tickets))
    second = demo_client.get(f"/council?{ALL_DAYS}&district=2").text
    assert totals(second)[0] == str((tickets.district == "2").sum())
    assert demo_client.get("/council?district=nowhere").status_code == 404


def test_the_usual_period_ends_with_the_newest_ticket(
    demo_client: FlaskClient, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "administrator")
    last = tickets.opened_at.dt.tz_convert("America/Chicago").max().date()
    page = demo_client.get("/council").text
    assert f'name="to" type="date" value="{last}"' in page
    assert f'value="{last - pd.Timedelta(days=89)}"' in page


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "to=0001-01-01", "from=2026-04-01&to=2026-01-01", "group=<b>", "areas=nothing", "show=x",
     "from=9999-12-31&to=9999-12-31", "from=2026-03-01"],
)  # fmt: skip
def test_an_odd_address_is_no_dead_end(demo_client: FlaskClient, tickets: pd.DataFrame, query: str) -> None:
    sign_in(demo_client, "district-1")
    answer = demo_client.get(f"/council?{query}")
    assert answer.status_code == 200
    assert "<b>" not in answer.text.partition("<main")[2]


def test_a_city_without_tickets_says_so(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "district-2")
    page = demo_client.get("/council").text
    assert totals(page)[:4] == ["0", "0", "0", "0"]
    assert "No tickets in these days." in page
    assert demo_client.get("/council/heat.json").json == {"step": 0.001, "blocks": []}
    assert demo_client.get("/council/months.json").json == {"step": 0.001, "months": []}
    assert demo_client.get("/council/map.png").mimetype == "image/png"
    assert demo_client.get("/council/map.html").status_code == 200
