"""Quiet hours: by the city's own clock, for everybody but staff and those who ask at night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.models import City
from tests.notices.conftest import MailServer, Town
from webapp.config import settings
from webapp.notices import messages, outbox, quiet
from webapp.notices.jobs import run

CHICAGO = ZoneInfo("America/Chicago")


def city(begin: str, end: str, zone: str = "America/Chicago") -> City:
    hours = {"begin": begin, "end": end, "channels": ["mail", "sms"]}
    return City(time_zone=zone, details={"quiet_hours": hours})


@pytest.mark.parametrize(
    ("when", "is_quiet"),
    [
        ("2026-11-22T20:59:59", False),
        ("2026-11-22T21:00:00", True),
        ("2026-11-23T07:59:59", True),
        ("2026-11-23T08:00:00", False),
    ],
)
def test_they_begin_and_end_by_the_citys_clock(when: str, is_quiet: bool) -> None:
    now = datetime.fromisoformat(when).replace(tzinfo=CHICAGO).astimezone(UTC)
    assert quiet.is_quiet(city("21:00:00", "08:00:00"), "mail", now) == is_quiet
    assert not quiet.is_quiet(city("21:00:00", "08:00:00"), "push", now)
    assert not quiet.is_quiet(City(time_zone="America/Chicago", details={}), "mail", now)


@pytest.mark.parametrize(("night", "hours"), [("2026-03-07", 10), ("2026-10-31", 12), ("2026-11-21", 11)])
def test_the_night_when_clocks_are_set_is_an_hour_shorter_or_longer(night: str, hours: int) -> None:
    dusk = datetime.fromisoformat(f"{night}T18:00:00").replace(tzinfo=CHICAGO).astimezone(UTC)
    minutes = [dusk + timedelta(minutes=count) for count in range(20 * 60)]
    town = city("21:00:00", "08:00:00")
    assert sum(quiet.is_quiet(town, "sms", minute) for minute in minutes) == hours * 60


@given(st.times(), st.times(), st.datetimes(min_value=datetime(2020, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_hours_and_their_opposite_share_out_the_day(begin: object, end: object, now: datetime) -> None:
    if begin == end:
        return
    one, other = city(str(begin), str(end), "UTC"), city(str(end), str(begin), "UTC")
    assert quiet.is_quiet(one, "mail", now) != quiet.is_quiet(other, "mail", now)


def test_at_night_messages_wait_but_not_for_who_asks(
    town: Town, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = town.report("ada@example.org")
    assert report.contact_id is not None
    outbox.read(town.session, town.city.id)
    link = messages.Message("Your link", "Here.", "/my/x", "Open")
    messages.hand_over(town.session, town.city.id, report.contact_id, link, key="x", asked_for=True)
    now = datetime.now(UTC)
    hours = {"begin": _clock(now - timedelta(hours=1)), "end": _clock(now + timedelta(hours=1))}
    town.city.details = {"quiet_hours": {**hours, "channels": ["mail"]}}
    town.session.commit()
    assert run(town.session, settings()) == 1
    assert mail_server.accepted[0]["Subject"] == "Your link"
    assert [(notice.state, notice.attempts) for notice in town.notices()] == [("pending", 0), ("sent", 1)]
    town.city.details = {}
    town.session.commit()
    assert run(town.session, settings()) == 1, "in the morning"


def _clock(moment: datetime) -> str:
    return moment.astimezone(CHICAGO).time().isoformat()
