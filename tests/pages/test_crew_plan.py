"""The list narrowed down by its address, views kept of it, and the day plan of the same tickets."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from tests.pages.spots import Spot, send, spot

SPOTS = (0, 4, 9, 15)


@pytest.fixture
def where(demo_client: FlaskClient, demo_session: Session) -> dict[int, Spot]:
    """Four open tickets by id, each with its spot; seen by the agent."""
    spots = [spot(demo_session, number) for number in SPOTS]
    for number, place in enumerate(spots):
        send(demo_client, place, key=f"plan-{number}", description=f"Words of {'abcd'[number]} 100%")
    sign_in(demo_client, "agent")
    ids = demo_session.scalars(text("select id from ticket order by id")).all()
    return dict(zip(ids, spots, strict=True))


def listed(client: FlaskClient, query: str = "") -> list[int]:
    page = client.get(f"/crew?{query}").text
    return [int(number) for number in re.findall(r'class="ticket-card" id="ticket-(\d+)"', page)]


def stops(client: FlaskClient, query: str = "") -> list[int]:
    page = client.get(f"/crew/plan?{query}").text
    return [int(number) for number in re.findall(r'id="stop-(\d+)"', page)]


def test_each_filter_leaves_out_what_it_should(
    demo_client: FlaskClient, demo_session: Session, where: dict[int, Spot]
) -> None:
    first, second, third, fourth = where
    demo_session.execute(
        text("update ticket set due_at = now() - interval '1 day' where id = :id"), {"id": first}
    )
    demo_session.execute(text("update ticket set status = 'in_progress' where id = :id"), {"id": second})
    demo_session.execute(text("update ticket set district = 'x' where id = :id"), {"id": third})
    number = demo_session.scalar(
        text("select tracking_number from report where ticket_id = :id"), {"id": fourth}
    )
    assert sorted(listed(demo_client)) == [first, second, third, fourth]
    assert listed(demo_client, "due=overdue") == [first]
    assert listed(demo_client, "state=in_progress") == [second]
    assert listed(demo_client, "district=x") == [third]
    assert listed(demo_client, f"q={number.lower()}") == [fourth]
    assert second in listed(demo_client, f"q={second}")
    assert listed(demo_client, "q=words+of+c+100%25") == [third]
    assert listed(demo_client, "q=100_") == [], "no character of a search is a wildcard"
    assert listed(demo_client, "service=pothole") == []
    assert sorted(listed(demo_client, "service=graffiti")) == [first, second, third, fourth]
    assert first in listed(demo_client, f"lon={where[first].lon}&lat={where[first].lat}&distance=500")
    assert listed(demo_client, "lon=-80&lat=40&distance=5000") == []
    assert stops(demo_client, "due=overdue") == [first]


@pytest.mark.parametrize(
    "query",
    ["lon=nan&lat=1&distance=500", "lon=x", "lon=999&lat=0", "distance=7", "state=no", "due=%00", "q=%00", "q=" + "9" * 90,
     "district=%00", "from=x", "order=1,x,,9999999999999999999999", "service=%27"],
)  # fmt: skip
def test_an_odd_address_shows_a_page(demo_client: FlaskClient, where: dict[int, Spot], query: str) -> None:
    assert demo_client.get(f"/crew?{query}").status_code == 200
    assert demo_client.get(f"/crew/plan?{query}").status_code == 200


def test_a_view_is_kept_shown_and_forgotten_by_its_owner_only(
    demo_client: FlaskClient, where: dict[int, Spot]
) -> None:
    kept = demo_client.post("/crew/views?due=overdue&q=wall", data={"name": "Late <walls>"})
    assert kept.location == "/crew?q=wall&due=overdue"
    demo_client.post("/crew/views?due=today", data={"name": "Late <walls>"})
    page = demo_client.get("/crew").text
    assert page.count("Late &lt;walls&gt;</a>") == 1, "a name is kept once"
    assert "/crew?due=today" in page
    forget = re.search(r'name="forget" value="(\d+)"', page)
    assert forget
    other = demo_client.application.test_client()
    sign_in(other, "supervisor")
    assert "Late" not in other.get("/crew").text.split('class="panes__list')[1].split("<ol")[0]
    other.post("/crew/views", data={"forget": forget[1]})
    assert "walls" in demo_client.get("/crew").text
    demo_client.post("/crew/views", data={"forget": forget[1]})
    assert "walls" not in demo_client.get("/crew").text


def test_the_plan_begins_nearest_to_the_reader_and_can_be_changed_by_hand(
    demo_client: FlaskClient, where: dict[int, Spot]
) -> None:
    for ticket, place in where.items():
        assert stops(demo_client, f"lon={place.lon}&lat={place.lat}")[0] == ticket
    page = demo_client.get("/crew/plan").text
    before = [int(number) for number in re.findall(r'id="stop-(\d+)"', page)]
    later = re.search(r'href="(/crew/plan\?order=[^"#]+)#stop-\d+"', page)
    assert later
    after = re.findall(r'id="stop-(\d+)"', demo_client.get(later[1].replace("&amp;", "&")).text)
    assert [int(number) for number in after] == [before[1], before[0], *before[2:]]


def test_tickets_at_one_spot_are_one_stop(
    demo_client: FlaskClient, demo_session: Session, where: dict[int, Spot]
) -> None:
    first, second, *rest = where
    demo_session.execute(
        text("update ticket set geom = (select geom from ticket where id = :first) where id = :second"),
        {"first": first, "second": second},
    )
    found = stops(demo_client)
    assert len(found) == 3
    assert set(rest) < set(found)
    page = demo_client.get("/crew/plan").text
    assert all(f'href="/crew/{ticket}"' in page for ticket in where)


def test_list_and_plan_take_few_statements(
    demo_client: FlaskClient,
    where: dict[int, Spot],
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    for path, most in (("/crew?due=week", 6), ("/crew/plan?due=week", 4)):
        demo_client.get(path)
        with demo_statements() as statements:
            demo_client.get(path)
        assert len(statements) <= most, "\n".join(statements)
