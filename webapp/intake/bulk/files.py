"""Files of reports, CSV or Parquet, as batches in the order of time, whatever their size and order.

Each batch has the file's columns and ``_row``: the number of the row as a spreadsheet shows it, where a CSV
file's header is row 1.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from layers.findings import did_you_mean
from webapp.intake.bulk.columns import FileFacts, MapError

ROW = "_row"
_RANK = "_rank"
BATCH = 10_000
"""Rows a batch: enough for what is done once a batch to cost little, and few enough that writing begins soon
and that little is left to write once all is decided."""

Times = Callable[[pa.RecordBatch], NDArray[np.datetime64]]
"""Gives the time of each row of a batch, NaT where there is none."""


@dataclass
class ReportsFile:
    """A file of reports.

    Raises
    ------
    MapError
        Where it is neither CSV nor Parquet, cannot be read, or lacks a column.
    """

    path: Path
    columns: list[str]
    facts: FileFacts
    malformed: dict[int, str] = field(default_factory=dict)
    """Rows with too few or too many values, by number. Known once they were read over."""

    def __post_init__(self) -> None:
        names = self._names()
        for column in self.columns:
            if column not in names:
                raise MapError(f'{self.path} has no column "{column}". {did_you_mean(column, names)}')

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows as they stand in the file, at most `BATCH` at a time.

        Raises
        ------
        MapError
            Where the file ends in the middle or is damaged.
        """
        try:
            yield from self._parquet() if self._is_parquet else self._csv()
        except (pa.ArrowInvalid, OSError) as error:
            raise MapError(
                f"{self.path} cannot be read to its end: {error}. "
                "Fetch it again; a CSV file that is not UTF-8 needs its encoding under [file]."
            ) from error

    def times(self, times: Times) -> NDArray[np.datetime64]:
        """Return the time of each row, NaT where it has none, reading the whole file."""
        return np.concatenate([np.zeros(0, "datetime64[us]"), *(times(batch) for batch in self.batches())])

    def batches_by(self, moments: NDArray[np.datetime64]) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the order of their times; where they must be sorted, those without come last."""
        known = moments[~np.isnat(moments)]
        in_order = (np.diff(known) >= np.timedelta64(0)).all()
        yield from self.batches() if in_order else _sorted(self.batches(), moments)

    @property
    def _is_parquet(self) -> bool:
        return self.path.suffix.lower() in (".parquet", ".pq")

    def _names(self) -> list[str]:
        if not self._is_parquet and self.path.suffix.lower() not in (".csv", ".txt", ".tsv"):
            raise MapError(f"{self.path} is neither .csv nor .parquet.")
        try:
            if self._is_parquet:
                return list(pyarrow.parquet.read_schema(self.path).names)
            with self._open_csv(None) as reader:
                return list(reader.schema.names)
        except (OSError, pa.ArrowInvalid) as error:
            raise MapError(f"{self.path} cannot be read: {error}.") from error

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        first = 1
        with pyarrow.parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=BATCH, columns=self.columns):
                yield batch.append_column(ROW, pa.array(np.arange(first, first + len(batch))))
                first += len(batch)

    def _csv(self) -> Iterator[pa.RecordBatch]:
        number = 1
        with self._open_csv(self.columns) as reader:
            for table in _gathered(reader):
                numbers: list[int] = []
                while len(numbers) < len(table):
                    number += 1
                    if number not in self.malformed:
                        numbers.append(number)
                yield table.append_column(ROW, pa.array(numbers, pa.int64()))

    def _open_csv(self, columns: list[str] | None) -> pyarrow.csv.CSVStreamingReader:
        def note(row: pyarrow.csv.InvalidRow) -> str:
            self.malformed[row.number] = f"has {row.actual_columns} values for {row.expected_columns} columns"
            return "skip"

        return pyarrow.csv.open_csv(
            self.path,
            read_options=pyarrow.csv.ReadOptions(encoding=self.facts.encoding, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.facts.delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            # As text: an id of 0012 must stay one, and a column of empty values has no other type.
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns or [], pa.string()),
                include_columns=columns,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Cut and put together batches so that each has `BATCH` rows, but for the last."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        while sum(map(len, waiting)) >= BATCH:
            whole = pa.concat_batches(waiting)
            yield whole.slice(0, BATCH)
            waiting = [whole.slice(BATCH)]
    if sum(map(len, waiting)):
        yield pa.concat_batches(waiting)


def _sorted(batches: Iterable[pa.RecordBatch], moments: NDArray[np.datetime64]) -> Iterator[pa.RecordBatch]:
    """Yield rows in the order of ``moments``, the time of each: spread over files, then sorted in each."""
    rank = np.empty(len(moments), np.int64)
    rank[np.argsort(moments, kind="stable")] = np.arange(len(moments))
    with tempfile.TemporaryDirectory(prefix="pinward-reports-") as folder:
        paths = [Path(folder, str(part)) for part in range(-(-len(moments) // BATCH))]
        first = 0
        for batch in batches:
            ranks = rank[first : first + len(batch)]
            first += len(batch)
            ranked = batch.append_column(_RANK, pa.array(ranks))
            for part in np.unique(ranks // BATCH).tolist():
                _append(paths[part], ranked.filter(pa.array(ranks // BATCH == part)))
        for path in paths:
            piece = _read_all(path)
            order = np.argsort(piece.column(_RANK).to_numpy())
            yield piece.take(pa.array(order)).drop_columns([_RANK])


def _append(path: Path, batch: pa.RecordBatch) -> None:
    with path.open("ab") as file, pa.ipc.new_stream(file, batch.schema) as stream:
        stream.write_batch(batch)


def _read_all(path: Path) -> pa.RecordBatch:
    """Read the streams that stand one behind the other in a file."""
    pieces: list[pa.RecordBatch] = []
    with path.open("rb") as file:
        size = path.stat().st_size
        while file.tell() < size:
            with pa.ipc.open_stream(file) as stream:
                pieces.extend(stream)
    return pa.concat_batches(pieces)
