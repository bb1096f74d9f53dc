"""Managers see figures of what is theirs, and of each the tickets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape

import pandas as pd
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from tests.insight.tickets import add_tickets
from tests.pages.people import sign_in
from webapp.catalog.queries import catalog
from webapp.insight.keeping import refresh

ALL_DAYS = "from=2026-01-01&to=2026-04-20"


@pytest.fixture
def city(demo_session: Session) -> City:
    return city_by_slug(demo_session, "demo")


@pytest.fixture
def tickets(demo_session: Session, city: City) -> pd.DataFrame:
    tickets = add_tickets(demo_session, city, 300, seed=3)
    ids = demo_session.scalars(text("select id from ticket order by id")).all()
    demo_session.execute(
        text(
            "insert into report (city_id, tracking_number, ticket_id, service_id, channel, description, answers, media_urls,"
            " requested_at, place_flags, zones, edition_ids, duplicate_decision, duplicate_reasons, suggestions)"
            " select 1, 'T' || id, id, service_id, case when id % 3 = 0 then 'phone' else 'web' end, '', '{}', '{}',"
            " opened_at, '{}', '{}', '{}', 'none', '[]', '{}' from ticket"
        )
    )
    demo_session.execute(
        text("update ticket set service_id = 1, segment_id = 'made-up' where id <= :last"), {"last": ids[5]}
    )
    demo_session.execute(
        text(
            "insert into timeline (city_id, ticket_id, at, kind, actor) select 1, id, closed_at, 'done', 'staff' from ticket where status = 'done'"
        )
    )
    tickets.loc[:5, "service_id"] = 1
    tickets["channel"] = ["phone" if number % 3 == 0 else "web" for number in ids]
    refresh(demo_session, city.id)
    return tickets


def figures(page: str) -> dict[str, str]:
    """Return the large figures of a page by their labels."""
    found = re.findall(r"<div>\s*<dt>(.*?) <a.*?</dt>\s*<dd>(.*?)</dd>", page, re.S)
    return {label: re.sub(r"<[^>]*>", "", value) for label, value in found}


def table(page: str, heading: str) -> dict[str, list[str]]:
    part = re.search(rf'<h[23] id="{heading}">.*?</table>', page, re.S)
    assert part, page
    found = {}
    for row in re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</tr>", part[0], re.S):
        name, _, cells = row.partition("</th>")
        name = re.sub(r"<svg.*?</svg>|<[^>]*>", "", name, flags=re.S).strip()
        found[unescape(name)] = [
            re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", cells, re.S)
        ]
    return found


def test_figures_and_their_tickets(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "administrator")
    page = demo_client.get(f"/manage?{ALL_DAYS}").text
    found = figures(page)
    last = pd.Timestamp("2026-04-21T05:00:00Z")
    backlog = tickets[~(pd.to_datetime(tickets.closed_at) < last)]
    assert (found["Received"], found["Open"]) == ("300", str(len(backlog)))
    assert found["Half done within"].endswith("days")
    links = re.findall(r'<dd><a href="(/manage/tickets[^"]*)">([\d,]+)</a></dd>', page)
    assert len(links) == 6
    for address, count in links:
        listed = demo_client.get(unescape(address))
        assert f"· {count} ticket" in listed.text, address
    for name in re.findall(r'href="#(how-\w+)"', page):
        assert f'id="{name}"' in page


@pytest.mark.parametrize(
    "by", ["department", "crew", "service", "group", "district", "channel", "language", "neighborhood"]
)
def test_each_way_to_list_adds_up(demo_client: FlaskClient, tickets: pd.DataFrame, by: str) -> None:
    sign_in(demo_client, "auditor")
    page = demo_client.get(f"/manage?{ALL_DAYS}&by={by}").text
    rows = table(page, "by-what")
    assert sum(int(cells[0]) for cells in rows.values()) == 300
    assert len(rows) > (1 if by not in ("crew", "language") else 0)
    address, count = re.findall(r'<td><a href="(/manage/tickets[^"]*figure=received[^"]*)">(\d+)</a>', page)[
        -1
    ]
    assert f"· {count} ticket" in demo_client.get(unescape(address)).text


def test_filters_are_in_the_address(
    demo_client: FlaskClient, demo_session: Session, city: City, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "administrator")
    service = catalog(demo_session, city).services[1]
    district, channel = tickets.district[1], tickets.channel[1]
    mine = tickets[(tickets.service_id == 1) & (tickets.channel == channel) & (tickets.district == district)]
    page = demo_client.get(
        f"/manage?{ALL_DAYS}&service={service.code}&channel={channel}&district={district}"
    ).text
    assert len(mine) > 0
    assert figures(page)["Received"] == str(len(mine))
    assert f'<option value="{service.code}" selected>' in page
    february = demo_client.get(f"/manage?from=2026-02-01&to=2026-02-28&group={service.group}").text
    local = tickets.opened_at.dt.tz_convert("America/Chicago")
    group = [each.id for each in catalog(demo_session, city).services.values() if each.group == service.group]
    assert figures(february)["Received"] == str(
        ((local.dt.month == 2) & tickets.service_id.isin(group)).sum()
    )
    hours = table(demo_client.get(f"/manage?{ALL_DAYS}").text, "hours")
    assert [int(cells[0]) for cells in hours.values()] == local.dt.hour.value_counts().reindex(
        range(24), fill_value=0
    ).tolist()
    steps = table(demo_client.get(f"/manage?{ALL_DAYS}").text, "steps")
    assert sum(int(cells[0]) for cells in steps.values()) == 300


def test_a_supervisor_sees_the_own_department(
    demo_client: FlaskClient, demo_session: Session, tickets: pd.DataFrame
) -> None:
    sign_in(demo_client, "supervisor")
    mine = demo_session.scalar(text("select department_id from staff where email like 'supervisor@%'"))
    theirs = demo_session.scalar(
        text("select code from department where id <> :mine order by id limit 1"), {"mine": mine}
    )
    count = demo_session.scalar(
        text("select count(*) from ticket where department_id = :mine"), {"mine": mine}
    )
    page = demo_client.get(f"/manage?{ALL_DAYS}").text
    assert figures(page)["Received"] == str(count)
    assert 0 < count < 300
    assert len(table(page, "by-what")) == 1
    other = demo_client.get(f"/manage?{ALL_DAYS}&department={theirs}").text
    assert figures(other)["Received"] == "0"
    listed = demo_client.get(f"/manage/tickets?{ALL_DAYS}&figure=received&department={theirs}").text
    assert "· 0 tickets" in listed


def test_places_done_again_and_again_as_files(demo_client: FlaskClient, tickets: pd.DataFrame) -> None:
    sign_in(demo_client, "auditor")
    page = demo_client.get(f"/manage?{ALL_DAYS}").text
    ((name, cells),) = table(page, "worst-segment").items()
    assert (name, cells[1]) == ("made-up", "6")
    answer = demo_client.get(f"/manage/worst.csv?{ALL_DAYS}")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["rank"], row["id"], row["tickets"], row["visits"]) == ("1", "made-up", "6", cells[0])
    assert len(row["ticket_ids"].split()) == 6
    shape = demo_client.get(f"/manage/worst.geojson?{ALL_DAYS}").json
    assert shape["features"][0]["geometry"]["type"] == "Point", "it is on no map"
    assert demo_client.get(f"/manage/worst.geojson?{ALL_DAYS}&what=asset").json["features"] == []
    assert demo_client.get(f"/manage/worst.pdf?{ALL_DAYS}").status_code == 404


def test_a_segment_on_the_map_has_its_line(
    demo_client: FlaskClient, demo_session: Session, city: City, tickets: pd.DataFrame
) -> None:
    segment = demo_session.scalar(text("select source_id from segment where left_to > 0 limit 1"))
    demo_session.execute(
        text("update ticket set segment_id = :segment where segment_id = 'made-up'"), {"segment": segment}
    )
    refresh(demo_session, city.id, whole=True)
    sign_in(demo_client, "auditor")
    (feature,) = demo_client.get(f"/manage/worst.geojson?{ALL_DAYS}").json["features"]
    (line,) = feature["geometry"]["coordinates"]
    theirs = demo_session.scalar(
        text("select st_asgeojson(geom)::json -> 'coordinates' from segment where source_id = :id"),
        {"id": segment},
    )
    assert line == [pytest.approx(point, abs=2e-6) for point in theirs]
    assert feature["properties"]["name"] != segment


@pytest.mark.parametrize(
    "query", ["from=yesterday", "to=0001-01-01", "from=2026-04-01&to=2026-01-01", "by=<b>", "crew=nobody", "district=%00",
              "service=x&language=y&channel=z", "from=2024-02-29&to=2024-02-29", ""],
)  # fmt: skip
def test_an_odd_address_is_no_dead_end(demo_client: FlaskClient, tickets: pd.DataFrame, query: str) -> None:
    sign_in(demo_client, "administrator")
    answer = demo_client.get(f"/manage?{query}")
    assert answer.status_code == 200
    assert "<b>" not in answer.text.partition("<main")[2]


def test_before_anything_is_counted(demo_client: FlaskClient) -> None:
    sign_in(demo_client, "administrator")
    assert "No tickets have been counted yet" in demo_client.get("/manage").text
    assert demo_client.get("/manage/tickets?figure=received").status_code == 404
    assert demo_client.get("/manage/tickets?figure=nothing").status_code == 404


def test_satisfaction_and_answers_without_a_ticket(
    demo_client: FlaskClient, demo_session: Session, tickets: pd.DataFrame
) -> None:
    demo_session.execute(
        text(
            "insert into survey (city_id, report_id, ticket_id, timeline_id, asked_at, answered_at, fixed, satisfaction)"
            " select 1, report.id, ticket_id, timeline.id, case when n < 4 then timestamptz '2026-03-01Z' end,"
            " case when n <> 1 then timestamptz '2026-03-02Z' end, case when n <> 1 then true end, case when n <> 1 then 1 + n end"
            "  from (select ticket_id, min(id) as id, row_number() over (order by ticket_id) - 1 as n from timeline where kind = 'done' group by 1 limit 5) as timeline"
            "  join report using (ticket_id)"
        )
    )
    demo_session.execute(
        text(
            "insert into article_use (city_id, article_id, day, channel, times) select 1, min(id), date '2026-03-01', 'phone', 7 from article"
        )
    )
    sign_in(demo_client, "administrator")
    page = demo_client.get(f"/manage?{ALL_DAYS}").text
    assert figures(page)["Satisfied"] == "50%"
    assert "of 4 answers" in page
    assert "75% of 4 asked have answered" in page
    assert figures(page)["Answered without a ticket"] == "7"
    assert figures(demo_client.get("/manage?from=2026-01-01&to=2026-02-01").text)["Satisfied"] == "–"


def test_what_a_page_asks_the_database(
    monkeypatch: pytest.MonkeyPatch,
    demo_client: FlaskClient,
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
    tickets: pd.DataFrame,
) -> None:
    sign_in(demo_client, "supervisor")
    # Once a second a page asks for the map's version too.
    monkeypatch.setattr("layers.current.CHECK_EVERY_S", 3600.0)
    asked = {}
    for path in ("/manage", "/manage/tickets", "/manage/worst.csv"):
        address = f"{path}?{ALL_DAYS}&figure=received&by=neighborhood"
        demo_client.get(address)
        with demo_statements() as statements:
            assert demo_client.get(address).status_code == 200
        asked[path] = len(statements)
    assert asked == {"/manage": 6, "/manage/tickets": 4, "/manage/worst.csv": 3}
