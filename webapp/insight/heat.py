"""Where tickets are, on a grid of blocks: never where a single one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from geo.hexagons import Hexagons
from geo.projection import Projection
from webapp.insight.facts import Facts, instant
from webapp.insight.small_counts import FEWEST

BLOCK_DEGREES = 0.001
"""Tickets are moved onto a grid this fine, some 100 m: about a block, and no house."""
PRIVATE_WIDTH_M = 500.0
"""Of the hexagons to whose middle tickets of private services are moved."""
MOST_BLOCKS_IN_TIME = 25_000
"""Of all months together; with more the grid is made coarser: nobody waits for what no eye can follow."""
_COLUMNS = 1_000_000
"""More than there are from -180 to 180 degrees."""
COARSER = (1, 2, 3, 4, 6, 8, 12, 16, 32)


@dataclass(frozen=True)
class Blocks:
    """Squares of a grid in degrees (EPSG:4326) that have tickets: columns of shape (n,), in their order."""

    step: float
    """Degrees; a block's middle is ``row * step`` north and ``column * step`` east."""
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    tickets: NDArray[np.int64]

    def packed(self) -> list[int]:
        """Return rows, columns and counts in turns, each row and column as the step from the one before.

        Small numbers that repeat are a fourth of the bytes of coordinates, once compressed.
        """
        steps = np.stack(
            [np.diff(self.row, prepend=0), np.diff(self.column, prepend=0), self.tickets], axis=1
        )
        packed: list[int] = steps.ravel().tolist()
        return packed


@dataclass(frozen=True, slots=True)
class Month:
    """The blocks of the tickets that were opened in a month of the city's calendar."""

    first: date
    blocks: Blocks


def spots(
    facts: Facts, public: NDArray[np.bool_], metric: Projection
) -> tuple[Facts, NDArray[np.float64], NDArray[np.float64]]:
    """Return the tickets that may be shown, and how far north and east each is shown.

    Tickets of private services are shown in the middle of a hexagon of 500 m, and only where there are at
    least 5 of them in it; on the grid of blocks it is the block of that middle.

    Parameters
    ----------
    public
        Shape (n,), which tickets are of services whose reports everybody may see.

    Returns
    -------
    facts : Facts
        Of m tickets.
    lat, lon : (m,) arrays
        Degrees, EPSG:4326.
    """
    placed = np.isfinite(facts.lon)
    lon, lat = facts.lon.astype(np.float64), facts.lat.astype(np.float64)
    private = np.flatnonzero(placed & ~public)
    shown = placed & public
    if len(private):
        grid = Hexagons(PRIVATE_WIDTH_M)
        i, j = grid.cells(*metric.to_metric(lon[private], lat[private]))
        cells, which, count = np.unique(np.stack([i, j]), axis=1, return_inverse=True, return_counts=True)
        middle_lon, middle_lat = metric.to_lonlat(*grid.middles(*cells))
        lon[private], lat[private] = middle_lon[which.ravel()], middle_lat[which.ravel()]
        shown[private] = count[which.ravel()] >= FEWEST
    return facts.where(shown), lat[shown], lon[shown]


def blocks(lat: NDArray[np.float64], lon: NDArray[np.float64], step: float = BLOCK_DEGREES) -> Blocks:
    """Count points (degrees, shape (n,)) by blocks."""
    row, column = (np.rint(degrees / step).astype(np.int64) for degrees in (lat, lon))
    # One number a block: sorting pairs takes ten times as long.
    found, count = np.unique(row * _COLUMNS + column + _COLUMNS // 2, return_counts=True)
    return Blocks(step, found // _COLUMNS, found % _COLUMNS - _COLUMNS // 2, count.astype(np.int64))


def months(
    opened: NDArray[np.datetime64], lat: NDArray[np.float64], lon: NDArray[np.float64], time_zone: str
) -> list[Month]:
    """Return the blocks of each month of the city's calendar from the first ticket's to the last one's.

    The grid is coarser where there would be more blocks than can be sent; it is the same in all months.

    Parameters
    ----------
    opened
        Shape (n,), UTC.
    lat, lon
        Shape (n,), degrees.
    """
    if not len(opened):
        return []
    every = _months_between(opened.min(), opened.max(), time_zone)
    month = np.searchsorted(np.array([begin for _first, begin in every]), opened, side="right") - 1
    found: list[Month] = []
    for coarser in COARSER:
        found = [
            Month(first, blocks(lat[mine], lon[mine], BLOCK_DEGREES * coarser))
            for number, (first, _begin) in enumerate(every)
            for mine in [month == number]
        ]
        if sum(len(each.blocks.row) for each in found) <= MOST_BLOCKS_IN_TIME:
            break
    return found


def _months_between(
    earliest: np.datetime64, latest: np.datetime64, time_zone: str
) -> list[tuple[date, np.datetime64]]:
    """Return the first day of each month of the city's calendar that two moments span, and when it begins."""
    around = np.arange(earliest.astype("datetime64[M]") - 1, latest.astype("datetime64[M]") + 2)
    first_days: list[date] = [month.astype("datetime64[D]").item() for month in around]
    begins = [instant(datetime.combine(day, time(), ZoneInfo(time_zone))) for day in first_days]
    first = max(number for number, begin in enumerate(begins) if begin <= earliest)
    last = max(number for number, begin in enumerate(begins) if begin <= latest)
    return list(zip(first_days, begins, strict=True))[first : last + 1]
