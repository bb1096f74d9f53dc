"""Who calls: everybody, or another system by its ``api_key``."""

from __future__ import annotations

from layers.models import City
from webapp.api.key_use import counted
from webapp.api.open311.errors import Open311Error
from webapp.api.open311.parameters import Parameters
from webapp.people.keys import Scope, Use


def system(parameters: Parameters, city: City, scope: Scope) -> Use:
    """Return the system that calls.

    Raises
    ------
    Open311Error
        403 where its key is missing, not valid or not for this; 429 where it calls too often.
    """
    key = parameters.text("api_key")
    if key is None:
        raise Open311Error(403, "api_key: is missing. GET discovery says whom to ask for one.")
    use = counted(city.id, key)
    if use is None:
        raise Open311Error(403, "api_key: is not valid here, or was revoked.")
    if scope not in use.scopes:
        raise Open311Error(403, f"api_key: may not do this; ask for one with the scope {scope}.")
    if use.too_many:
        raise Open311Error(
            429, f"api_key: was used too often in this minute. Try again in {use.wait_s} seconds."
        )
    return use


def reads_private(parameters: Parameters, city: City) -> bool:
    """Whether the caller may read reports of services that are not public. Reading takes no key otherwise.

    Raises
    ------
    Open311Error
        As `system` does, where a key is given that cannot be used.
    """
    return parameters.text("api_key") is not None and bool(system(parameters, city, "read_private"))
