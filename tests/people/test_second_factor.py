"""Codes of an app: right ones, late ones, used ones. The expected codes are those of RFC 6238, appendix B."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy.orm import Session

from webapp.people import accounts, audit, second_factor
from webapp.people.models import Staff

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.fixture
def jo(demo_session: Session) -> Staff:
    return accounts.add_staff(
        demo_session, 1, email="jo@example.org", name="Jo", role="agent", password="long enough"
    )


@pytest.mark.parametrize(
    ("now", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_of_the_standard_are_right(demo_session: Session, jo: Staff, now: int, code: str) -> None:
    assert second_factor.add(demo_session, jo, SECRET, f" {code[:3]} {code[3:]} ", now=now)
    assert [row.kind for row in audit.trail(demo_session, 1)] == ["second_factor_added"]


def test_a_code_is_good_for_a_moment_and_once(demo_session: Session, jo: Staff) -> None:
    assert not second_factor.check(demo_session, jo, "287082", now=59), "nothing is set up"
    jo.totp_secret = SECRET
    demo_session.flush()
    assert not second_factor.check(demo_session, jo, "287082", now=59 + 61), "too late"
    assert not second_factor.check(demo_session, jo, "287083", now=59)
    assert not second_factor.check(demo_session, jo, "", now=59)
    assert second_factor.check(demo_session, jo, "287082", now=59 + 30), "a slow clock"
    assert not second_factor.check(demo_session, jo, "287082", now=59), "used"


def test_a_wrong_code_sets_nothing_up(demo_session: Session, jo: Staff) -> None:
    assert not second_factor.add(demo_session, jo, SECRET, "000000", now=59)
    assert jo.totp_secret is None
