"""A draft names every field that is wrong, and what to do; what is right is kept as it was meant."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from layers.models import City
from tests.intake.conftest import pin
from webapp.catalog.queries import catalog as city_catalog
from webapp.catalog.snapshot import Catalog
from webapp.intake.draft import Draft, DraftError, read_draft
from webapp.intake.submit import submit

LON, LAT = pin(140, 102)
GOOD: dict[str, Any] = {"service_code": "light", "lon": LON, "lat": LAT}


@pytest.fixture
def catalog(village: Session, city: City) -> Catalog:
    return city_catalog(village, city)


def problems(catalog: Catalog, **fields: Any) -> dict[str, str]:
    with pytest.raises(DraftError) as refusal:
        read_draft(catalog, GOOD | fields)
    return {problem.field: problem.message for problem in refusal.value.problems}


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("lon", "nan", "a number from -180 to 180"),
        ("lon", math.inf, "a number from -180 to 180"),
        ("lon", "71° W", "a number from -180 to 180"),
        ("lat", 91, "a number from -90 to 90"),
        ("lat", -1e400, "a number from -90 to 90"),
        ("lat", None, "both"),
        ("lon", "", "both"),
        ("service_code", "volcano", "no service 'volcano'"),
        ("service_code", "", "Choose what it is about"),
        ("service_code", None, "Choose what it is about"),
        ("description", "x" * 4001, "it has 4001"),
        ("description", 7, "plain text"),
        ("address", "x" * 401, "Shorten it"),
        ("email", "nobody", "e-mail address such as"),
        ("phone", "call me", "phone number in digits"),
        ("name", "x" * 201, "200 characters"),
        ("language", "' or 1=1", "a code such as en"),
        ("channel", "a channel", "one lower-case word"),
        ("idempotency_key", "with space", "ASCII"),
        ("idempotency_key", "k" * 201, "ASCII"),
        ("media_urls", ["javascript:alert(1)"], "https://"),
        ("media_urls", ["https://x.example/a.jpg"] * 11, "at most 10"),
        ("media_urls", "https://x.example/a.jpg", "list"),
        ("requested_at", "yesterday", "2026-11-22T14:05:00-05:00"),
        ("requested_at", "2026-11-22T14:05:00", "offset"),
        ("answers", {"colour": "red"}, "no question 'colour'"),
        ("same_as", "first", "number of a ticket"),
        ("surprise", 1, "no such field"),
    ],
)
def test_each_field_that_is_wrong_is_named_with_what_to_do(
    catalog: Catalog, field: str, value: Any, advice: str
) -> None:
    found = problems(catalog, **{field: value})
    named = [name for name in found if name.split(".")[0] == field]
    if value in (None, "") and field in ("lon", "lat"):
        named = list(found)
    assert len(named) == 1
    assert len(found) == 1
    assert advice in found[named[0]]


def test_all_that_is_wrong_is_said_at_once(catalog: Catalog) -> None:
    found = problems(catalog, lat=100, email="x", service_code="pothole", description="d" * 5000)
    assert set(found) == {"lat", "email", "answers.depth", "description"}


def test_a_report_must_be_somewhere(catalog: Catalog) -> None:
    assert set(problems(catalog, lon=None, lat=None)) == {"address"}
    read_draft(catalog, GOOD | {"lon": None, "lat": None, "external_id": "17"})


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ({"depth": "s"}, {"depth": "s"}),
        ({"depth": ["d"], "wide": " 30.5 "}, {"depth": "d", "wide": 30.5}),
        ({"depth": "s", "wide": "40", "where": ["kerb", "lane"]}, {"depth": "s", "wide": 40, "where": ["lane", "kerb"]}),
        ({"depth": "s", "where": "bike", "since": "2026-11-22"}, {"depth": "s", "where": ["bike"], "since": "2026-11-22T00:00:00"}),
        ({"depth": "s", "wide": "", "where": [], "since": None}, {"depth": "s"}),
    ],
)  # fmt: skip
def test_answers_are_read_by_their_questions(catalog: Catalog, answers: Any, kept: dict[str, Any]) -> None:
    assert read_draft(catalog, GOOD | {"service_code": "pothole", "answers": answers}).answers == kept


@pytest.mark.parametrize(
    ("answers", "field", "advice"),
    [
        ({}, "answers.depth", "Please answer: How deep is it?"),
        ({"depth": "x"}, "answers.depth", "Choose from s, d"),
        ({"depth": ["s", "d"]}, "answers.depth", "one answer only"),
        ({"depth": "s", "wide": "very"}, "answers.wide", "Answer with a number"),
        ({"depth": "s", "wide": "nan"}, "answers.wide", "Answer with a number"),
        ({"depth": "s", "where": ["lane", "roof"]}, "answers.where", "Choose from lane, bike, kerb"),
        ({"depth": "s", "since": "last week"}, "answers.since", "a date such as"),
    ],
)
def test_a_wrong_answer_is_named(catalog: Catalog, answers: Any, field: str, advice: str) -> None:
    assert advice in problems(catalog, service_code="pothole", answers=answers)[field]


def test_what_the_database_cannot_hold_is_left_out_and_all_else_is_kept(catalog: Catalog) -> None:
    draft = read_draft(
        catalog, GOOD | {"description": "  a\x00b\r\nc\x1b[1m \ud800 <script>; drop table report;-- é 😀\n"}
    )
    assert draft.description == "ab\nc[1m  <script>; drop table report;-- é 😀"


def test_a_draft_does_not_show_whose_it_is(catalog: Catalog) -> None:
    draft = read_draft(catalog, GOOD | {"email": "ann@example.org", "phone": "555 0100", "name": "Ann Doe"})
    shown = f"{draft!r} {draft.contact!r}"
    assert not any(part in shown for part in ("ann@", "0100", "Doe"))
    assert draft.contact.email == "ann@example.org"


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.text(max_size=5), max_size=3)
            for name in Draft.model_fields
        },
    )
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_a_draft_or_a_list_of_problems(catalog: Catalog, fields: dict[str, Any]) -> None:
    try:
        read_draft(catalog, fields)
    except DraftError as refusal:
        assert refusal.problems
        assert all(problem.field and problem.message for problem in refusal.problems)


@given(st.text(max_size=200), st.text(max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_any_text_can_be_told(village: Session, city: City, description: str, address: str) -> None:
    draft = read_draft(city_catalog(village, city), GOOD | {"description": description, "address": address})
    savepoint = village.begin_nested()
    assert submit(village, city, draft).tracking_number
    savepoint.rollback()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("141 Street 2", "141 Street 2"),
        ("141 street 2, Village, MA 02139", "141 street 2, Village, MA 02139"),
        ("Street 2 & Avenue C", "Street 2 & Avenue C"),
    ],
)
def test_an_address_is_looked_up(village: Session, city: City, address: str, found: str) -> None:
    draft = read_draft(city_catalog(village, city), {"service_code": "light", "address": address})
    receipt = submit(village, city, draft)
    assert (receipt.address, receipt.crew) == (found, "West Crew")


def test_an_address_helps_out_a_pin_that_cannot_be(village: Session, city: City) -> None:
    draft = read_draft(city_catalog(village, city), GOOD | {"lon": 0, "lat": 0, "address": "141 Street 2"})
    assert submit(village, city, draft).crew == "West Crew"


@pytest.mark.parametrize("address", ["Nowhere Boulevard 99999", "District 1"])
def test_an_address_that_is_not_there_is_refused_with_what_to_do(
    village: Session, city: City, address: str
) -> None:
    draft = read_draft(city_catalog(village, city), {"service_code": "light", "address": address})
    with pytest.raises(DraftError, match=r"no .* on our map") as refusal:
        submit(village, city, draft)
    assert [problem.field for problem in refusal.value.problems] == ["address"]
