"""Kept facts are those of the tables: after whatever happened, however late, whoever was at it too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from tests.api.conftest import move_ticket, street_pins
from tests.fixtures.databases import settle
from tests.insight.tickets import add_tickets
from webapp.catalog.queries import catalog
from webapp.db import session_on
from webapp.insight import keeping
from webapp.insight.facts import Facts, Labels
from webapp.insight.gathering import read
from webapp.insight.keeping import Refreshed, refresh
from webapp.insight.kept import kept
from webapp.intake.draft import read_draft
from webapp.intake.submit import submit
from webapp.people.queries import staff_by_email
from webapp.tickets.merging import merge


@pytest.fixture
def session(demo_database: str) -> Iterator[Session]:
    with session_on(demo_database) as session:
        yield session


@pytest.fixture
def city(session: Session) -> City:
    return city_by_slug(session, "demo")


def plain(facts: Facts) -> dict[str, list[object]]:
    """Facts as texts and numbers, whatever their codes are."""

    def values(column: object) -> list[object]:
        if isinstance(column, Labels):
            return [column.names[code] if code >= 0 else None for code in column.codes]
        assert isinstance(column, np.ndarray)
        return column.astype(str).tolist()

    found = {each.name: values(getattr(facts, each.name)) for each in fields(facts) if each.name != "zones"}
    return found | {f"zone {name}": values(labels) for name, labels in facts.zones.items()}


def report(session: Session, city: City, place: int) -> str:
    lon, lat = street_pins(current_atlas(session, city))[place]
    draft = read_draft(catalog(session, city), {"service_code": "graffiti", "lon": lon, "lat": lat})
    number = submit(session, city, draft).tracking_number
    session.commit()
    return number


def refresh_settled(session: Session, city: City) -> Refreshed:
    """Refresh once nothing runs besides, so that only what comes later is new the next time."""
    settle(session)
    return refresh(session, city.id)


def test_they_follow_whatever_happens(session: Session, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "CHUNK_BITS", 2)
    assert kept(session, city.id) is None
    numbers = [report(session, city, place) for place in range(10)]
    assert refresh_settled(session, city).gathered == 10
    session.commit()
    first = kept(session, city.id)
    assert first is not None
    assert plain(first.facts) == plain(read(session, city.id))

    move_ticket(session, city, numbers[0], "done", detail="fixed")
    session.execute(text("update ticket set closed_at = opened_at where not open"))
    session.commit()
    again = report(session, city, 0)
    assert refresh_settled(session, city) == Refreshed(2, 2)
    session.commit()
    second = kept(session, city.id)
    assert second is not None
    assert plain(second.facts) == plain(read(session, city.id))
    assert second.facts.completed.sum() == 1
    assert second.facts.repeat.tolist() == [False] * 10 + [True]
    assert second.refreshed_at > first.refreshed_at

    # What was fixed is taken back: so the next one there repeats nothing, and no entry of its own says so.
    session.execute(
        text(
            "update ticket set status = 'declined', outcome = 'misuse' where not open;"
            "insert into timeline (city_id, ticket_id, kind, actor) select 1, id, 'declined', 'staff' from ticket where not open"
        )
    )
    staff = staff_by_email(session, city.id, "administrator@demo.example")
    assert staff is not None
    ids = session.scalars(text("select id from ticket where open order by id")).all()
    merge(session, city, ids[1], into=ids[2], by=staff, version=1, into_version=1)
    session.commit()
    assert refresh_settled(session, city).gathered == 2
    session.commit()
    third = kept(session, city.id)
    assert third is not None
    assert plain(third.facts) == plain(read(session, city.id))
    assert len(third.facts) == 10
    assert not third.facts.repeat.any()
    assert again
    assert refresh_settled(session, city).written == 0, "nothing happened"


def test_an_entry_that_is_committed_late_is_not_missed(
    demo_database: str, session: Session, city: City
) -> None:
    numbers = [report(session, city, place) for place in range(3)]
    refresh(session, city.id)
    session.commit()
    with session_on(demo_database) as slow:
        slow.execute(
            text(
                "insert into timeline (city_id, ticket_id, kind, actor) select 1, min(id), 'done', 'staff' from ticket"
            )
        )
        move_ticket(session, city, numbers[2], "done", detail="fixed")
        refresh(session, city.id)
        session.commit()
        slow.commit()
    refresh(session, city.id)
    session.commit()
    found = kept(session, city.id)
    assert found is not None
    assert found.facts.visits.tolist() == [1, 0, 1]


def test_readers_see_the_old_until_the_new_is_whole(demo_database: str, session: Session, city: City) -> None:
    report(session, city, 0)
    refresh(session, city.id)
    session.commit()
    report(session, city, 1)
    refresh(session, city.id)
    with session_on(demo_database) as reader:
        before = kept(reader, city.id)
        assert refresh(reader, city.id) == Refreshed(0, 0), "another one is at it"
        reader.rollback()
        session.commit()
        after = kept(reader, city.id)
    assert before is not None
    assert after is not None
    assert (len(before.facts), len(after.facts)) == (1, 2)


def test_what_has_no_entry_is_found_when_all_is_gathered(session: Session, city: City) -> None:
    add_tickets(session, city, 50, seed=2)
    session.commit()
    refresh(session, city.id)
    session.execute(text("update ticket set report_count = 9 where id = (select min(id) from ticket)"))
    session.commit()
    refresh(session, city.id)
    found = kept(session, city.id)
    assert found is not None
    assert found.facts.reports[0] != 9
    refresh(session, city.id, whole=True)
    found = kept(session, city.id)
    assert found is not None
    assert found.facts.reports[0] == 9
