"""A batch of reports that is decided, as rows of the tables of tickets, reports and timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.duplicates import DECISIONS, FLAGGED
from geo.matching import Decisions
from geo.text import Words
from layers.places import Places
from webapp.dispatch.assignment import Assignments
from webapp.intake.bulk.instants import Instants
from webapp.intake.bulk.place_columns import PlaceColumns
from webapp.intake.bulk.ticket_states import TicketStates
from webapp.intake.bulk.told import Told
from webapp.intake.draft import IMPORT
from webapp.intake.reasons import Reason
from webapp.tickets.nearby import LATELY
from webapp.tickets.tracking import new_numbers

Ids = NDArray[np.int64]
Columns = dict[str, pa.Array]
_UTC = pa.timestamp("us", "UTC")


@dataclass(frozen=True, slots=True)
class Decided:
    """A batch of n reports, of which m opened tickets, with everything decided."""

    city_id: int
    received_at: np.datetime64
    """When the load began, by our own clock: the same in all of its reports."""
    told: Told
    places: Places
    address: pa.Array
    """As given, else as located."""
    match_keys: Words
    """Of each report, for the ticket that it may open."""
    due_at: Instants
    decisions: Decisions
    reasons: list[list[Reason]]
    """Empty where the decision is none."""
    report_id: Ids
    ticket_id: Ids
    """Of the ticket opened or joined."""
    duplicate_of: Ids
    """The report that opened the best candidate; -1 where the decision is none."""
    suggestions: Ids
    """(n, 5) ids of tickets, best first, filled up with -1."""
    opens: NDArray[np.bool_]
    """(n,) whether each report opened its ticket."""
    late: NDArray[np.bool_]
    """(n,) whether each joined a ticket that is there already, of an earlier batch or load."""
    assignments: Assignments
    """Of the m tickets opened."""
    states: TicketStates
    """Of the m tickets opened, at the end of the batch."""
    status: NDArray[np.object_]
    """Of the m tickets opened, at the end of the batch."""

    def assigned(self, values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Array:
        """Return for each ticket opened the value that belongs to its assignment."""
        return pa.array(values, kind).take(pa.array(self.assignments.which))


def shared_columns(batch: Decided, columns: PlaceColumns) -> Columns:
    """Return the columns that reports and tickets have in common, a value for each report."""
    return {
        "city_id": _constant(batch.city_id, len(batch.told)),
        "service_id": pa.array(batch.told.service_id),
        "address": batch.address,
        **columns.shared(batch.places, batch.told.service_id),
    }


def ticket_table(batch: Decided, shared: Columns, columns: PlaceColumns) -> pa.Table:
    """Return the tickets that a batch opened."""
    opens, states, decided = pa.array(np.flatnonzero(batch.opens)), batch.states, batch.assignments.distinct
    mine = {name: column.take(opens) for name, column in shared.items()}
    placed = pa.array(batch.places.placed[batch.opens])
    # On a map, a ticket without a place would stand where nobody meant it.
    mine["geom"] = pc.if_else(placed, mine["geom"], pa.scalar(None, mine["geom"].type))
    starts, keys = batch.match_keys.starts.astype(np.int32), batch.match_keys.keys
    match_keys = pa.ListArray.from_arrays(starts, keys).take(opens)
    recent = np.isnat(states.closed_at) | (states.closed_at >= batch.received_at - np.timedelta64(LATELY))
    matchable = pc.and_(placed, pa.array(recent))
    return pa.table(
        mine
        | {
            "id": pa.array(batch.ticket_id[batch.opens]),
            "status": _texts(batch.status),
            "opened_at": _times(batch.told.requested_at[batch.opens]),
            "latest_at": _times(states.latest_at),
            "due_at": _times(states.due_at),
            "closed_at": _times(states.closed_at),
            "matchable": matchable,
            "report_count": pa.array(states.count),
            "match_keys": pc.if_else(matchable, match_keys, pa.scalar(None, match_keys.type)),
            "district": columns.districts(batch.places).take(opens),
            "department_id": batch.assigned([each.department_id for each in decided], pa.int16()),
            "crew_id": batch.assigned([each.crew_id for each in decided], pa.int16()),
            "owner": batch.assigned([each.owner for each in decided], pa.string()),
            "service_area": batch.assigned([each.service_area for each in decided], pa.string()),
            "assigned_why": batch.assigned([each.why for each in decided], pa.string()),
        }
    )


def report_table(batch: Decided, shared: Columns, columns: PlaceColumns) -> pa.Table:
    """Return the reports of a batch."""
    told, decisions, count = batch.told, batch.decisions, len(batch.told)
    return pa.table(
        shared
        | columns.of_report(batch.places)
        | {
            "id": pa.array(batch.report_id),
            "ticket_id": pa.array(batch.ticket_id),
            "tracking_number": pa.array(new_numbers(count).tolist(), pa.string()),
            "channel": _texts(told.channel),
            "description": _texts(told.description),
            "answers": _constant("{}", count),
            "media_urls": pa.array([[]] * count, pa.list_(pa.string())),
            "external_id": _texts(told.external_id),
            "requested_at": _times(told.requested_at),
            "received_at": _times(np.full(count, batch.received_at)),
            "updated_at": _times(np.fmax(told.requested_at, told.closed_at)),
            "due_at": _times(batch.due_at),
            "closed_at": _times(told.closed_at),
            "duplicate_of": pa.array(batch.duplicate_of, mask=batch.duplicate_of < 0),
            "duplicate_score": pa.array(decisions.score.astype(np.float32), mask=~batch.places.placed),
            "duplicate_decision": pa.array(DECISIONS).take(pa.array(decisions.decision)),
            "duplicate_reasons": pa.array([_json(each) if each else "[]" for each in batch.reasons]),
            "suggestions": _lists(batch.suggestions),
        }
    )


def timeline_tables(batch: Decided) -> list[pa.Table]:
    """Return what happened: received, or joined; flagged; and the closing of tickets.

    That a ticket was assigned is not told: it was not Pinward that gave it to anybody then. Tables of a kind
    each leave out what it never tells: PostgreSQL would read an empty JSON document in each row.
    """
    opens = batch.opens
    flagged = batch.decisions.decision == FLAGGED
    return [
        _entries(batch, opens, "received", IMPORT),
        _entries(batch, ~opens, "joined", IMPORT, data=_likeness(batch, ~opens)),
        _entries(batch, flagged, "flagged", "system", data=_likeness(batch, flagged)),
        _closings(batch),
    ]


def _entries(batch: Decided, chosen: NDArray[np.bool_], kind: str, actor: str, **more: pa.Array) -> pa.Table:
    """Return a timeline entry for each chosen report."""
    count = int(chosen.sum())
    return pa.table(
        {
            "city_id": _constant(batch.city_id, count),
            "ticket_id": pa.array(batch.ticket_id[chosen]),
            "report_id": pa.array(batch.report_id[chosen]),
            "at": _times(batch.told.requested_at[chosen]),
            "kind": _constant(kind, count),
            "actor": _constant(actor, count),
        }
        | more
    )


def _closings(batch: Decided) -> pa.Table:
    """Return a timeline entry for each ticket opened in the batch and closed at its end."""
    closed = ~np.isnat(batch.states.closed_at)
    count = int(closed.sum())
    return pa.table(
        {
            "city_id": _constant(batch.city_id, count),
            "ticket_id": pa.array(batch.ticket_id[batch.opens][closed]),
            "at": _times(batch.states.closed_at[closed]),
            "kind": _texts(batch.status[closed]),
            "actor": _constant(IMPORT, count),
        }
    )


def _likeness(batch: Decided, chosen: NDArray[np.bool_]) -> pa.Array:
    """Return what the timeline keeps of a report that joined or is flagged."""
    return pa.array(
        [
            _json(
                {
                    "ticket": int(batch.suggestions[i, 0]),
                    "score": float(batch.decisions.score[i]),
                    "reasons": batch.reasons[i],
                }
            )
            for i in np.flatnonzero(chosen).tolist()
        ],
        pa.string(),
    )


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _constant(value: Any, count: int) -> pa.Array:
    return pa.repeat(value, count)


def _texts(values: NDArray[np.object_]) -> pa.Array:
    return pa.array(values, pa.string())


def _times(instants: Instants) -> pa.Array:
    return pa.array(instants.astype("datetime64[us]"), pa.timestamp("us")).cast(_UTC)


def _lists(ids: Ids) -> pa.Array:
    """Return rows of ids, filled up with -1, as lists."""
    known = ids >= 0
    offsets = np.concatenate([[0], np.cumsum(known.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids[known]))
