"""Who may use a route. Every view carries one rule; ``create_app`` refuses to start when one has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

Role = Literal["agent", "crew", "supervisor", "council", "administrator", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True)
class Rule:
    """Whom a view lets in: everybody, programs with a key, or staff in one of ``roles``."""

    name: str
    roles: frozenset[str] = frozenset()
    everybody: bool = False
    key_checked_by_view: bool = False

    def allows(self, role: str | None) -> bool:
        """Say whether somebody signed in with ``role`` (None: not signed in) may use the view."""
        return self.everybody or self.key_checked_by_view or role in self.roles


PUBLIC = Rule("public", everybody=True)
API_KEY = Rule("api key", key_checked_by_view=True)
"""The view itself checks the key, since its protocol says how a refusal looks."""
SIGNED_IN = Rule("signed in", roles=frozenset(ROLES))


def roles(*names: Role) -> Rule:
    """Return the rule that lets in staff in one of the named roles; administrators always."""
    return Rule("staff", roles=frozenset(names) | {"administrator"})


def access(rule: Rule) -> Callable[[View], View]:
    """Mark a view with the rule of who may use it."""

    def mark(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined]
        return view

    return mark
