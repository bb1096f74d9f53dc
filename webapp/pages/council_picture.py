"""The council's map as a picture: what stands on it and beside it."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from webapp.insight import heat
from webapp.insight.areas import MEASURES
from webapp.insight.maps.picture import Ground, HeatSpots, ShadedAreas, Words, picture
from webapp.insight.maps.streets import streets
from webapp.pages.council_figures import Shown, about, title_of
from webapp.pages.council_words import legend, measure_name


def picture_of(what: Shown, source: Sequence[str]) -> bytes:
    """Return what the council's map shows, where there is ground, as a PNG."""
    measured = what.chosen.view in MEASURES
    words = Words(
        title=title_of(what.atlas, what.chosen.district),
        lines=about(what.chosen),
        legend=measure_name(what.chosen.view) if measured else _("Tickets"),
        source=source,
    )
    assert what.ground is not None  # noqa: S101  (the caller knows)
    ground = Ground(what.ground, streets(what.atlas, what.ground))
    return picture(ground, _shaded(what) if measured else _spots(what), words)


def _spots(what: Shown) -> HeatSpots:
    _facts, lat, lon = what.spots
    found = heat.blocks(lat, lon)
    x, y = what.atlas.metric.to_metric(found.column * found.step, found.row * found.step)
    return HeatSpots(x, y, found.tickets, few=_("few"), many=_("many"))


def _shaded(what: Shown) -> ShadedAreas:
    assert what.areas is not None  # noqa: S101  (where there is ground there are areas)
    found = what.steps(what.chosen.view)
    return ShadedAreas(
        what.areas.polygons,
        [None if step is None else found.colours[step] for step in found.step],
        legend(what.chosen.view, found),
        not_shown=_("not shown, or not known"),
    )
