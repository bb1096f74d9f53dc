"""API keys."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.people import keys


def test_a_key_works_until_it_is_revoked_and_is_not_kept(demo_session: Session) -> None:
    row, key = keys.add_key(demo_session, 1, " Work orders ")
    assert row.name == "Work orders"
    assert key not in row.key_sha256
    assert keys.check(demo_session, 1, key) is row
    assert keys.check(demo_session, 1, key + "x") is None
    assert keys.check(demo_session, 1, "") is None
    assert keys.check(demo_session, 2, key) is None
    assert keys.revoke(demo_session, 1, row.id) is row
    first = row.revoked_at
    assert keys.check(demo_session, 1, key) is None
    keys.revoke(demo_session, 1, row.id)
    assert row.revoked_at == first
    assert keys.revoke(demo_session, 1, 999_999) is None
