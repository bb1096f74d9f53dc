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


def number(connection: psycopg.Connection, table: str, column: str, values: Ints) -> None:
    """Give the shapes of a table numbers, in the order in which they were loaded."""
    connection.execute("CREATE TEMP TABLE numbers (id int PRIMARY KEY, value int)")
    with connection.cursor().copy("COPY numbers FROM STDIN") as copy:
        for row in enumerate(values.tolist()):
            copy.write_row(row)
    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} int")
    connection.execute(f"UPDATE {table} SET {column} = value FROM numbers WHERE numbers.id = {table}.id")
    connection.execute("DROP TABLE numbers")
    connection.execute(f"VACUUM ANALYZE {table}")


def clusters(connection: psycopg.Connection, radius_m: float) -> Ints:
    """Return the cluster of each of the reports: those of one service that a chain of steps connects."""
    rows = connection.execute(
        "SELECT service, ST_ClusterDBSCAN(geom, %s, 1) OVER (PARTITION BY service) FROM reports ORDER BY id",
        (radius_m,),
    )
    service, cluster = np.array(rows.fetchall(), np.int64).reshape(-1, 2).T
    return service * (int(cluster.max(initial=0)) + 1) + cluster
