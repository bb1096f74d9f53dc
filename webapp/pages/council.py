"""For council offices: a district at a glance, with its map, its services and its areas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from flask import Blueprint, render_template
from flask_babel import gettext as _

from layers.queries import current_editions
from webapp.insight.areas import HEXAGONS, MEASURES
from webapp.insight.durations import quantiles
from webapp.insight.facts import Facts
from webapp.insight.small_counts import FEWEST
from webapp.pages.context import served
from webapp.pages.council_choice import area_layers, districts_of, own_district, read_choice
from webapp.pages.council_figures import Shown, about, shown, title_of
from webapp.pages.council_map import page_map
from webapp.pages.embed import snippet
from webapp.pages.places import atlas
from webapp.pages.words import service_words
from webapp.people.access import access, roles

blueprint = Blueprint("council", __name__)
RULE = roles("council")


@dataclass(frozen=True)
class Figures:
    """What was counted of one service, or of all."""

    tickets: int
    reports: int
    open: int
    late: int
    """Open past the promised date; of those that wait: past it when they began to."""
    median_days: float | None
    """Within how many days half of the tickets were completed; None where less than half is, so far."""


@dataclass(frozen=True)
class Row:
    """Figures with the name of what they are about."""

    name: str
    figures: Figures


@blueprint.get("/council")
@access(RULE)
def district() -> str:
    """Show one district."""
    here, map_now, chosen = served(), atlas(), read_choice()
    what = shown(map_now, chosen)
    return render_template(
        "council/district.html",
        chosen=chosen,
        title=title_of(map_now, chosen.district),
        districts=districts_of(map_now) if own_district() is None else [],
        groups=sorted({service.group for service in here.catalog.services.values()}),
        layers=layer_titles(area_layers(map_now, chosen.district)),
        measures=MEASURES,
        totals=_figures(what.counted, what.now),
        services=services_of(what),
        now=what.now,
        areas=what.rows,
        hexagon_width=what.areas.width_m if what.areas else None,
        fewest=FEWEST,
        about=about(chosen),
        map=page_map(what),
        snippet=snippet(chosen.district),
    )


def services_of(what: Shown) -> list[Row]:
    """Return the figures of each service that has tickets, the most first."""
    found = [
        Row(service_words(service), _figures(mine, what.now))
        for service, mine in what.counted.groups(what.counted.service)
    ]
    return sorted(found, key=lambda row: (-row.figures.tickets, row.name))


def _figures(facts: Facts, now: datetime) -> Figures:
    still_open, taken = np.isnat(facts.closed), ~facts.declined
    return Figures(
        tickets=len(facts),
        reports=int(facts.reports.sum()),
        open=int(still_open.sum()),
        late=int((still_open & facts.late(now)).sum()),
        median_days=quantiles(facts.days(now)[taken], facts.completed[taken], 0.5)[0],
    )


def layer_titles(names: list[str]) -> dict[str, str]:
    """Return what people call layers of areas, by name."""
    here = served()
    titles = {layer.name: layer.title for _edition, layer in current_editions(here.session, here.city.id)}
    return {name: _("Hexagons") if name == HEXAGONS else titles[name] for name in names}
