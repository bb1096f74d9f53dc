"""A database session, and the city a command is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from layers.models import City
from layers.queries import city_by_slug
from webapp.cli.console import Failure
from webapp.config import settings
from webapp.db import session_on


@contextmanager
def database_session() -> Iterator[Session]:
    """Open a session on the database of the settings.

    Raises
    ------
    Failure
        When the database does not answer, or has not got its tables.
    """
    try:
        with session_on(settings().database) as session:
            yield session
    except OperationalError as error:
        raise Failure("The database does not answer.", "Start it: pinward database start") from error
    except ProgrammingError as error:
        if "does not exist" not in str(error.orig):
            raise
        raise Failure(
            "The database is not up to date.", "Bring it there: pinward database migrate"
        ) from error


@contextmanager
def city_session(slug: str | None = None) -> Iterator[tuple[Session, City]]:
    """Open a session and find the city: ``slug``, else ``PINWARD_CITY``, else the first one loaded.

    Raises
    ------
    Failure
        When the database does not answer, or there is no such city.
    """
    with database_session() as session:
        try:
            city = city_by_slug(session, slug or settings().city)
        except LookupError as error:
            what, _, todo = str(error).partition(" Load ")
            raise Failure(what, f"Load {todo}") from error
        yield session, city
