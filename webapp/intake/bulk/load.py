"""Loads a file of reports, decided by the batch with the atlas, matching and rules of the live path.

Batches are decided in the order of time, against the tickets that were there when the load began and those of
the file itself. Each batch is written in a transaction of its own: a load that was interrupted is repeated,
passes over what is there by its external ids, and comes to the same tickets. Two loads of one city must not
run at once.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.duplicates import FLAGGED, JOINED, NONE
from geo.matching import Matcher
from layers.models import City
from layers.places import Places
from webapp.catalog.deadlines import due_at_many
from webapp.catalog.targets import hours_many
from webapp.db import driver
from webapp.dispatch.assignment import Assignments
from webapp.intake.bulk.columns import ColumnsMap
from webapp.intake.bulk.files import ReportsFile
from webapp.intake.bulk.instants import Instants
from webapp.intake.bulk.place_columns import PlaceColumns
from webapp.intake.bulk.tables import Decided, report_table, shared_columns, ticket_table, timeline_tables
from webapp.intake.bulk.ticket_states import TicketStates
from webapp.intake.bulk.told import Reader, Rejected, Told
from webapp.intake.desk import desk_of
from webapp.intake.matching import ON_ITS_WAY, match_keys
from webapp.intake.reasons import reasons
from webapp.tickets import loading
from webapp.tickets.nearby import LATELY, tickets_between

Ids = NDArray[np.int64]
_CHUNK = 10_000
IN_FLIGHT = 2
"""So many batches may be on their way into the database while the next one is decided."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch ready to be written."""

    tickets: pa.Table
    reports: pa.Table
    timeline: list[pa.Table]
    joined_later: list[dict[str, Any]]
    """For `webapp.tickets.loading.join_later`."""


@dataclass
class Figures:
    """What a load has come to so far."""

    rows: int = 0
    kept: int = 0
    known: int = 0
    """Rows that an earlier load had kept already."""
    joined: int = 0
    flagged: int = 0
    tickets: int = 0
    rejected: list[Rejected] = field(default_factory=list)


class BulkLoad:
    """One load of one file.

    Parameters
    ----------
    session
        For reading; nothing is written with it.
    path, columns_map
        The file of reports and what its columns mean.

    Raises
    ------
    MapError
        Where the file cannot be read, or lacks a column.
    """

    def __init__(self, session: Session, city: City, path: Path, columns_map: ColumnsMap) -> None:
        self.figures = Figures()
        self._connection = driver(session)
        self._desk = desk_of(session, city)
        self._file = ReportsFile(path, columns_map.columns.of_file(), columns_map.file)
        self._id_column = columns_map.columns.external_id
        self._reader = Reader(columns_map, self._desk.catalog)
        self._columns = PlaceColumns(self._desk.atlas, self._desk.catalog)
        self._received_at = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "us")
        self._matcher = Matcher(self._desk.matching.services, self._desk.matching.model)
        # By the matcher's ordinals: the tickets, and the reports that opened them.
        self._ticket_ids = array("q")
        self._openers = array("q")
        self._last_ids: deque[set[str]] = deque(maxlen=IN_FLIGHT)
        self._moments = self._file.times(self._reader.times)

    def __len__(self) -> int:
        """Return how many rows the file has that can be read at all."""
        return len(self._moments)

    def batches(self) -> Iterator[Batch]:
        """Decide batch after batch. At most `IN_FLIGHT` may be unwritten when the next one is asked for."""
        self._take_in_tickets()
        for rows in self._file.batches_by(self._moments):
            told, rejected = self._reader.read(rows)
            fresh = self._fresh(told)
            figures = self.figures
            figures.rows += len(rows)
            figures.rejected += rejected
            figures.kept += len(fresh)
            if len(fresh):
                yield self._batch(self._decide(fresh))
        for number, reason in sorted(self._file.malformed.items()):
            self.figures.rows += 1
            self.figures.rejected.append(Rejected(number, "", "", reason))

    def _take_in_tickets(self) -> None:
        """Show the matcher the tickets that the file's reports may repeat."""
        known = self._moments[~np.isnat(self._moments)]
        if not len(known):
            return
        first, last = (moment.astype(datetime).replace(tzinfo=UTC) for moment in (known.min(), known.max()))
        there = tickets_between(self._connection, self._desk.city.id, first - LATELY, last + ON_ITS_WAY)
        while chunk := list(islice(there, _CHUNK)):
            self._matcher.add_tickets(self._desk.matching.tickets(chunk, self._desk.atlas))
            self._ticket_ids.extend(ticket.id for ticket in chunk)
            self._openers.extend(ticket.opened_by for ticket in chunk)

    def _fresh(self, told: Told) -> Told:
        """Return the rows that are neither in the database nor earlier in the file."""
        ids = told.external_id
        there = dict(
            self._connection.execute(
                # As JSON, since the driver takes thirty times as long to write a list.
                "select external_id, received_at = %s from report where city_id = %s::smallint"
                " and external_id = any(array(select json_array_elements_text(%s::json)))",
                [
                    self._received_at.astype(datetime).replace(tzinfo=UTC),
                    self._desk.city.id,
                    orjson.dumps(ids.tolist()).decode(),
                ],
            ).fetchall()
        )
        again = np.ones(len(told), bool)
        again[np.unique(ids.astype(str), return_index=True)[1]] = False
        # The last batches may still be on their way into the database.
        lately = set().union(*self._last_ids)
        again |= np.array([there.get(each, each in lately) for each in ids], bool)
        known = np.array([each in there for each in ids], bool) & ~again
        self.figures.known += int(known.sum())
        self.figures.rejected += told.rejected(again, self._id_column, "is the id of an earlier row")
        fresh = told.select(~again & ~known)
        self._last_ids.append(set(fresh.external_id))
        return fresh

    def _decide(self, told: Told) -> Decided:
        desk, count = self._desk, len(told)
        classes = desk.catalog.street_classes(told.service_id.tolist())
        places = desk.atlas.locate(told.lon, told.lat, told.address.tolist(), classes)
        address = self._columns.addresses(places, pa.array(told.address, pa.string()))
        reports = desk.matching.reports(
            places,
            told.service_id,
            _seconds(told.requested_at),
            address.to_pylist(),
            told.description.tolist(),
            told.channel.tolist(),
            _seconds(told.closed_at),
        )
        before = len(self._matcher)
        decisions = self._matcher.match(reports)
        opens = decisions.decision != JOINED
        report_id = loading.reserve_ids(self._connection, "report", count)
        self._ticket_ids.frombytes(
            loading.reserve_ids(self._connection, "ticket", int(opens.sum())).tobytes()
        )
        self._openers.frombytes(report_id[opens].tobytes())
        repeats = np.where(decisions.decision != NONE, decisions.suggestions[:, 0], -1)
        due_at = self._due_at(told, places)
        everybody = desk.assigner.assign_many(told.service_id, places, told.requested_at)
        assignments = Assignments(everybody.distinct, everybody.which[opens])
        first = np.array([each.first_status for each in assignments.distinct], dtype=object)
        states = TicketStates.of(told.requested_at[opens], due_at[opens], told.closed_at[opens])
        joins = np.flatnonzero(~opens & (decisions.ticket >= before))
        states.join(
            decisions.ticket[joins] - before, told.requested_at[joins], due_at[joins], told.closed_at[joins]
        )
        return Decided(
            city_id=desk.city.id,
            received_at=self._received_at,
            told=told,
            places=places,
            address=address,
            match_keys=match_keys(reports),
            due_at=due_at,
            decisions=decisions,
            reasons=[
                reasons(decisions.features[i], places, i, desk.catalog.services[service].asset_kind)
                if repeat >= 0
                else []
                for i, (repeat, service) in enumerate(
                    zip(repeats.tolist(), told.service_id.tolist(), strict=True)
                )
            ],
            report_id=report_id,
            ticket_id=_looked_up(self._ticket_ids, decisions.ticket),
            duplicate_of=_looked_up(self._openers, repeats),
            suggestions=_looked_up(self._ticket_ids, decisions.suggestions),
            opens=opens,
            late=~opens & (decisions.ticket < before),
            assignments=assignments,
            states=states,
            status=states.statuses(told.status[opens], first[assignments.which]),
        )

    def _due_at(self, told: Told, places: Places) -> Instants:
        """Return what each reporter was promised: by the file where it has promises, else by the catalog."""
        if told.due_at is not None:
            return told.due_at
        catalog = self._desk.catalog
        districts = self._columns.districts(places).to_numpy(zero_copy_only=False)
        hours, business = np.full(len(told), np.nan), np.zeros(len(told), bool)
        for service_id in np.unique(told.service_id).tolist():
            service, mine = catalog.services[service_id], told.service_id == service_id
            business[mine] = service.target_clock == "business"
            hours[mine] = hours_many(
                service.targets,
                service.target_hours,
                districts[mine],
                told.requested_at[mine],
                catalog.calendar,
            )
        return due_at_many(told.requested_at, hours, business, catalog.calendar)

    def _batch(self, decided: Decided) -> Batch:
        shared = shared_columns(decided, self._columns)
        figures, told = self.figures, decided.told
        figures.tickets += int(decided.opens.sum())
        figures.joined += int((~decided.opens).sum())
        figures.flagged += int((decided.decisions.decision == FLAGGED).sum())
        return Batch(
            tickets=ticket_table(decided, shared, self._columns),
            reports=report_table(decided, shared, self._columns),
            timeline=timeline_tables(decided),
            joined_later=[
                {
                    "city_id": decided.city_id,
                    "ticket_id": int(decided.ticket_id[i]),
                    "requested_at": _moment(told.requested_at[i]),
                    "due_at": _moment(decided.due_at[i]),
                    "closed_at": _moment(told.closed_at[i]),
                }
                for i in np.flatnonzero(decided.late).tolist()
            ],
        )


def _seconds(instants: Instants) -> NDArray[np.float64]:
    """Return seconds since 1970, NaN where there is no time."""
    return np.where(np.isnat(instants), np.nan, instants.astype("datetime64[us]").astype(np.int64) / 1e6)


def _moment(instant: np.datetime64) -> datetime | None:
    return None if np.isnat(instant) else instant.astype(datetime).replace(tzinfo=UTC)


def _looked_up(ids: array[int], ordinals: Ids) -> Ids:
    """Return ids by ordinal, -1 where that is negative."""
    return np.where(ordinals >= 0, np.frombuffer(ids, np.int64)[ordinals], -1)
