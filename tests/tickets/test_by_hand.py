"""A priority set by hand stays, whatever comes after; it can be undone like a move."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.tickets.conftest import NOON, Town
from webapp.dispatch.by_hand import set_priority
from webapp.tickets import queries, records
from webapp.tickets.lifecycle import Incomplete, MoveRefused, NotAllowed
from webapp.tickets.merging import merge, split
from webapp.tickets.moving import Overtaken, move, undo


def urgency(town: Town, ticket_id: int) -> tuple[int, str]:
    found = queries.ticket(town.session, town.city_id, ticket_id)
    assert found is not None
    return found.priority, found.priority_why


def say(town: Town, ticket_id: int, level: str, why: str = "A school is near", *, who: str = "sue", version: int = 1) -> None:  # fmt: skip
    set_priority(town.session, town.city, ticket_id, level, why, by=town.staff[who], version=version)


def joins(town: Town, ticket_id: int, priority: tuple[int, str]) -> None:
    records.join_ticket(
        town.connection, ticket_id, town.report(requested_at=NOON), [town.entry("joined")], priority=priority
    )


def test_what_was_said_by_hand_is_not_overwritten_by_reports_that_join(town: Town) -> None:
    by_rule, by_hand = town.open().ticket_id, town.open().ticket_id
    say(town, by_hand, "low")
    for ticket_id in (by_rule, by_hand):
        joins(town, ticket_id, (2, "Five people or more reported it"))
    assert urgency(town, by_rule) == (2, "Five people or more reported it")
    assert urgency(town, by_hand) == (0, "A school is near")


def test_it_is_on_the_timeline_and_undone_like_a_move(town: Town) -> None:
    ticket_id = town.open().ticket_id
    joins(town, ticket_id, (2, "Many"))
    say(town, ticket_id, "urgent")
    last = queries.timeline(town.session, town.city_id, ticket_id)[-1]
    assert (last.kind, last.staff_id, last.data["why"]) == ("prioritized", town.staff["sue"].id, "A school is near")  # fmt: skip
    undo(town.session, town.city, ticket_id, by=town.staff["sue"], version=2)
    assert urgency(town, ticket_id) == (2, "Many")
    joins(town, ticket_id, (3, "Very many"))
    assert urgency(town, ticket_id) == (3, "Very many"), "rules decide again"


def test_undoing_another_move_leaves_it_alone(town: Town) -> None:
    ticket_id = town.open().ticket_id
    move(town.session, town.city, ticket_id, "in_progress", by=town.staff["sue"], version=1)
    joins(town, ticket_id, (2, "Many"))
    undo(town.session, town.city, ticket_id, by=town.staff["sue"], version=2)
    assert urgency(town, ticket_id) == (2, "Many")


def test_a_merge_keeps_it_and_a_split_gives_each_its_own_again(town: Town) -> None:
    kept, gone = town.open().ticket_id, town.open().ticket_id
    say(town, kept, "low")
    say(town, gone, "urgent", "Water on the road")
    merge(town.session, town.city, gone, into=kept, by=town.staff["sue"], version=2, into_version=2)
    assert urgency(town, kept) == (0, "A school is near")
    split(town.session, town.city, gone, by=town.staff["sue"], version=3)
    assert urgency(town, gone) == (3, "Water on the road")
    third = town.open().ticket_id
    merge(town.session, town.city, gone, into=third, by=town.staff["sue"], version=4, into_version=1)
    assert urgency(town, third) == (3, "Water on the road")
    split(town.session, town.city, gone, by=town.staff["sue"], version=2)
    assert urgency(town, third) == (1, "")


@pytest.mark.parametrize(
    ("level", "why", "who", "version", "refusal"),
    [
        ("burning", "Because", "sue", 1, Incomplete),
        ("high", "  ", "sue", 1, Incomplete),
        ("high", "Because", "ann", 1, NotAllowed),
        ("high", "Because", "sue", 7, Overtaken),
    ],
)
def test_it_takes_a_level_a_reason_the_right_and_the_latest_version(
    town: Town, level: str, why: str, who: str, version: int, refusal: type[MoveRefused]
) -> None:
    ticket_id = town.open().ticket_id
    with pytest.raises(refusal):
        say(town, ticket_id, level, why, who=who, version=version)
    assert urgency(town, ticket_id) == (1, "")


def test_a_closed_ticket_is_not_made_urgent(town: Town) -> None:
    ticket_id = town.open().ticket_id
    move(town.session, town.city, ticket_id, "done", by=town.staff["sue"], version=1, detail="fixed")
    with pytest.raises(NotAllowed):
        say(town, ticket_id, "urgent", version=2)
    assert town.session.scalar(text("select priority_by_hand from ticket")) is False
