"""From a draft to a ticket that is located, matched, assigned and promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from layers.queries import city_by_slug
from tests.intake.conftest import FALLBACK, pin
from webapp.catalog.queries import catalog
from webapp.intake.draft import Draft, DraftError, read_draft
from webapp.intake.look import look
from webapp.intake.submit import Receipt, submit
from webapp.tickets import queries
from webapp.tickets.tracking import normalise

MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)


def drafted(village: Session, city: City, at: tuple[float, float] | None = None, **fields: Any) -> Draft:
    lon, lat = at or pin(140, 102)
    told = {"service_code": "light", "lon": lon, "lat": lat} | fields
    return read_draft(catalog(village, city), told)


def send(village: Session, city: City, at: tuple[float, float] | None = None, **fields: Any) -> Receipt:
    now = fields.pop("now", MONDAY)
    return submit(village, city, drafted(village, city, at, **fields), now=now)


def test_a_pin_becomes_a_ticket(village: Session, city: City) -> None:
    receipt = send(
        village, city, description="It is <b>dark</b>", email="ann@example.org", channel="web", language="es"
    )
    assert normalise(receipt.tracking_number) == receipt.tracking_number
    assert (receipt.crew, receipt.department) == ("West Crew", "Public Works")
    assert receipt.due_at == MONDAY + timedelta(hours=48)
    assert (receipt.decision, receipt.repeated) == ("none", False)
    found = queries.ticket_by_tracking(village, city.id, receipt.tracking_number)
    assert found is not None
    report, ticket = found
    assert (ticket.status, ticket.crew, ticket.district, ticket.service_area) == (
        "assigned",
        "West Crew",
        "1",
        "Area 1",
    )
    assert ticket.assigned_why == "Street Light Out in Area 1 goes to West Crew (rule 1)"
    assert (ticket.street, ticket.asset_id) == ("Street 2", "L11")
    assert ticket.house_number is not None
    assert abs(ticket.house_number - 140) <= 2
    assert receipt.address == ticket.address == f"{ticket.house_number} Street 2"
    assert report.description == "It is <b>dark</b>"
    assert report.zones == {"boundary": "village", "council": "1", "areas": "1"}
    assert report.place_flags == []
    kinds = [(row.kind, row.actor) for row in queries.timeline(village, city.id, ticket.id)]
    assert kinds == [("received", "resident"), ("assigned", "system")]
    contact = village.execute(text("select email, language from contact")).one()
    assert tuple(contact) == ("ann@example.org", "es")


def test_the_same_lamp_joins_and_keeps_its_own_number(village: Session, city: City) -> None:
    first = send(village, city, pin(149, 104))
    second = send(village, city, pin(152, 103), now=MONDAY + timedelta(minutes=20))
    assert second.decision == "joined"
    assert second.ticket_id == first.ticket_id
    assert second.tracking_number != first.tracking_number
    assert second.reasons[0] == {"code": "same_asset", "kind": "street_light", "id": "L11"}
    assert second.score is not None
    assert 0 < second.score <= 1
    ticket = queries.ticket(village, city.id, first.ticket_id)
    assert ticket is not None
    assert ticket.report_count == 2
    assert ticket.due_at == first.due_at
    reports = queries.reports_of(village, city.id, first.ticket_id)
    assert [row.duplicate_of for row in reports] == [None, first.report_id]
    assert reports[1].suggestions == [first.ticket_id]
    told = queries.timeline(village, city.id, first.ticket_id)
    assert [row.kind for row in told] == ["received", "assigned", "joined"]
    assert told[-1].data["reasons"] == second.reasons


def test_what_may_be_the_same_is_flagged_for_staff(village: Session, city: City) -> None:
    first = send(village, city, pin(30, 102), service_code="pothole", answers={"depth": "s"})
    second = send(
        village,
        city,
        pin(42, 102),
        service_code="pothole",
        answers={"depth": "d"},
        now=MONDAY + timedelta(days=5),
    )
    assert second.decision == "flagged"
    assert second.ticket_id != first.ticket_id
    row = queries.timeline(village, city.id, second.ticket_id)[-1]
    assert (row.kind, row.actor, row.data["ticket"]) == ("flagged", "system", first.ticket_id)


def test_what_the_reporter_says_outweighs_the_score(village: Session, city: City) -> None:
    first = send(village, city, pin(30, 102), service_code="pothole", answers={"depth": "s"})
    second = send(
        village, city, pin(130, 102), service_code="pothole", answers={"depth": "s"}, same_as=first.ticket_id,
        now=MONDAY + timedelta(days=5),
    )  # fmt: skip
    assert (second.decision, second.ticket_id) == ("joined", first.ticket_id)
    assert second.reasons[0] == {"code": "reporter_says"}
    far_away = send(village, city, pin(480, 480), same_as=first.ticket_id)
    assert far_away.decision == "none"


def test_an_unrelated_service_at_the_same_spot_is_another_ticket(village: Session, city: City) -> None:
    first = send(village, city)
    second = send(village, city, service_code="trash")
    assert (second.decision, second.score) == ("none", 0.0)
    assert second.ticket_id != first.ticket_id
    assert second.due_at is None


def test_who_owns_it_outside_the_city_is_where_it_is_referred_to(village: Session, city: City) -> None:
    receipt = send(village, city, service_code="bridge")
    ticket = queries.ticket(village, city.id, receipt.ticket_id)
    assert ticket is not None
    assert (ticket.status, ticket.crew) == ("referred", None)
    assert "State highways" in ticket.assigned_why


def test_a_repeated_submission_gets_the_first_answer(village: Session, city: City) -> None:
    first = send(village, city, idempotency_key="k-1")
    again = send(
        village,
        city,
        pin(400, 400),
        idempotency_key="k-1",
        description="other",
        now=MONDAY + timedelta(days=1),
    )
    assert again.repeated
    assert not first.repeated
    assert (again.tracking_number, again.ticket_id, again.due_at, again.crew, again.address) == (
        first.tracking_number, first.ticket_id, first.due_at, first.crew, first.address,
    )  # fmt: skip
    assert village.scalar(text("select count(*) from report")) == 1


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (timedelta(days=-3), timedelta(days=-3)),
        (timedelta(hours=6), timedelta(0)),
        (timedelta(days=-20_000), timedelta(0)),
    ],
)
def test_a_clock_that_lies_is_not_believed(
    village: Session, city: City, told: timedelta, kept: timedelta
) -> None:
    receipt = send(village, city, requested_at=MONDAY + told)
    report = queries.reports_of(village, city.id, receipt.ticket_id)[0]
    assert report.requested_at == MONDAY + kept


@pytest.mark.parametrize(
    ("at", "advice"),
    [
        (pin(140, 102)[::-1], "have changed places"),
        ((0.0, 0.0), "outside the city"),
        ((-71.5, 42.3), "outside the city"),
        (FALLBACK, "stands for an address"),
    ],
)
def test_a_pin_that_cannot_be_is_refused_with_what_to_do(
    village: Session, city: City, at: tuple[float, float], advice: str
) -> None:
    with pytest.raises(DraftError, match=advice) as refusal:
        send(village, city, at)
    assert [problem.field for problem in refusal.value.problems] == ["lon"]
    assert village.scalar(text("select count(*) from ticket")) == 0


def test_what_another_system_took_is_kept_flagged_and_never_matched(village: Session, city: City) -> None:
    receipts = [
        send(
            village, city, FALLBACK, external_id=str(number), address="12 Nowhere Rd",
            requested_at=MONDAY,
        )
        for number in range(2)
    ]  # fmt: skip
    assert [receipt.decision for receipt in receipts] == ["none", "none"]
    report, ticket = queries.ticket_by_tracking(village, city.id, receipts[1].tracking_number) or (None, None)
    assert report is not None
    assert ticket is not None
    assert report.place_flags == ["fallback_point"]
    assert (report.lon, report.lat, report.address) == (*FALLBACK, "12 Nowhere Rd")
    assert (ticket.lon, ticket.street, ticket.crew, ticket.status) == (None, None, None, "new")
    assert "fall-back coordinate" in ticket.assigned_why
    no_position = send(village, city, external_id="x", lon=None, lat=None)
    assert no_position.assigned_why.startswith("The report has no position")


def test_a_look_tells_all_and_writes_nothing(village: Session, city: City) -> None:
    first = send(village, city, pin(149, 104))
    seen = look(village, city, *pin(152, 103), "light", now=MONDAY + timedelta(minutes=5))
    assert seen.place.street == "Street 2"
    assert seen.assignment is not None
    assert seen.assignment.service_area == "Area 1"
    assert seen.due_at == MONDAY + timedelta(hours=48, minutes=5)
    assert [likely.ticket.id for likely in seen.judgement.likely] == [first.ticket_id]
    assert seen.judgement.decision == "joined"
    assert seen.judgement.likely[0].reasons[0] == {"code": "same_asset", "kind": "street_light", "id": "L11"}
    assert village.scalar(text("select count(*) from report")) == 1
    bare = look(village, city, *pin(152, 103))
    assert (bare.assignment, bare.judgement.likely) == (None, [])
    outside = look(village, city, 0.0, 0.0, "light")
    assert (outside.place.placed, outside.judgement.likely) == (False, [])


def test_between_two_streets_the_class_that_a_service_is_about_decides(demo_session: Session) -> None:
    city = city_by_slug(demo_session, None)
    atlas = current_atlas(demo_session, city)
    x, y = atlas.segments.lines.coords.T
    corners = atlas.locate(*atlas.metric.to_lonlat(x + 4, y + 3))
    classes, other = atlas.segments.class_[corners.segment], atlas.segments.class_[corners.other]
    i = int(np.flatnonzero((corners.other >= 0) & corners.placed & (classes != other))[0])
    place = corners[i]
    demo_session.execute(
        text("update service set street_classes = array[:wanted] where code = 'graffiti'"),
        {"wanted": other[i]},
    )
    demo_session.execute(text("update city set loaded_at = clock_timestamp()"))
    demo_session.expire_all()
    city = city_by_slug(demo_session, None)
    told = {"service_code": "graffiti", "lon": place.lon, "lat": place.lat}
    receipt = submit(demo_session, city, read_draft(catalog(demo_session, city), told))
    street = text("select street from report where id = :id")
    assert demo_session.scalar(street, {"id": receipt.report_id}) == place.other_street != place.street


def test_keys_kept_with_a_ticket_say_what_its_texts_say(village: Session, city: City) -> None:
    send(village, city, service_code="pothole", answers={"depth": "s"}, description="Deep hole by the école")

    def likeness(description: str) -> list[float]:
        found = look(village, city, *pin(150, 102), "pothole", description=description, now=MONDAY)
        return [each.score for each in found.judgement.likely]

    said = "A deep hole at the ecole", "Gravel everywhere"
    with_keys = [likeness(each) for each in said]
    assert with_keys[0] > with_keys[1]
    assert village.scalar(text("select cardinality(match_keys) from ticket")) == 5
    village.execute(text("update ticket set match_keys = null"))
    assert [likeness(each) for each in said] == with_keys
