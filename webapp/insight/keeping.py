"""Keeps the facts of tickets where pages of figures find them, and up to date.

Whatever changes a ticket writes its timeline. So each refresh gathers the tickets with entries since the last
one anew, whenever that was: after a night without a worker it takes longer; done again it changes nothing.
The caller commits; until then readers see what was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.insight.gathering import gather, with_repeats, zone_layers
from webapp.insight.models import FactChunk, FactState

CHUNK_BITS = 16
"""A chunk has the facts of so many tickets, as a power of two."""
MOST_CHANGED = 100_000
"""When more tickets changed, all are gathered: that is as fast."""
_REFRESHING = 0x46414354
"""First half of the advisory lock of who refreshes a city's facts; the city is the second."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    gathered: int
    """Tickets."""
    written: int
    """Chunks."""


def refresh(session: Session, city_id: int, *, whole: bool = False) -> Refreshed:
    """Bring a city's facts up to date. Nothing is done where somebody else is at it.

    Parameters
    ----------
    whole
        Gather all tickets, whether they changed or not.
    """
    values = {"lock": _REFRESHING, "city_id": city_id}
    if not session.scalar(text("select pg_try_advisory_xact_lock(:lock, :city_id)"), values):
        return Refreshed(0, 0)
    # What commits from here on is looked at again the next time.
    settled = session.scalar(text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    known = session.execute(
        select(FactState.transaction, FactState.layers).where(FactState.city_id == city_id)
    ).one_or_none()
    layers = zone_layers(session, city_id)
    changed = None
    if known is not None and known.layers == layers and not whole:
        changed = _changed(session, city_id, known.transaction)
    done = _gather_all(session, city_id) if changed is None else _gather_some(session, city_id, changed)
    state = {"transaction": settled, "layers": layers, "refreshed_at": text("now()")}
    upsert = insert(FactState).values(city_id=city_id, **state)
    session.execute(upsert.on_conflict_do_update(index_elements=["city_id"], set_=state))
    return done


def _changed(session: Session, city_id: int, since: int) -> Sequence[int] | None:
    """Return the tickets with entries since a transaction; None for too many."""
    values = {"city_id": city_id, "since": since, "most": MOST_CHANGED + 1}
    ids = session.scalars(_CHANGED, values).all()
    return None if len(ids) > MOST_CHANGED else ids


def _gather_all(session: Session, city_id: int) -> Refreshed:
    table = with_repeats(gather(session, city_id))
    session.execute(delete(FactChunk).where(FactChunk.city_id == city_id))
    chunks = np.unique(table["id"].to_numpy() >> CHUNK_BITS)
    _write(session, city_id, table, chunks)
    return Refreshed(table.num_rows, len(chunks))


def _gather_some(session: Session, city_id: int, changed: Sequence[int]) -> Refreshed:
    if not changed:
        return Refreshed(0, 0)
    fresh = gather(session, city_id, changed)
    of_city = FactChunk.city_id == city_id
    kept = [unpacked(each) for each in session.scalars(select(FactChunk.content).where(of_city))]
    old = pa.concat_tables(kept) if kept else with_repeats(fresh.slice(0, 0))
    old = old.filter(pc.invert(pc.is_in(old["id"], pa.array(changed, pa.int64()))))
    before = pa.concat_tables([old, fresh.append_column("repeat", pa.nulls(fresh.num_rows, pa.bool_()))])
    before = before.sort_by("id")
    after = with_repeats(before.drop_columns("repeat"))
    same = pc.fill_null(pc.equal(before["repeat"], after["repeat"]), False).to_numpy()
    ids = np.concatenate([np.array(changed), after["id"].to_numpy()[~same]])
    chunks = np.unique(ids >> CHUNK_BITS)
    session.execute(delete(FactChunk).where(of_city, FactChunk.chunk.in_(chunks.tolist())))
    _write(session, city_id, after, chunks)
    return Refreshed(fresh.num_rows, len(chunks))


def _write(session: Session, city_id: int, table: pa.Table, chunks: np.ndarray) -> None:
    """Write the chunks that have tickets; the table is ordered by their ids."""
    edges = np.searchsorted(table["id"].to_numpy() >> CHUNK_BITS, np.stack([chunks, chunks + 1]))
    for chunk, begin, end in zip(chunks.tolist(), *edges.tolist(), strict=True):
        if end > begin:
            content = packed(table.slice(begin, end - begin))
            session.execute(insert(FactChunk).values(city_id=city_id, chunk=chunk, content=content))


def packed(table: pa.Table) -> bytes:
    """Return a table as an Arrow file, with only those names in it that it uses."""
    texts = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    for name in texts:
        own = table[name].cast(pa.string()).combine_chunks().dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, own)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> pa.Table:
    """Return the table in an Arrow file."""
    return pa.ipc.open_file(content).read_all()


_CHANGED = text(
    """
    select distinct ticket_id from timeline
     where timeline.transaction >= :since and city_id = cast(:city_id as smallint)
     limit :most
    """
)
