"""Contacts: cleaned, found again only by all they say, and never in a log."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.people import contacts
from webapp.people.contacts import ContactDetails, clean
from webapp.people.models import Contact


def test_stray_spaces_go_and_nothing_is_nothing() -> None:
    details, wrong = clean("  Ann \n Example ", " ann@example.org ", "", "es")
    assert (details.name, details.email, details.phone, details.language) == (
        "Ann Example",
        "ann@example.org",
        None,
        "es",
    )
    assert wrong == {}
    assert not clean(" ", "", None)[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ann"),
        ("email", "ann@example.org, bob@example.org"),
        ("email", "ann@" + "x" * 260 + ".org"),
        ("phone", "ring me"),
        ("phone", "1"),
        ("name", "x" * 300),
    ],
)
def test_what_cannot_be_right_is_told_by_field(field: str, value: str) -> None:
    assert list(clean(**{field: value})[1]) == [field]


def test_only_all_details_together_are_the_same_contact(demo_session: Session) -> None:
    ann = ContactDetails("Ann", "ann@example.org", None)
    first = contacts.find_or_make(demo_session, 1, ann)
    assert contacts.find_or_make(demo_session, 1, ann) == first
    others = [
        ContactDetails("Mallory", "ann@example.org", None),
        ContactDetails("Ann", "ann@example.org", "555 0100 200"),
        ContactDetails("Ann", "ann@example.org", None, "es"),
        ContactDetails("Ann", None, None),
    ]
    assert first not in {contacts.find_or_make(demo_session, 1, other) for other in others}
    assert contacts.get(demo_session, 1, first) == ann
    assert demo_session.scalar(select(func.count()).select_from(Contact)) == 5


def test_a_contact_that_was_erased_is_none(demo_session: Session) -> None:
    assert contacts.get(demo_session, 1, 999_999) is None


def test_details_do_not_show_when_printed() -> None:
    assert "ann" not in repr(ContactDetails("Ann", "ann@example.org", "555 0100 200")).lower()
