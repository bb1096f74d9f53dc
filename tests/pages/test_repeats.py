"""The desk compares possible repeats side by side, merges them or keeps them apart, and takes a merge back."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.pages.people import sign_in
from tests.pages.spots import send, spot
from webapp.tickets.queries import decisions_on_pairs

PAGE = "/desk/repeats"


def flag_the_second(session: Session) -> None:
    """Let the second report be one that looked like the first when it came."""
    first, second = session.scalars(text("select id from report order by id")).all()
    session.execute(
        text(
            "update report set duplicate_decision = 'flagged', duplicate_of = :first, duplicate_score = 0.62, "
            """duplicate_reasons = '[{"code": "distance", "metres": 12}, {"code": "related_service"}]' """
            "where id = :second"
        ),
        {"first": first, "second": second},
    )
    session.commit()


@pytest.fixture
def numbers(demo_client: FlaskClient, demo_session: Session) -> list[str]:
    """Tracking numbers of two reports, of which the second may repeat the first."""
    made = [
        send(demo_client, spot(demo_session, number), key=f"key-{number}", description=words)
        for number, words in ((0, "Red letters"), (9, "Scrawl on the wall"))
    ]
    flag_the_second(demo_session)
    return made


def fields(page: str) -> dict[str, str]:
    """Return what the form of the page would send."""
    form = page[page.index('class="pair__answers"') :]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="(\d*)"', form))


def test_the_pair_is_shown_with_its_score_words_reasons_and_map(
    demo_client: FlaskClient, numbers: list[str]
) -> None:
    sign_in(demo_client, "agent")
    page = demo_client.get(PAGE).text
    for part in (
        "62 % alike",
        "1 to compare",
        "12 m away",
        "Red letters",
        "Scrawl on the wall",
        'class="thumbnail"',
    ):
        assert part in page


def test_accepting_merges_and_can_be_taken_back(
    demo_client: FlaskClient, demo_session: Session, numbers: list[str]
) -> None:
    sign_in(demo_client, "agent")
    answer = demo_client.post(PAGE, data=fields(demo_client.get(PAGE).text) | {"same": "yes"})
    assert answer.status_code == 302
    assert "1 other person" in demo_client.get(f"/track/{numbers[1]}").text
    page = demo_client.get(PAGE).text
    assert "Nothing to compare" in page
    back = dict(re.findall(r'name="(ticket|version)" value="(\d+)"', page))
    answer = demo_client.post(f"{PAGE}/split", data=back)
    assert "Scrawl on the wall" in demo_client.get(answer.location).text
    assert "other person" not in demo_client.get(f"/track/{numbers[1]}").text
    assert "Nothing to compare" in demo_client.get(PAGE).text, "it was compared: nobody is asked again"
    assert [row.same for row in decisions_on_pairs(demo_session, 1)] == [False]


def test_refusing_is_remembered_and_not_asked_again(
    demo_client: FlaskClient, demo_session: Session, numbers: list[str]
) -> None:
    sign_in(demo_client, "supervisor")
    demo_session.execute(
        text("update ticket set department_id = (select department_id from staff where role = 'supervisor')")
    )
    answer = demo_client.post(
        PAGE, data=fields(demo_client.get(PAGE).text) | {"same": "no"}, follow_redirects=True
    )
    assert "two problems" in answer.text
    assert "Nothing to compare" in answer.text
    assert [(row.same, row.by) for row in decisions_on_pairs(demo_session, 1)] == [
        (False, "Works Supervisor")
    ]


def test_a_supervisor_is_asked_of_the_own_department_only(
    demo_client: FlaskClient, demo_session: Session, numbers: list[str]
) -> None:
    demo_session.execute(
        text(
            "update ticket set department_id = (select max(id) from department where id <> "
            "(select department_id from staff where role = 'supervisor'))"
        )
    )
    sign_in(demo_client, "supervisor")
    assert "Nothing to compare" in demo_client.get(PAGE).text


def test_a_ticket_that_was_moved_meanwhile_is_not_merged_blindly(
    demo_client: FlaskClient, demo_session: Session, numbers: list[str]
) -> None:
    sign_in(demo_client, "agent")
    seen = fields(demo_client.get(PAGE).text)
    moved = demo_client.post(
        f"/crew/{seen['ticket']}", data={"to": "in_progress", "version": seen["version"]}
    )
    assert moved.status_code == 302
    answer = demo_client.post(PAGE, data=seen | {"same": "yes"})
    assert answer.status_code == 409
    assert "moved this ticket to in progress" in answer.text
    assert decisions_on_pairs(demo_session, 1) == []


def test_one_report_is_taken_out_on_the_tickets_page(
    demo_client: FlaskClient, demo_session: Session, numbers: list[str]
) -> None:
    sign_in(demo_client, "agent")
    seen = fields(demo_client.get(PAGE).text)
    demo_client.post(PAGE, data=seen | {"same": "yes"})
    page = demo_client.get(f"/crew/{seen['other']}").text
    out = re.findall(r'name="report" value="(\d+)"><input type="hidden" name="version" value="(\d+)"', page)
    assert len(out) == 2
    answer = demo_client.post(f"{PAGE}/split", data={"report": out[1][0], "version": out[1][1]})
    own = demo_client.get(answer.location).text
    assert "Scrawl on the wall" in own
    assert "Red letters" not in own
    assert demo_client.get(f"/crew/{seen['ticket']}").location == f"/crew/{seen['other']}"


def test_the_page_takes_few_statements(
    demo_client: FlaskClient,
    numbers: list[str],
    demo_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    sign_in(demo_client, "agent")
    demo_client.get(PAGE)
    with demo_statements() as statements:
        demo_client.get(PAGE)
    assert len(statements) <= 6, "\n".join(statements)
