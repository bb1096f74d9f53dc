"""PostGIS as a peer: a schema that is gone afterwards, tables loaded by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.arrays import Floats, Ints


@contextmanager
def scratch(url: str) -> Iterator[psycopg.Connection]:
    """Open a connection whose tables go into a schema of their own, dropped at the end."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
        connection.execute("SET search_path TO bench, public, ext")
        try:
            yield connection
        finally:
            connection.execute("DROP SCHEMA bench CASCADE")


def load(connection: psycopg.Connection, table: str, shapes: NDArray[np.object_]) -> None:
    """Fill a table with shapes numbered from 0, and index it."""
    connection.execute(f"CREATE UNLOGGED TABLE {table} (id int PRIMARY KEY, geom geometry)")
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for i, wkb in enumerate(shapely.to_wkb(shapes, hex=True)):
            copy.write_row((i, wkb))
    connection.execute(f"CREATE INDEX ON {table} USING gist (geom)")
    connection.execute(f"VACUUM ANALYZE {table}")


def nearest(connection: psycopg.Connection) -> Floats:
    """Return the distance from each of the pins to the nearest of the segments."""
    rows = connection.execute(
        "SELECT way FROM pins CROSS JOIN LATERAL ("
        "SELECT segments.geom <-> pins.geom AS way FROM segments ORDER BY segments.geom <-> pins.geom LIMIT 1"
        ") AS found ORDER BY pins.id"
    )
    return np.array(rows.fetchall(), float)[:, 0]


def memberships(connection: psycopg.Connection) -> tuple[Ints, Ints]:
    """Return each (pin, zone) with the pin in the zone or on its border."""
    rows = connection.execute(
        "SELECT pins.id, zones.id FROM pins JOIN zones ON ST_Intersects(zones.geom, pins.geom) ORDER BY 1, 2"
    )
    pairs = np.array(rows.fetchall(), np.int32).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
