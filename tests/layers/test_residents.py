"""How many people live in a zone: read where the file says it, and said to be unknown where it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from layers.findings import Finding
from layers.models import City
from layers.queries import residents
from layers.values import whole_number
from tests.layers.town import CITY, council_sheet, write_town

WITH_RESIDENTS = CITY.replace(
    'file = "council.geojson"\nfields = { ', 'file = "council.geojson"\nfields = { residents = "POP", '
)


def test_they_are_kept_with_the_zone(
    session: Session,
    load: Callable[[Path], City],
    findings_of: Callable[[Path], list[Finding]],
    tmp_path: Path,
) -> None:
    sheet = council_sheet()
    for row, people in zip(sheet.rows, ["18,400", "some"], strict=True):
        row["POP"] = people
    file = write_town(tmp_path, city=WITH_RESIDENTS, council=sheet)
    said = [finding.message for finding in findings_of(file) if "how many live" in finding.message]
    assert said == ["council: it is not known how many live in 1 zone: some."]
    city = load(file)
    assert residents(session, city.id, "council") == {"2": 18400}


def test_a_layer_that_says_nothing_of_them_has_none(session: Session, town: City) -> None:
    assert residents(session, town.id, "council") == {}


@pytest.mark.parametrize(
    ("value", "number"),
    [(18400, 18400), (18400.0, 18400), ("18,400", 18400), ("1 234 567", 1234567), (0, 0), ("12,34", None),
     (-3, None), (1.5, None), ("", None), (None, None), (np.nan, None), (10**12, None), ("²", None)],
)  # fmt: skip
def test_a_count_is_a_whole_number(value: object, number: int | None) -> None:
    assert whole_number(value) == number
