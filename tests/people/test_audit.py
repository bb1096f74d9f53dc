"""The audit trail: written by every change, read by auditors, edited by nobody."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from webapp.people import audit, contacts
from webapp.people.contacts import ContactDetails
from webapp.people.demo import DOMAIN
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email


@pytest.fixture
def agent(demo_session: Session) -> Staff:
    found = staff_by_email(demo_session, 1, f"agent@{DOMAIN}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "change",
    ["update audit set subject = ''", "delete from audit", "truncate audit", "truncate audit cascade"],
)
def test_nobody_can_edit_it(demo_session: Session, agent: Staff, change: str) -> None:
    audit.record(demo_session, 1, "signed_in", "x", by=agent)
    with pytest.raises(DatabaseError, match="audit is append-only"), demo_session.begin_nested():
        demo_session.execute(text(change))
    assert len(audit.trail(demo_session, 1)) == 1


def test_every_look_at_a_contact_is_written_down_without_the_contact(
    demo_session: Session, agent: Staff
) -> None:
    ids = [
        contacts.find_or_make(demo_session, 1, ContactDetails("Ann", "ann@example.org")),
        contacts.find_or_make(demo_session, 1, ContactDetails(None, None, "555-0100")),
    ]
    shown = contacts.show(demo_session, 1, ids, to=agent, of="ticket 7")
    assert [(each.name, each.email, each.phone) for each in shown] == [
        ("Ann", "ann@example.org", None), (None, None, "555-0100"),
    ]  # fmt: skip
    [row] = audit.trail(demo_session, 1)
    assert (row.by, row.kind, row.subject, row.data) == (
        "Desk Agent",
        "contact_seen",
        "ticket 7",
        {"contacts": ids},
    )
    assert contacts.show(demo_session, 1, [], to=agent, of="ticket 8") == []
    assert len(audit.trail(demo_session, 1)) == 1, "nothing was there to see"


def test_it_is_read_by_person_and_kind_a_page_at_a_time(demo_session: Session, agent: Staff) -> None:
    for number in range(5):
        audit.record(demo_session, 1, "signed_in", str(number), by=agent if number % 2 else None)
    newest = audit.trail(demo_session, 1, limit=2)
    assert [row.subject for row in newest] == ["4", "3"]
    assert [row.subject for row in audit.trail(demo_session, 1, before=newest[-1].id)] == ["2", "1", "0"]
    assert [row.subject for row in audit.trail(demo_session, 1, staff_id=agent.id)] == ["3", "1"]
    assert audit.trail(demo_session, 1, kind="staff_added") == []
