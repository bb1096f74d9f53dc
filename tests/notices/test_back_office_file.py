"""``[[back_offices]]`` of a city file: mistakes are explained, and loading keeps what was sent where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers import cityfile
from layers.findings import Finding
from layers.queries import city_by_slug
from webapp.config import CHECKOUT, Settings
from webapp.notices import cityfile as offices_file
from webapp.notices.models import BackOffice
from webapp.tickets.wanted import Wanted, read_wanted

GOOD = """
[[back_offices]]
code = "yard"
endpoint = "https://works.example/open311/v2"
department = "works"
"""


def read(folder: Path, section: str, **more: Any) -> cityfile.CityDocument:
    file = folder / "city.toml"
    file.write_text((CHECKOUT / "cities" / "demo" / "city.toml").read_text() + section)
    keys = {"demo/yard": "secret", "demo/lamps": "secret"}
    document, _ = cityfile.read(file, Settings(**({"PINWARD_BACK_OFFICE_KEYS": keys} | more)))
    assert document is not None
    return document


def check(folder: Path, section: str, **more: Any) -> list[Finding]:
    return offices_file.check(read(folder, section, **more))


@pytest.mark.parametrize(
    ("change", "message", "fix"),
    [
        (('"https://works.example/open311/v2"', '"works.example"'), "is not an address", "requests.json"),
        (('"https://works.example/open311/v2"', '"https://[/"'), "endpoint", "requests.json"),
        (('department = "works"', ""), "exactly one of department and crew", ""),
        (('department = "works"', 'department = "works"\ncrew = "lights"'), "exactly one", ""),
        (('department = "works"', 'department = "work"'), 'names "work"', 'Did you mean "works"?'),
        (('department = "works"', 'crew = "light"'), 'names "light"', 'Did you mean "lights"?'),
        (('department = "works"', 'department = "works"\nservices = { potholes = "1" }'), '"potholes"', '"pothole"'),
        (('department = "works"', 'department = "works"\nstates = { x = "eaten" }'), '"eaten" is none of', "remark"),
        (('department = "works"', 'department = "works"\nstates = { x = "waiting" }'), '"waiting" is none of', ""),
        (('department = "works"', 'department = "works"\nstates = { x = "done" }'), "outcome is one of", ""),
        (('department = "works"', 'department = "works"\nstates = { x = "scheduled" }'), "for a day", ""),
        (('department = "works"', 'department = "works"\nkey = "secret"'), 'unknown key "key"', ""),
        (("yard", "Yard"), "code", "lower-case"),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(tmp_path: Path, change: tuple[str, str], message: str, fix: str) -> None:
    (finding,) = check(tmp_path, GOOD.replace(*change))
    assert finding.level == "error"
    assert message in finding.message
    assert fix in finding.fix
    assert finding.line is not None
    assert "secret" not in finding.message or "key" in finding.message


def test_two_for_one_department_and_one_without_a_key(tmp_path: Path) -> None:
    twice = check(tmp_path, GOOD + GOOD.replace("yard", "lamps"))
    assert [finding.message for finding in twice] == ['Two back offices have the department "works".']
    (finding,) = check(tmp_path, GOOD, PINWARD_BACK_OFFICE_KEYS={})
    assert finding.level == "warning"
    assert '{"demo/yard": "the key it gave you"}' in finding.fix
    (plain,) = check(tmp_path, GOOD.replace("https:", "http:"))
    assert (plain.level, "https://" in plain.message) == ("warning", True)


def test_loading_again_keeps_ids_and_retires_what_is_gone(demo_session: Session, tmp_path: Path) -> None:
    city = city_by_slug(demo_session, "demo")

    def load(section: str) -> dict[str, BackOffice]:
        offices_file.load(demo_session, city, read(tmp_path, section))
        demo_session.commit()
        demo_session.expire_all()
        return {office.code: office for office in demo_session.scalars(select(BackOffice))}

    lamps = GOOD.replace("yard", "lamps").replace('department = "works"', 'crew = "lights"')
    first = load(GOOD + lamps)
    assert {code: office.id for code, office in first.items()} == {"yard": 1, "lamps": 2}
    assert first["yard"].endpoint == "https://works.example/open311/v2/"
    second = load(lamps + 'states = { "WO Closed" = "done/fixed" }\n')
    assert second["yard"].retired_at is not None
    assert (second["lamps"].id, second["lamps"].states) == (2, {"wo closed": "done/fixed"})
    assert load(GOOD)["yard"].retired_at is None


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("in_progress", Wanted("in_progress")),
        ("done/made_safe", Wanted("done", "made_safe")),
        ("referred/The county", Wanted("referred", "The county")),
        ("reopened", Wanted("reopened", from_closed_only=True)),
        ("remark", Wanted()),
    ],
)
def test_what_a_status_can_ask_for(words: str, wanted: Wanted) -> None:
    assert read_wanted(words) == wanted
