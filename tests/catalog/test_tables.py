"""Rows out of a city's own data files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session

from layers.models import City
from tests.catalog.conftest import Write
from webapp.catalog import cityfile
from webapp.catalog.queries import catalog
from webapp.catalog.sections import slug

TABLES = """
[[departments]]
code = "pwd"
name = "Public Works"

[[crews]]
code = "one"
name = "One"
department = "pwd"

[[services]]
code = "street-light-out"
icon = "lamp"

[[tables]]
rows = "services"
file = "reports.parquet"
key = "type"
fields = { name = "type", group = "reason", department = "department" }

[[tables]]
rows = "services"
file = "promises.csv"
key = "type"
fields = { target = "days" }
formats = { target = "{} days" }
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    """Five reports of two types, and the promise for one."""
    reports = {
        "type": ["Pothole / Sinkhole", "Pothole / Sinkhole", "Pothole / Sinkhole", "Street Light Out", None],
        "reason": ["Highway", "Roads", "Highway", "Lights", "Lights"],
        "department": ["PWD", "PWD", "PWD", "PWD", "PWD"],
    }
    pq.write_table(pa.table(reports), tmp_path / "reports.parquet")
    (tmp_path / "promises.csv").write_text("type,days\nPothole / Sinkhole,1.5\n")


def test_a_service_for_each_value_with_what_is_commonest_beside_it(
    session: Session, city: City, write: Write
) -> None:
    document = write(TABLES)
    assert cityfile.check(document) == []
    cityfile.load(session, city, document)
    light, pothole = catalog(session, city).active
    assert (pothole.code, pothole.name, pothole.group) == (
        "pothole-sinkhole",
        "Pothole / Sinkhole",
        "Highway",
    )
    assert (pothole.target_hours, pothole.target_clock) == (36.0, "calendar")
    assert (light.code, light.icon, light.group, light.target_hours) == (
        "street-light-out",
        "lamp",
        "Lights",
        None,
    )


def test_a_mistake_in_a_row_points_at_its_table(write: Write) -> None:
    document = write(TABLES.replace("formats = { target", "formats = { name").replace("{} days", "{}"))
    (finding,) = cityfile.check(document)
    assert "'1.5' is not like" in finding.message
    assert "The row came from a data file" in finding.message
    assert document.text.splitlines()[(finding.line or 0) - 1] == "[[tables]]"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("reports.parquet", "absent.parquet", "cannot be read"),
        ('group = "reason"', 'group = "raison"', 'no column "raison". Did you mean "reason"?'),
        ("promises.csv", "broken.csv", "cannot be read"),
        ('target = "days"', 'target = "hours"', 'no column "hours"'),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    write: Write, tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    (tmp_path / "broken.csv").write_text('type,days\n"Pothole,1.5,2\n3')
    findings = cityfile.check(write(TABLES.replace(right, wrong)))
    assert said in findings[0].message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Sewage/Septic Back-Up", "sewage-septic-back-up"),
        ("PWDx_District 1A: Charlestown", "pwdx-district-1a-charlestown"),
        ("Café", "cafe"),
        (" No Q ", "no-q"),
    ],
)
def test_codes_of_names(name: str, code: str) -> None:
    assert slug(name) == code
