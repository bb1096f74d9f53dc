"""Boston's half-year of reports as tickets, one each, with the file's own departments, targets and closings."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from layers.models import City
from webapp.db import driver


def read_reports(shared_data: Path) -> pd.DataFrame:
    """Return the reports, oldest first. The clock on Boston's walls is taken for UTC: no figure here asks for it."""
    reports = pd.read_parquet(shared_data / "boston" / "reports_2011h2.parquet").sort_values(
        "case_enquiry_id"
    )
    return reports.reset_index(drop=True)


def load(session: Session, city_id: int, reports: pd.DataFrame) -> dict[str, int]:
    """Write the reports of one city as tickets, and return the ids of its departments by the file's codes."""
    departments = {code: number for number, code in enumerate(sorted(reports.department.unique()), start=1)}
    session.execute(
        text("insert into department (city_id, id, code, name) values (:city, :id, :code, :code)"),
        [{"city": city_id, "id": number, "code": code} for code, number in departments.items()],
    )
    session.execute(
        text(
            'insert into service (city_id, id, code, name, "group", description, keywords, icon, department_id,'
            " duplicates, translations, position) values (:city, 1, 'any', 'Any', 'Any', '', '{}', 'other', 1, '{}', '{}', 1)"
        ),
        {"city": city_id},
    )
    done = reports.closed_dt.notna()
    rows = pd.DataFrame(
        {
            "city_id": city_id, "id": reports.index + 1, "service_id": 1, "status": done.map({True: "done", False: "assigned"}),
            "opened_at": reports.open_dt, "latest_at": reports.open_dt, "due_at": reports.target_dt,
            "closed_at": reports.closed_dt, "matchable": False, "zones": "{}", "district": reports.city_council_district,
            "department_id": reports.department.map(departments), "assigned_why": "",
        }
    )  # fmt: skip
    copy = f"copy ticket ({', '.join(rows)}) from stdin (format csv, null '~')"
    with driver(session).cursor().copy(copy) as stream:
        stream.write(rows.to_csv(index=False, header=False, na_rep="~"))
    return departments


def add_city(session: Session) -> int:
    """Add a city without a map, and return its id."""
    city = City(
        slug="boston", name="Boston", time_zone="America/New_York", languages=["en"], metric_srid=26986,
        snap_radius_m=50, fallback_points=[], details={}, file_sha256="",
    )  # fmt: skip
    session.add(city)
    session.flush()
    return city.id
