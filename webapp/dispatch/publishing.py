"""Brings drafts of areas and rules into force, and what was in force before. The caller commits.

A publication is one transaction: the edition of the layer, the rules, the record of both, the order to
re-assign, and the entry in the audit trail; or none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from layers import areas as drawn
from layers.models import City, Edition, Layer
from webapp.dispatch import drafts, reassignment, rulebook
from webapp.dispatch.drafts import Draft, DraftOvertaken
from webapp.dispatch.models import Publication, Reassignment
from webapp.dispatch.sections import RuleRow
from webapp.people import audit
from webapp.people.models import Staff


@dataclass(frozen=True, slots=True)
class Published:
    """One line of the history of a layer's areas and the rules."""

    id: int
    at: datetime
    by: str | None
    """None: the city file."""
    edition_id: int
    areas: int
    rules: int
    in_force: bool


def publish(
    session: Session, city: City, draft: Draft, *, by: Staff, reassign_at: datetime | None = None
) -> Publication:
    """Bring a draft into force: without faults, which the caller has seen to.

    Parameters
    ----------
    reassign_at
        When open tickets are re-assigned; None: they stay.

    Raises
    ------
    DraftOvertaken
        Somebody worked on it or published since; nothing was written.
    """
    _alone(session)
    now = drafts.read(session, draft.layer)
    if not now.begun or now.step != draft.step or now.overtaken:
        raise DraftOvertaken
    _keep_baseline(session, draft.layer)
    edition = drawn.publish_areas(session, draft.layer, draft.areas)
    publication = _in_force(session, city, draft.layer, edition.id, draft.rules, by=by)
    drafts.discard(session, draft.layer)
    _reassign(session, city, publication, by, reassign_at)
    _record(session, city, publication, draft.layer, by)
    return publication


def restore(
    session: Session,
    city: City,
    layer: Layer,
    publication_id: int,
    *,
    by: Staff,
    reassign_at: datetime | None = None,
) -> Publication:
    """Bring what was in force after an earlier publication of a layer into force again.

    Raises
    ------
    LookupError
        There is no such publication of the layer.
    """
    _alone(session)
    earlier = session.scalars(
        select(Publication).where(
            Publication.city_id == city.id, Publication.layer_id == layer.id, Publication.id == publication_id
        )
    ).one_or_none()
    if earlier is None or earlier.edition_id is None:
        raise LookupError(f'Nothing of "{layer.name}" was published under the number {publication_id}.')
    _keep_baseline(session, layer)
    drawn.use_edition(session, layer, earlier.edition_id)
    rows = [RuleRow(**row) for row in earlier.rules]
    publication = _in_force(session, city, layer, earlier.edition_id, rows, by=by)
    _reassign(session, city, publication, by, reassign_at)
    _record(session, city, publication, layer, by, restored=publication_id)
    return publication


def history(session: Session, layer: Layer) -> list[Published]:
    """Return what was published of a layer, the newest first."""
    rows = session.execute(
        select(
            Publication.id,
            Publication.at,
            Staff.name,
            Publication.edition_id,
            Edition.feature_count,
            func.jsonb_array_length(Publication.rules),
            Edition.current,
        )
        .join(Edition, (Edition.city_id == Publication.city_id) & (Edition.id == Publication.edition_id))
        .outerjoin(Staff, (Staff.city_id == Publication.city_id) & (Staff.id == Publication.staff_id))
        .where(Publication.city_id == layer.city_id, Publication.layer_id == layer.id)
        .order_by(Publication.id.desc())
        .limit(50)
    ).all()
    return [
        Published(*row[:-1], place == 0 and row.current)  # type: ignore[call-arg]
        for place, row in enumerate(rows)
    ]


def _alone(session: Session) -> None:
    """Wait for others who publish, or load the city file: the lock is theirs too."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("pinward city load"))))


def _keep_baseline(session: Session, layer: Layer) -> None:
    """Write down what is in force, where nobody has yet, so that there is a way back to it."""
    edition = drawn.current_edition(session, layer)
    known = select(Publication.id).where(
        Publication.city_id == layer.city_id, Publication.edition_id == edition.id
    )
    if session.scalars(known.limit(1)).one_or_none() is None:
        _add(session, layer, edition.id, rulebook.in_force(session, layer.city_id), at=edition.published_at)


def _in_force(
    session: Session, city: City, layer: Layer, edition_id: int, rows: Sequence[RuleRow], *, by: Staff
) -> Publication:
    publication = _add(session, layer, edition_id, rows, staff_id=by.id)
    rulebook.put(session, city.id, rows)
    # Web processes compare it to notice that the rules they keep are old.
    city.loaded_at = func.clock_timestamp()
    session.flush()
    return publication


def _add(
    session: Session, layer: Layer, edition_id: int, rows: Sequence[RuleRow], **more: Any
) -> Publication:
    latest = rulebook.latest_publication(session, layer.city_id)
    publication = Publication(
        city_id=layer.city_id,
        layer_id=layer.id,
        edition_id=edition_id,
        rules=[row.model_dump() for row in rows],
        file_sha256=latest.file_sha256 if latest else rulebook.digest(rows),
        **more,
    )
    session.add(publication)
    session.flush()
    return publication


def _reassign(
    session: Session, city: City, publication: Publication, by: Staff, at: datetime | None
) -> Reassignment | None:
    if at is None:
        return None
    return reassignment.ask(session, city.id, by=by, publication_id=publication.id, starts_at=at)


def _record(
    session: Session, city: City, publication: Publication, layer: Layer, by: Staff, **more: Any
) -> None:
    audit.record(
        session, city.id, "areas_published", layer.name, by=by,
        publication=publication.id, edition=publication.edition_id, **more,
    )  # fmt: skip
