"""A database session, and the city a command is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from layers.models import City
from webapp.cli.console import Failure
from webapp.config import settings
from webapp.db import make_engine, make_session


@contextmanager
def city_session(slug: str | None = None) -> Iterator[tuple[Session, City]]:
    """Open a session and find the city: ``slug``, else ``PINWARD_CITY``, else the first one loaded.

    Raises
    ------
    Failure
        When the database does not answer, or there is no such city.
    """
    engine = make_engine(settings().database, pool_size=1)
    wanted = slug or settings().city
    try:
        with make_session(engine)() as session:
            query = select(City).order_by(City.id).limit(1)
            city = session.scalar(query.where(City.slug == wanted) if wanted else query)
            if city is None:
                what = f"There is no city '{wanted}'." if wanted else "No city is loaded yet."
                raise Failure(what, "Load one: pinward city load cities/NAME/city.toml")
            yield session, city
    except OperationalError as error:
        raise Failure("The database does not answer.", "Start it: pinward database start") from error
    finally:
        engine.dispose()
