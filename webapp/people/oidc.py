"""Who signs in by the city's own identity provider: claims (OpenID Connect Core 1.0) as a member of staff.

The provider says who somebody is; what they may do is said here, unless its claims are mapped to roles.
Nothing commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp.languages import Sentence
from webapp.people import audit
from webapp.people.access import ROLES
from webapp.people.accounts import add_staff
from webapp.people.models import Staff
from webapp.people.passwords import make_password
from webapp.people.queries import staff_by_email

SCOPED = {"crew": "crew_id", "council": "district"}
"""Roles that mean little without knowing whose: a claim alone does not make one."""


class NotLetIn(ValueError):  # noqa: N818  (a refusal is an answer)
    """Somebody whom the provider knows may not sign in here; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How claims are read.

    Raises
    ------
    ValueError
        When a value is mapped to what is no role.
    """

    role_claim: str = "groups"
    roles: Mapping[str, str] | None = None
    """Value of the claim to role, the first that fits counts; none: roles are as our accounts have them."""
    adds: bool = False
    """Whether somebody new with a mapped role gets an account."""

    def __post_init__(self) -> None:
        for role in (self.roles or {}).values():
            if role not in ROLES:
                raise ValueError(f"PINWARD_OIDC_ROLES: '{role}' is not a role. Roles: {', '.join(ROLES)}.")

    def role(self, claims: Mapping[str, Any]) -> str | None:
        """Return the role that the claims are mapped to, None where they are to none."""
        given = claims.get(self.role_claim) or ()
        values = {given} if isinstance(given, str) else set(map(str, given))
        return next((role for value, role in (self.roles or {}).items() if value in values), None)


def staff_of_claims(session: Session, city_id: int, claims: Mapping[str, Any], rules: Rules) -> Staff:
    """Return whom claims that were verified name, with the role that they are mapped to.

    Raises
    ------
    NotLetIn
        Nobody, somebody whose account is closed, or no role for them.
    """
    email = str(claims.get("email") or "").strip()
    # Providers that leave it out have but addresses of their own; a plain no is a stranger's claim.
    if not email or claims.get("email_verified", True) in (False, "false"):
        raise NotLetIn(
            Sentence("Your sign-in tells no e-mail address that was verified: ask your administrator.")
        )
    role = rules.role(claims)
    if rules.roles and role is None:
        raise NotLetIn(Sentence("Your account of the city has none of the roles that work here."))
    staff = staff_by_email(session, city_id, email)
    if staff is None and rules.adds and role is not None and role not in SCOPED:
        return _added(session, city_id, email, str(claims.get("name") or ""), role)
    if staff is None or not staff.is_active:
        raise NotLetIn(f"Nobody who may sign in here has the address {email}: ask your administrator.")
    if role is not None and role != staff.role:
        _change_role(session, staff, role)
    return staff


def _added(session: Session, city_id: int, email: str, name: str, role: str) -> Staff:
    # Nobody knows this password: the account opens by the provider alone until an administrator resets it.
    staff = add_staff(session, city_id, email=email, name=name, role=role, password=make_password())
    audit.record(session, city_id, "staff_added", email, by=staff, role=role)
    return staff


def _change_role(session: Session, staff: Staff, role: str) -> None:
    if role in SCOPED and getattr(staff, SCOPED[role]) is None:
        raise NotLetIn(f"Your role is '{role}' now, but nobody has said whose: ask your administrator.")
    audit.record(session, staff.city_id, "role_changed", staff.name, by=staff, was=staff.role, role=role)
    staff.role = role
