"""The work of administrators on a layer's service areas and on the rules, kept on the server step by step.

There is one draft of a layer, which everybody works on; each step is a row, the latest is the draft, and
undoing removes it. Of two who take a step at once, one is told to look again. The callers commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import shapely
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from layers.areas import Area, areas_of, to_lonlat
from layers.atlas import Atlas
from layers.drawing import Ground
from layers.models import Edition, Layer
from webapp.dispatch import rulebook
from webapp.dispatch.models import AreaDraft
from webapp.dispatch.sections import RuleRow
from webapp.people.models import Staff

MOST_STEPS = 50
"""So many may be undone."""


class DraftOvertaken(Exception):  # noqa: N818  (an answer, not a failure)
    """Somebody else took a step, or published, meanwhile. Nothing was written."""


@dataclass(frozen=True)
class Draft:
    """A layer's areas and the rules as somebody is changing them."""

    layer: Layer
    step: int
    """0: nobody has changed anything."""
    areas: tuple[Area, ...]
    edition_id: int
    """The edition that it was begun on."""
    current_edition_id: int
    """The edition in use."""
    own_rules: list[RuleRow] | None
    """None: those in force."""
    publication_id: int | None
    """The publication in force when its rules were first changed."""
    latest_publication_id: int | None
    rules_in_force: list[RuleRow]
    did: str = ""
    by: str = ""
    at: datetime | None = None

    @property
    def begun(self) -> bool:
        """Whether there is anything to publish or to discard."""
        return self.step > 0

    @property
    def rules(self) -> list[RuleRow]:
        """The rules of the draft."""
        return self.rules_in_force if self.own_rules is None else self.own_rules

    @property
    def overtaken(self) -> bool:
        """Whether something was published since it was begun that publishing it would undo."""
        on_old_rules = self.own_rules is not None and self.publication_id != self.latest_publication_id
        return self.begun and (self.edition_id != self.current_edition_id or on_old_rules)

    @cached_property
    def by_id(self) -> dict[str, Area]:
        """The areas by id."""
        return {area.id: area for area in self.areas}


def layers_of(session: Session, city_id: int) -> list[Layer]:
    """Return the zone layers over which there are rules, or on which somebody works."""
    named = {row.layer for row in rulebook.in_force(session, city_id)}
    drafted = select(AreaDraft.layer_id).where(AreaDraft.city_id == city_id).distinct()
    at_work = set(session.scalars(drafted))
    layers = session.scalars(
        select(Layer).where(Layer.city_id == city_id, Layer.kind == "zones").order_by(Layer.id)
    )
    return [layer for layer in layers if layer.name in named or layer.id in at_work]


@dataclass(frozen=True, slots=True)
class LatestStep:
    """The latest step of a draft."""

    did: str
    by: str
    at: datetime


def at_work(session: Session, city_id: int) -> dict[int, LatestStep]:
    """Return the latest step of each draft, by layer."""
    rows = session.execute(
        select(AreaDraft.layer_id, AreaDraft.did, Staff.name, AreaDraft.at)
        .join(Staff, (Staff.city_id == AreaDraft.city_id) & (Staff.id == AreaDraft.staff_id))
        .where(AreaDraft.city_id == city_id)
        .ext(distinct_on(AreaDraft.layer_id))
        .order_by(AreaDraft.layer_id, AreaDraft.step.desc())
    )
    return {row.layer_id: LatestStep(row.did, row.name, row.at) for row in rows}


def read(session: Session, layer: Layer) -> Draft:
    """Return the draft of a layer: what is published, where nobody has changed anything."""
    row, by, edition_id = session.execute(
        select(AreaDraft, Staff.name, Edition.id)
        .select_from(Edition)
        .outerjoin(
            AreaDraft, (AreaDraft.city_id == Edition.city_id) & (AreaDraft.layer_id == Edition.layer_id)
        )
        .outerjoin(Staff, (Staff.city_id == AreaDraft.city_id) & (Staff.id == AreaDraft.staff_id))
        .where(Edition.city_id == layer.city_id, Edition.layer_id == layer.id, Edition.current)
        .order_by(AreaDraft.step.desc())
        .limit(1)
    ).one()
    publication = rulebook.latest_publication(session, layer.city_id)
    latest_id = publication.id if publication else None
    in_force = rulebook.rules_of(session, layer.city_id, publication)
    if row is None:
        areas = tuple(areas_of(session, layer.city_id, edition_id))
        return Draft(layer, 0, areas, edition_id, edition_id, None, None, latest_id, in_force)
    return Draft(
        layer,
        row.step,
        tuple(Area.of(kept) for kept in row.areas),
        row.edition_id,
        edition_id,
        None if row.rules is None else [RuleRow(**kept) for kept in row.rules],
        row.publication_id,
        latest_id,
        in_force,
        row.did,
        by,
        row.at,
    )


def write(
    session: Session,
    draft: Draft,
    did: str,
    *,
    by: Staff,
    areas: Sequence[Area] | None = None,
    rules: Sequence[RuleRow] | None = None,
    rebase: bool = False,
) -> int:
    """Take a step from a draft, and return its number.

    Parameters
    ----------
    did
        In a word, what the step was.
    areas, rules
        After the step; None: as they were.
    rebase
        Go on, on top of what was published since the draft was begun.

    Raises
    ------
    DraftOvertaken
        Somebody took a step since ``draft`` was read.
    """
    own = draft.own_rules if rules is None else list(rules)
    since = draft.publication_id if draft.own_rules is not None else draft.latest_publication_id
    values: dict[str, Any] = {
        "city_id": draft.layer.city_id,
        "layer_id": draft.layer.id,
        "step": draft.step + 1,
        "staff_id": by.id,
        "did": did,
        "edition_id": draft.current_edition_id if rebase else draft.edition_id,
        "publication_id": draft.latest_publication_id if rebase else since,
        "areas": [area.as_dict() for area in (draft.areas if areas is None else areas)],
        "rules": None if own is None else [row.model_dump() for row in own],
        "at": func.clock_timestamp(),
    }
    if draft.step != _latest_step(session, draft.layer):
        raise DraftOvertaken
    taken = session.execute(
        insert(AreaDraft).values(values).on_conflict_do_nothing().returning(AreaDraft.step)
    ).one_or_none()
    if taken is None:
        raise DraftOvertaken
    session.execute(delete(AreaDraft).where(*_of(draft.layer), AreaDraft.step <= draft.step - MOST_STEPS))
    step: int = taken.step
    return step


def undo(session: Session, draft: Draft) -> None:
    """Take the latest step of a draft back.

    Raises
    ------
    DraftOvertaken
        It is no longer the latest.
    """
    if not draft.begun or draft.step != _latest_step(session, draft.layer):
        raise DraftOvertaken
    session.execute(delete(AreaDraft).where(*_of(draft.layer), AreaDraft.step == draft.step))


def discard(session: Session, layer: Layer) -> None:
    """Remove a draft with all of its steps."""
    session.execute(delete(AreaDraft).where(*_of(layer)))


def ground_of(atlas: Atlas, layer: Layer) -> Ground:
    """Return where a layer's areas lie."""
    boundary = atlas.zones.get(atlas.city.boundary_layer or "")
    city = shapely.union_all(boundary.polygons) if boundary is not None else shapely.MultiPolygon()
    return Ground(atlas.metric, bool(layer.options.get("partition")), city)


def border_of(atlas: Atlas, ground: Ground) -> shapely.MultiPolygon:
    """Return the city's boundary, EPSG:4326, for maps to snap to."""
    return to_lonlat([ground.city], atlas.metric)[0]


def _latest_step(session: Session, layer: Layer) -> int:
    return session.scalar(select(func.max(AreaDraft.step)).where(*_of(layer))) or 0


def _of(layer: Layer) -> tuple[Any, ...]:
    return AreaDraft.city_id == layer.city_id, AreaDraft.layer_id == layer.id


def titles(session: Session, city_id: int) -> dict[str, str]:
    """Return what people call each zone layer, by its name."""
    zones = select(Layer.name, Layer.title).where(Layer.city_id == city_id, Layer.kind == "zones")
    rows = session.execute(zones)
    return {name: title for name, title in rows}  # noqa: C416  (rows are not pairs)
