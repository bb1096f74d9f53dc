"""What a city's own past says of duplicates: its reports, and which of them turned out to repeat which.

Reading needs no database: a table of reports as cities publish them, and a table of the pairs they linked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from geo.arrays import Floats, Ints
from geo.duplicates import Reports
from geo.projection import Projection, utm_srid
from geo.text import address_keys, words
from webapp.intake.bulk.instants import read_instants

_NEEDED = ("case_enquiry_id", "open_dt", "closed_dt", "type", "latitude", "longitude")
_NOTICED_BY_STAFF = "Employee Generated"


class HistoryError(ValueError):
    """A file that cannot be learned from, and why."""


@dataclass(frozen=True)
class History:
    """n reports in the order of their times, and what became of them."""

    ids: NDArray[np.int64]
    """(n,) the city's own numbers."""
    reports: Reports
    """Times in seconds since 1970 UTC; services are positions in ``services``."""
    services: list[str]
    groups: list[str]
    """The group of each service."""
    repeats: NDArray[np.bool_]
    """(n,) whether the city closed it as a duplicate."""
    links: NDArray[np.int64]
    """(m, 2) positions of reports that the city held to be of one problem: the later, the earlier."""
    came_first: NDArray[np.bool_]
    """(n,) closed as a duplicate, but of a later report: when it came, it repeated nothing."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def opened(self) -> Floats:
        """(n,) seconds."""
        return np.asarray(self.reports.opened)

    @property
    def closed(self) -> Floats:
        """(n,) seconds, infinite while open."""
        return np.asarray(self.reports.closed)

    @property
    def service(self) -> Ints:
        """(n,) position of the service."""
        return np.asarray(self.reports.service)

    @property
    def matchable(self) -> NDArray[np.bool_]:
        """(n,) whether its pin may be matched by place."""
        return np.asarray(self.reports.matchable)

    @cached_property
    def linked(self) -> NDArray[np.bool_]:
        """(n,) whether it is linked with an earlier report."""
        return np.isin(np.arange(len(self)), self.links[:, 0])

    @cached_property
    def problem(self) -> NDArray[np.int64]:
        """(n,) a number that reports linked with each other, directly or through others, have in common."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        edges = (np.ones(len(self.links)), tuple(self.links.T))
        graph = coo_array(edges, shape=(len(self), len(self)))
        return np.asarray(connected_components(graph, directed=False)[1], np.int64)

    def first(self, n: int) -> History:
        """Return the history of the first n reports."""
        return replace(
            self,
            ids=self.ids[:n],
            reports=self.reports.first(n),
            repeats=self.repeats[:n],
            links=self.links[(self.links < n).all(axis=1)],
            came_first=self.came_first[:n],
        )


def read_history(reports: Path, pairs: Path, time_zone: str) -> History:
    """Read a city's reports and the pairs it linked.

    Parameters
    ----------
    reports
        Parquet or CSV with the columns of Boston's open data: ``case_enquiry_id, open_dt, closed_dt, type,
        latitude, longitude`` and, as far as it has them, ``reason, location, case_title, source, is_dup`` and
        ``default_xy`` (the pin is where the city puts addresses that it did not find).
    pairs
        Parquet or CSV with ``id_a, id_b, label``: those of label 1 are of one problem.
    time_zone
        Of the times in the file, which name none.

    Raises
    ------
    HistoryError
        Naming the file and the column.
    """
    table = _read(reports, _NEEDED)
    table = table.append_column("opened", pa.array(_seconds(reports, table, "open_dt", time_zone)))
    if np.isnan(table["opened"].to_numpy()).any():
        raise HistoryError(f"{reports}: open_dt must hold a time in every row")
    table = table.sort_by([("opened", "ascending"), ("case_enquiry_id", "ascending")])
    ids = table["case_enquiry_id"].to_numpy()
    both = _linked(_read(pairs, ("id_a", "id_b", "label")), ids)
    everyone = np.arange(len(ids))
    types = np.array(_texts(table, "type"), object)
    if (types == None).any():  # noqa: E711 - elementwise
        raise HistoryError(f"{reports}: type must hold a text in every row")
    services, first, service = np.unique(types.astype(str), return_index=True, return_inverse=True)
    groups = np.array(_texts(table, "reason"), object)[first]
    return History(
        ids=ids,
        reports=_reports(reports, table, service.astype(np.int32), time_zone),
        services=services.tolist(),
        groups=[group or name for group, name in zip(groups, services.tolist(), strict=True)],
        repeats=_flags(table, "is_dup") if "is_dup" in table.column_names else np.isin(everyone, both[:, 0]),
        links=np.sort(both, axis=1)[:, ::-1],
        came_first=np.isin(everyone, both[both[:, 0] < both[:, 1], 0]),
    )


def _reports(path: Path, table: pa.Table, service: Ints, time_zone: str) -> Reports:
    lon, lat = (_degrees(path, table, name) for name in ("longitude", "latitude"))
    on_earth = np.isfinite(lon) & np.isfinite(lat)
    if not on_earth.any():
        raise HistoryError(f"{path}: longitude and latitude hold no point")
    srid = utm_srid(float(np.median(lon[on_earth])), float(np.median(lat[on_earth])))
    x, y = Projection(srid).to_metric(lon, lat)
    closed = _seconds(path, table, "closed_dt", time_zone)
    sources = _texts(table, "source")
    return Reports(
        x=x,
        y=y,
        opened=table["opened"].to_numpy(),
        closed=np.where(np.isnan(closed), np.inf, closed),
        service=service,
        matchable=np.isfinite(x) & np.isfinite(y) & ~_flags(table, "default_xy"),
        address=address_keys(_texts(table, "location")),
        words=words(_texts(table, "case_title"), apart_from=_texts(table, "type")),
        by_staff=np.array([-1 if text is None else text == _NOTICED_BY_STAFF for text in sources], np.int8),
    )


def _read(path: Path, needed: tuple[str, ...]) -> pa.Table:
    reader = pyarrow.csv.read_csv if path.suffix.lower() == ".csv" else pyarrow.parquet.read_table
    try:
        table = reader(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(f"{path} cannot be read as {path.suffix[1:] or 'Parquet'}: {error}") from error
    for name in needed:
        if name not in table.column_names:
            raise HistoryError(f"{path} has no column {name}; it has {', '.join(table.column_names)}")
    return table


def _degrees(path: Path, table: pa.Table, name: str) -> Floats:
    try:
        return np.asarray(table[name].cast(pa.float64()).to_numpy())
    except pa.ArrowInvalid as error:
        raise HistoryError(f"{path}: {name} must hold numbers: {error}") from error


def _seconds(path: Path, table: pa.Table, name: str, time_zone: str) -> Floats:
    instants = read_instants(table[name].combine_chunks(), time_zone)
    if np.isnat(instants).all() and table[name].null_count < len(table):
        raise HistoryError(f"{path}: {name} holds no times")
    return np.where(np.isnat(instants), np.nan, instants.astype(np.int64) / 1e6)


def _linked(pairs: pa.Table, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the linked pairs of which both reports are known, as positions: the duplicate, the original."""
    linked = pairs.filter(pa.array(pairs["label"].to_numpy() == 1))
    both = np.column_stack([linked["id_a"].to_numpy(), linked["id_b"].to_numpy()])
    order = np.argsort(ids)
    known = np.isin(both, ids).all(axis=1)
    return np.asarray(order[np.searchsorted(ids, both[known], sorter=order)])


def _flags(table: pa.Table, name: str) -> NDArray[np.bool_]:
    if name not in table.column_names:
        return np.zeros(len(table), bool)
    return np.asarray(table[name].cast(pa.bool_()).fill_null(False).to_numpy())


def _texts(table: pa.Table, name: str) -> list[Any]:
    if name not in table.column_names:
        return [None] * len(table)
    texts: list[Any] = table[name].cast(pa.string()).to_pylist()
    return texts
