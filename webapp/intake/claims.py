"""Claims on ground and keys: what makes two submissions of one thing in one instant wait for each other.

A submission claims every cell of a grid that its reach touches, before it looks for candidates. Of two pins
within reach of each other each touches the cell that the other lies in, so one waits until the other has
committed, and then finds its ticket. Claims are PostgreSQL's advisory locks and end with the transaction.
"""

from __future__ import annotations

import math
from typing import Any

from psycopg import Connection

from geo.text import key

CELL_M = 250.0
"""Wider cells make neighbours wait who have nothing to do with each other; narrower ones make more locks."""


def cell_claims(city_id: int, x: float, y: float, reach_m: float) -> list[int]:
    """Return the claims on the cells within reach of a point in the city's metric CRS, in their one order."""
    columns = range(math.floor((x - reach_m) / CELL_M), math.floor((x + reach_m) / CELL_M) + 1)
    rows = range(math.floor((y - reach_m) / CELL_M), math.floor((y + reach_m) / CELL_M) + 1)
    return sorted(key(f"pinward cell {city_id} {column} {row}") for column in columns for row in rows)


def key_claim(city_id: int, idempotency_key: str) -> int:
    """Return the claim on an idempotency key. Taken before all cells, so that no two wait for each other."""
    return key(f"pinward submission {city_id} {idempotency_key}")


def claim(connection: Connection[Any], claims: list[int]) -> None:
    """Take claims one after the other, waiting for whoever has them."""
    connection.execute("select pg_advisory_xact_lock(claim) from unnest(%s::bigint[]) as claim", [claims])
