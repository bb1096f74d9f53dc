"""The catalog's part of a city file: each mistake is explained, and loading keeps ids."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from layers.models import City
from tests.catalog.conftest import Write
from webapp.catalog import cityfile
from webapp.catalog.queries import catalog

WORKS = """
[[departments]]
code = "works"
name = "Public Works"
email = "works@example.gov"
"""
CREWS = """
[[crews]]
code = "north"
name = "North"
department = "works"
[[crews]]
code = "south"
name = "South"
department = "works"
"""
POTHOLE = """
[[services]]
code = "pothole"
name = "Pothole"
group = "Streets"
keywords = ["hole"]
department = "works"
target = "3 business days"
duplicates = { reach_m = 50 }
questions = [
    { code = "deep", text = "How deep?", datatype = "singlevaluelist", required = true, options = [ { key = "s", name = "Shallow" } ] },
]
[services.translations.es]
name = "Bache"
"""
LIGHT = """
[[services]]
code = "light"
name = "Street light"
department = "works"
asset = "street_light"
public = false
"""
TOWN = WORKS + CREWS + POTHOLE + LIGHT


def test_a_good_file_has_no_findings(write: Write) -> None:
    assert cityfile.check(write(TOWN)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said", "fix"),
    [
        ('department = "works"\nasset', 'department = "work"\nasset', '"work", which is not there', 'mean "works"'),
        ('code = "south"', 'code = "north"', '2 rows with the code "north"', "Give each its own"),
        ('code = "south"', 'code = "South"', '"code" in [crews.1] is wrong', "lower-case letters"),
        ('target = "3 business days"', 'target = "3 buisness days"', "'3 buisness days' is not like", "48 hours"),
        ('asset = "street_light"', 'asset = "streetlight"', "of which no layer is", 'mean "street_light"'),
        ("[services.translations.es]", "[services.translations.fr]", "[city] does not offer", "Add it to languages"),
        ('datatype = "singlevaluelist"', 'datatype = "list"', '"datatype" in', "singlevaluelist"),
        ('options = [ { key = "s", name = "Shallow" } ]', "options = []", "needs options", "Set"),
        ("reach_m = 50", "reach_km = 50", 'unknown key "reach_km"', 'mean "reach_m"'),
        ('name = "Street light"', "", 'has no "name"', "what people call it"),
        ('department = "works"\n[[crews]]', '[[crews]]', 'has no "department"', "the code of its department"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_its_fix(
    write: Write, right: str, wrong: str, said: str, fix: str
) -> None:
    assert right in TOWN
    document = write(TOWN.replace(right, wrong, 1))
    findings = cityfile.check(document)
    assert len(findings) == 1, findings
    assert said in findings[0].message
    assert fix in findings[0].fix
    assert findings[0].file == str(document.path)
    assert findings[0].line is not None


def test_a_question_depends_only_on_answers_that_one_before_it_offers(write: Write) -> None:
    asked = '{ code = "swerve", text = "Do cars swerve?", only_if = { question = "deep", answers = ["%s"] } },\n]\n'
    first, rest = TOWN.split("]\n[services.translations", 1)
    for key, wrong in (("s", 0), ("d", 1)):
        findings = cityfile.check(write(first + asked % key + "[services.translations" + rest))
        assert len(findings) == wrong
    assert '"swerve" depends on answers that no question before it offers' in findings[0].message


def test_the_line_is_that_of_the_mistake(write: Write) -> None:
    document = write(TOWN.replace('target = "3 business days"', 'target = "soon"'))
    lines = document.text.splitlines()
    assert lines[(cityfile.check(document)[0].line or 0) - 1] == 'target = "soon"'


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ('country = "US"\nsubdivision = "Massachusetts Bay"', "not a subdivision of US"),
        ('country = "Atlantis"', "no holidays are known"),
        ('subdivision = "MA"', "subdivision needs a country"),
        ('business_hours = "nine to five"', "'nine to five' is not like"),
        ('holidays = [ { day = "2026-02-30", name = "Leap" } ]', '"day"'),
    ],
)
def test_a_wrong_calendar_is_told(write: Write, calendar: str, said: str) -> None:
    (finding,) = cityfile.check(write(f"[calendar]\n{calendar}\n{TOWN}"))
    assert said in finding.message


@pytest.mark.parametrize("text", ['services = "pothole"\n', "services = [1]\n", "crews = 5\n"])
def test_a_section_that_is_no_list_of_tables_is_told_not_crashed_on(write: Write, text: str) -> None:
    whole = write(WORKS)
    whole.data.update(write(text).data)
    assert any(finding.level == "error" for finding in cityfile.check(whole))


def test_what_is_loaded_is_what_the_catalog_says(session: Session, city: City, write: Write) -> None:
    cityfile.load(session, city, write('[calendar]\nbusiness_hours = "Mon-Fri 08:00-16:00"\n' + TOWN))
    found = catalog(session, city)
    pothole, light = found.active
    assert (pothole.name, pothole.group, pothole.keywords) == ("Pothole", "Streets", ("hole",))
    assert (pothole.target_hours, pothole.target_clock) == (24.0, "business")
    assert pothole.duplicates == {"reach_m": 50.0}
    assert pothole.translated("name", "es") == "Bache"
    assert pothole.translated("description", "es") == ""
    (question,) = pothole.questions
    assert (question.position, question.code, question.required) == (1, "deep", True)
    assert question.options == ({"key": "s", "name": "Shallow"},)
    assert (light.asset_kind, light.public, light.target_hours) == ("street_light", False, None)
    assert found.departments[light.department_id].email == "works@example.gov"
    assert [crew.name for crew in found.crews.values()] == ["North", "South"]
    assert found.due_at(light.id, datetime(2026, 1, 5, tzinfo=UTC)) is None


def test_loading_again_changes_nothing(session: Session, city: City, write: Write) -> None:
    cityfile.load(session, city, write(TOWN))
    first = catalog(session, city)
    cityfile.load(session, city, write(TOWN))
    second = catalog(session, city)
    assert second is not first
    assert (second.services, second.crews, second.departments) == (
        first.services,
        first.crews,
        first.departments,
    )


def test_codes_keep_their_ids_and_what_vanished_is_kept_out_of_use(
    session: Session, city: City, write: Write
) -> None:
    cityfile.load(session, city, write(TOWN))
    before = catalog(session, city)
    north = CREWS[: CREWS.index('[[crews]]\ncode = "south"')]
    new_first = '[[services]]\ncode = "snow"\nname = "Snow"\ndepartment = "works"\n'
    cityfile.load(session, city, write(WORKS + north + new_first + LIGHT))
    after = catalog(session, city)
    assert after.service_by_code["light"].id == before.service_by_code["light"].id
    assert [service.code for service in after.active] == ["snow", "light"]
    assert not after.service_by_code["pothole"].active
    assert after.crew_by_code["south"].retired
    assert not after.crew_by_code["north"].retired

    cityfile.load(session, city, write(TOWN))
    again = catalog(session, city)
    assert again.service_by_code["pothole"].active
    assert not again.crew_by_code["south"].retired
    assert again.service_by_code["pothole"].id == before.service_by_code["pothole"].id
    assert not again.service_by_code["snow"].active


def test_the_city_s_own_holidays_stop_its_business_clock(session: Session, city: City, write: Write) -> None:
    days = '{ day = "2026-06-17", name = "Bunker Hill Day" }, { day = 2026-06-18, name = "Fair" }'
    cityfile.load(session, city, write(f"[calendar]\nholidays = [ {days} ]\n{TOWN}"))
    found = catalog(session, city)
    asked = datetime(2026, 6, 16, 18, tzinfo=UTC)  # Tuesday, 14:00 there
    due = found.due_at(found.service_by_code["pothole"].id, asked)
    assert due == datetime(2026, 6, 23, 18, tzinfo=UTC)


def test_the_catalog_is_read_once_until_the_file_is_loaded_again(
    session: Session, city: City, write: Write, sql_counter
) -> None:  # type: ignore[no-untyped-def]
    cityfile.load(session, city, write(TOWN))
    session.refresh(city)
    first = catalog(session, city)
    with sql_counter() as statements:
        assert catalog(session, city) is first
    assert statements == []
