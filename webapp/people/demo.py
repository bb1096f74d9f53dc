"""Accounts to try a demo city with: one for each role, all with the same public password."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from webapp.people import keys
from webapp.people.accounts import add_staff
from webapp.people.models import Staff
from webapp.people.queries import staff_by_email

PASSWORD = "alder-falls"  # noqa: S105  (shown to everybody on the sign-in page of a demo)
DOMAIN = "demo.example"
KEY, KEY_NAME = "pw_demo", "Demo"


def add_demo_accounts(
    session: Session,
    city_id: int,
    *,
    crews: dict[str, int],
    departments: dict[str, int],
    districts: list[str],
) -> list[Staff]:
    """Add the accounts that are missing: each role, each crew, each district. The caller commits.

    Parameters
    ----------
    crews, departments
        Ids by code.
    districts
        Zone ids of the council districts.
    """
    first_department = next(iter(departments.values()), None)
    wanted: list[tuple[str, str, str, dict[str, Any]]] = [
        ("administrator", "Ada Admin", "administrator", {}),
        ("agent", "Desk Agent", "agent", {}),
        ("supervisor", "Works Supervisor", "supervisor", {"department_id": first_department}),
        ("auditor", "City Auditor", "auditor", {}),
        *(
            (code, code.replace("-", " ").title(), "crew", {"crew_id": crew_id})
            for code, crew_id in crews.items()
        ),
        *(
            (f"district-{zone}".lower(), f"Council office, district {zone}", "council", {"district": zone})
            for zone in districts
        ),
    ]
    added = []
    for local, name, role, scope in wanted:
        email = f"{local}@{DOMAIN}"
        if staff_by_email(session, city_id, email) is None:
            added.append(
                add_staff(session, city_id, email=email, name=name, role=role, password=PASSWORD, **scope)
            )
    return added


def add_demo_key(session: Session, city_id: int) -> str:
    """Return the API key to try Open311 with, adding it where it is missing. The caller commits."""
    # By name: one that was revoked stays so.
    if all(row.name != KEY_NAME for row in keys.all_keys(session, city_id)):
        keys.add_key(session, city_id, KEY_NAME, key=KEY)
    return KEY
