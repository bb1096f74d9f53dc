"""What the rows of a file of reports tell, as columns; rows that cannot be kept are named, with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.arrays import Floats, Ints
from webapp.catalog.snapshot import Catalog
from webapp.intake.bulk.columns import OPEN, ColumnsMap
from webapp.intake.bulk.files import ROW
from webapp.intake.bulk.instants import NOT_A_TIME, Instants, read_instants
from webapp.intake.draft import IMPORT
from webapp.intake.words import plain_text
from webapp.tickets.models import CLOSED_STATUSES, OPEN_STATUSES

EARLIEST = np.datetime64("1970-01-01", "us")
_DONE = "done"
_OF_OPEN = np.array([OPEN, *OPEN_STATUSES], dtype=object)

Objects = NDArray[np.object_]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not kept, and why."""

    row: int
    external_id: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """n reports as a file tells them; every array has n elements, texts are object arrays of str."""

    row: NDArray[np.int64]
    external_id: Objects
    service_id: Ints
    requested_at: Instants
    closed_at: Instants
    due_at: Instants | None
    """None where the file has no promises."""
    status: Objects
    """``open`` or a state of a ticket's life."""
    lon: Floats
    lat: Floats
    description: Objects
    address: Objects
    """None where there is none."""
    channel: Objects

    def __len__(self) -> int:
        return len(self.row)

    def select(self, keep: Mask) -> Told:
        """Return only the rows marked in ``keep``."""
        columns: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        for name, column in columns.items():
            columns[name] = None if column is None else column[keep]
        return Told(**columns)

    def rejected(self, wrong: Mask, field: str, reason: str) -> list[Rejected]:
        """Return the rows marked in ``wrong`` as rejected for one reason."""
        return [
            Rejected(int(self.row[i]), self.external_id[i], field, reason)
            for i in np.flatnonzero(wrong).tolist()
        ]


class _Faults:
    """The first thing that is wrong with each row of a batch."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[str, str]] = {}

    def add(self, wrong: Mask, field: str | None, reason: str | Callable[[int], str]) -> None:
        for i in np.flatnonzero(wrong).tolist():
            self.found.setdefault(i, (field or "", reason if isinstance(reason, str) else reason(i)))


class Reader:
    """Reads batches of a file by a columns map, for one city."""

    def __init__(self, columns_map: ColumnsMap, catalog: Catalog) -> None:
        self._columns = columns_map.columns
        self._statuses = columns_map.status
        self._channels = columns_map.channels
        self._time_zone = columns_map.file.time_zone or catalog.calendar.time_zone
        self._time_format = columns_map.file.time_format
        self._services = _service_ids(columns_map.services, catalog)
        # Nobody's clock is more than a day ahead.
        latest = datetime.now(UTC) + timedelta(days=1)
        self._latest = np.datetime64(latest.replace(tzinfo=None), "us")

    def times(self, batch: pa.RecordBatch) -> Instants:
        """Return when each row's report was made."""
        column = batch.column(self._columns.requested_at)
        return read_instants(column, self._time_zone, self._time_format)

    def read(self, batch: pa.RecordBatch) -> tuple[Told, list[Rejected]]:
        """Return what a batch tells, and the rows that cannot be kept."""
        columns, faults = self._columns, _Faults()
        row = batch.column(ROW).to_numpy()
        external_id = _ids(batch.column(columns.external_id))
        faults.add(external_id == "", columns.external_id, "is empty: a report needs an id")
        service_id = self._service_id(batch, faults)
        requested_at = self._instants(batch, columns.requested_at, faults)
        faults.add(np.isnat(requested_at), columns.requested_at, "is empty: a report needs its time")
        faults.add(
            (requested_at < EARLIEST) | (requested_at > self._latest),
            columns.requested_at,
            "lies before 1970 or in the future: correct it, or the time zone of the columns map",
        )
        closed_at = self._instants(batch, columns.closed_at, faults)
        status = self._status(batch, closed_at, faults)
        is_open = np.isin(status, _OF_OPEN)
        faults.add(~is_open & np.isnat(closed_at), columns.closed_at, "is empty, but the report is closed")
        told = Told(
            row=row,
            external_id=external_id,
            service_id=service_id,
            requested_at=requested_at,
            closed_at=np.where(is_open, NOT_A_TIME, closed_at),
            due_at=self._instants(batch, columns.due_at, faults) if columns.due_at else None,
            status=status,
            lon=_degrees(batch, columns.lon, faults),
            lat=_degrees(batch, columns.lat, faults),
            description=_each(batch, columns.description, lambda text: plain_text(text or "")),
            address=_each(batch, columns.address, lambda text: plain_text(text or "") or None),
            channel=_each(batch, columns.channel, self._channel),
        )
        keep = np.ones(len(row), bool)
        keep[list(faults.found)] = False
        rejected = [Rejected(int(row[i]), external_id[i], *faults.found[i]) for i in sorted(faults.found)]
        return told.select(keep) if rejected else told, rejected

    def _service_id(self, batch: pa.RecordBatch, faults: _Faults) -> Ints:
        column = self._columns.service
        names = _each(batch, column, lambda text: (text or "").strip())
        known = _each(batch, column, lambda text: self._services.get((text or "").strip().casefold(), -1))
        service_id = known.astype(np.int32)
        faults.add(service_id < 0, column, lambda i: f"is {names[i]!r}, no service of the city")
        return service_id

    def _instants(self, batch: pa.RecordBatch, column: str | None, faults: _Faults) -> Instants:
        if column is None:
            return np.full(len(batch), NOT_A_TIME)
        values = batch.column(column)
        instants = read_instants(values, self._time_zone, self._time_format)
        given = pc.is_valid(values).to_numpy(zero_copy_only=False)
        faults.add(given & np.isnat(instants), column, lambda i: f"is {values[i].as_py()!r}, no time")
        return instants

    def _status(self, batch: pa.RecordBatch, closed_at: Instants, faults: _Faults) -> Objects:
        column = self._columns.status
        if column is None:
            return np.where(np.isnat(closed_at), OPEN, _DONE).astype(object)
        names = _each(batch, column, lambda text: (text or "").strip())
        status = _each(batch, column, lambda text: self._meaning((text or "").strip()))
        faults.add(
            status == "",
            column,
            lambda i: f"is {names[i]!r}: write under [status] of the columns map what it means",
        )
        return status

    def _channel(self, text: str | None) -> str:
        named = self._channels.get((text or "").strip())
        return named or re.sub(r"[^a-z0-9]+", "_", (text or "").casefold()).strip("_")[:20] or IMPORT

    def _meaning(self, status: str) -> str:
        """Return what a file's status means, or nothing where that is not known."""
        plain = status.casefold().replace(" ", "_")
        known = {OPEN: OPEN, "closed": _DONE} | {each: each for each in OPEN_STATUSES + CLOSED_STATUSES}
        return self._statuses.get(status) or known.get(plain, "")


def _service_ids(services: Mapping[str, str], catalog: Catalog) -> dict[str, int]:
    """Return the id of each service by all that a file may call it."""
    ids = {service.name.casefold(): service.id for service in catalog.services.values()}
    ids |= {service.code: service.id for service in catalog.services.values()}
    return ids | {name.casefold(): ids.get(code.casefold(), -1) for name, code in services.items()}


def _each(batch: pa.RecordBatch, column: str | None, change: Callable[[str | None], Any]) -> Objects:
    """Return a column of text with each different value changed once."""
    if column is None:
        return np.full(len(batch), change(None), dtype=object)
    coded = pc.cast(batch.column(column), pa.string()).dictionary_encode(null_encoding="encode")
    changed = np.empty(len(coded.dictionary), dtype=object)
    changed[:] = [change(text) for text in coded.dictionary.to_pylist()]
    indices: Ints = coded.indices.to_numpy()
    return changed[indices]


def _ids(column: pa.Array) -> Objects:
    if pa.types.is_floating(column.type):
        # Numbers that a missing value elsewhere in the column turned into floats.
        column = pc.cast(column, pa.int64(), safe=False)
    texts = pc.fill_null(pc.utf8_trim_whitespace(pc.cast(column, pa.string())), "")
    ids: Objects = texts.to_numpy(zero_copy_only=False).astype(object)
    return ids


def _degrees(batch: pa.RecordBatch, column: str, faults: _Faults) -> Floats:
    """Return a column of numbers, NaN where there is none: a report may be without a position."""
    values = batch.column(column)
    try:
        numbers = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numbers = _each(batch, column, _number).astype(float)
        given = pc.is_valid(values).to_numpy(zero_copy_only=False)
        faults.add(given & np.isnan(numbers), column, lambda i: f"is {values[i].as_py()!r}, no number")
    return np.ascontiguousarray(numbers, np.float64)


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return np.nan
