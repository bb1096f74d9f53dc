"""API keys."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.people import keys


def test_a_key_works_until_it_is_revoked_and_is_not_kept(demo_session: Session) -> None:
    row, key = keys.add_key(demo_session, 1, " Work orders ")
    assert row.name == "Work orders"
    assert key not in row.key_sha256
    used = keys.use(demo_session, 1, key)
    assert used is not None
    assert (used.key_id, used.scopes, used.too_many) == (row.id, ["write"], False)
    assert keys.use(demo_session, 1, key + "x") is None
    assert keys.use(demo_session, 1, "") is None
    assert keys.use(demo_session, 2, key) is None
    assert keys.revoke(demo_session, 1, row.id) is row
    first = row.revoked_at
    demo_session.flush()
    assert keys.use(demo_session, 1, key) is None
    keys.revoke(demo_session, 1, row.id)
    assert row.revoked_at == first
    assert keys.revoke(demo_session, 1, 999_999) is None


def test_calls_over_the_limit_are_told_apart_and_a_new_minute_begins_anew(demo_session: Session) -> None:
    row, key = keys.add_key(demo_session, 1, "Busy", per_minute=2)
    # The clock of a transaction stands still: all of these are in one minute.
    uses = [keys.use(demo_session, 1, key) for _ in range(4)]
    assert [each.too_many for each in uses if each] == [False, False, True, True]
    assert all(each and 1 <= each.wait_s <= 60 for each in uses)
    demo_session.execute(text("update api_key_use set minute = minute - interval '1 minute'"))
    again = keys.use(demo_session, 1, key)
    assert again is not None
    assert not again.too_many
    ((_, usage),) = [each for each in keys.keys_and_usage(demo_session, 1) if each[0].id == row.id]
    assert (usage.calls, usage.refused) == (5, 2)


def test_a_key_without_a_limit_is_never_refused(demo_session: Session) -> None:
    _, key = keys.add_key(demo_session, 1, "Own app")
    assert not any(each.too_many for _ in range(20) if (each := keys.use(demo_session, 1, key)))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"per_minute": 0}, "per_minute"),
        ({"per_minute": 10**9}, "per_minute"),
    ],
)
def test_what_is_wrong_with_a_key_is_named(
    demo_session: Session, wrong: dict[str, object], named: str
) -> None:
    fields: dict[str, object] = {"name": "App", "scopes": ["write"], "per_minute": 5} | wrong
    with pytest.raises(ValueError, match=named):
        keys.add_key(demo_session, 1, **fields)  # type: ignore[arg-type]
