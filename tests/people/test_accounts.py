"""Accounts of staff, their passwords and sessions."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from webapp.people import accounts, passwords
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email
from webapp.people.sessions import begin, staff_of

GOOD = {"email": "Jo@example.org", "name": "Jo", "role": "agent", "password": "long enough"}


@pytest.fixture
def jo(demo_session: Session) -> Staff:
    return accounts.add_staff(demo_session, 1, **GOOD)


def test_a_password_is_kept_only_as_an_argon2id_hash(jo: Staff) -> None:
    assert jo.password_hash.startswith("$argon2id$")
    assert passwords.is_password("long enough", jo.password_hash)
    assert not passwords.is_password("long enough ", jo.password_hash)
    assert not passwords.is_password("", jo.password_hash)
    assert not passwords.is_password("long enough", "not a hash")
    assert not passwords.is_password("long enough", None)


def test_made_passwords_differ_and_can_be_used() -> None:
    made = {passwords.make_password() for _ in range(50)}
    assert len(made) == 50
    assert min(map(len, made)) >= passwords.SHORTEST


def test_an_address_is_one_person_whatever_its_case(demo_session: Session, jo: Staff) -> None:
    assert staff_by_email(demo_session, 1, " jo@EXAMPLE.org ") is jo
    with pytest.raises(ValueError, match="there already"):
        accounts.add_staff(demo_session, 1, **{**GOOD, "email": "JO@example.org"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "jo"}, "not an e-mail address"),
        ({"email": "a b@example.org"}, "not an e-mail address"),
        ({"role": "boss"}, "not a role"),
        ({"role": "crew"}, "needs a crew"),
        ({"role": "council"}, "needs a district"),
        ({"password": "short"}, "at least 10"),
        ({"password": "x" * 300}, "at most 200"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    demo_session: Session, change: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        accounts.add_staff(demo_session, 1, **{**GOOD, **change})


def test_an_identity_is_good_until_the_password_changes_or_the_account_closes(
    demo_session: Session, jo: Staff
) -> None:
    begin(demo_session, jo, "a browser")
    before = jo.get_id()
    assert staff_of(demo_session, before) is jo
    accounts.set_password(jo, "another long one")
    assert staff_of(demo_session, before) is None
    begin(demo_session, jo, "a browser")
    assert staff_of(demo_session, jo.get_id()) is jo
    accounts.disable(jo)
    assert staff_of(demo_session, jo.get_id()) is None
    assert accounts.sign_in(demo_session, 1, "jo@example.org", "another long one") is None


@pytest.mark.parametrize(
    "identity", ["", "1", "1.2.3", "1.2.3.4", "a.b.c.d", "1.-2.0.x", "1.²1.0.x", "1.99999999.0.x", "1.1.0."]
)
def test_a_made_up_identity_is_nobody(demo_session: Session, identity: str) -> None:
    assert staff_of(demo_session, identity) is None


def test_an_old_hash_is_made_stronger_on_signing_in(demo_session: Session, jo: Staff) -> None:
    from argon2 import PasswordHasher

    jo.password_hash = weak = PasswordHasher(time_cost=1, memory_cost=1024).hash("long enough")
    assert accounts.sign_in(demo_session, 1, "jo@example.org", "long enough") is jo
    assert jo.password_hash != weak
    assert passwords.is_password("long enough", jo.password_hash)
