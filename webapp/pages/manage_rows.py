"""The rows of the tables of figures: what each is about, in words, and where its tickets are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from babel import Locale, UnknownLocaleError
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from numpy.typing import NDArray

from layers.atlas import Atlas
from layers.queries import current_editions
from webapp.catalog.snapshot import CrewEntry, DepartmentEntry, ServiceEntry
from webapp.insight.facts import Facts, Labels, between
from webapp.insight.leagues import Place, league
from webapp.insight.measures import Measures, Window, by_key
from webapp.pages.context import served
from webapp.pages.manage_choice import DIMENSIONS
from webapp.pages.places import zone_name
from webapp.pages.words import service_words

MOST_ROWS = 60
"""Of more, those with most tickets received are shown."""
TITLES = {
    "department": _l("Department"),
    "crew": _l("Crew"),
    "service": _l("Service"),
    "group": _l("Kind of service"),
    "district": _l("District"),
    "channel": _l("Channel"),
    "language": _l("Language"),
}
CHANNELS = {
    "web": _l("Web page"),
    "open311": _l("Another program"),
    "phone": _l("Phone"),
    "counter": _l("Counter"),
    "mail": _l("E-mail"),
    "letter": _l("Letter"),
    "import": _l("Loaded from a file"),
    "crew": _l("Crew"),
    "staff": _l("Staff"),
}


@dataclass(frozen=True)
class Row:
    """Figures of one of a table."""

    key: str
    """As the address of its tickets has it; empty: of none."""
    name: str
    figures: Measures
    received_before: int
    """In the period before."""


@dataclass(frozen=True)
class Grouping:
    """How tickets are told apart."""

    codes: Callable[[Facts], NDArray[Any]]
    """A code for each ticket."""
    key: Callable[[Facts, Any], str]
    name: Callable[[str], str]


def titles(atlas: Atlas) -> dict[str, str]:
    """Return by what figures can be listed, with what people call it."""
    here = served()
    named = {layer.name: layer.title for _edition, layer in current_editions(here.session, here.city.id)}
    zones = [
        name
        for name, table in atlas.zones.items()
        if name not in (here.city.boundary_layer, here.city.district_layer) and not table.class_.any()
    ]
    return {name: str(TITLES[name]) for name in DIMENSIONS} | {
        name: named[name] for name in zones if name in named and name not in DIMENSIONS
    }


def grouping(by: str, atlas: Atlas) -> Grouping:
    """Return how tickets are told apart by a dimension or a layer of zones."""
    catalog = served().catalog
    if by in ("department", "crew", "service"):
        kinds: dict[str, Mapping[int, DepartmentEntry | CrewEntry | ServiceEntry]]
        kinds = {"department": catalog.departments, "crew": catalog.crews, "service": catalog.services}
        entries = kinds[by]
        names = {
            entry.code: service_words(entry.id) if by == "service" else entry.name
            for entry in entries.values()
        }
        return Grouping(
            lambda facts: getattr(facts, by),
            lambda _facts, code: entries[code].code if code in entries else "",
            lambda key: names.get(key) or _("None"),
        )
    if by == "group":
        groups = sorted({service.group for service in catalog.services.values()})
        of_service = np.full(max(catalog.services, default=0) + 1, -1)
        for service in catalog.services.values():
            of_service[service.id] = groups.index(service.group)
        return Grouping(
            lambda facts: of_service[facts.service],
            lambda _facts, code: groups[code] if code >= 0 else "",
            lambda key: key or _("None"),
        )
    return Grouping(
        lambda facts: _labels(facts, by).codes,
        lambda facts, code: str(_labels(facts, by).names[code]) if code >= 0 else "",
        _label_names(by, atlas),
    )


def rows_of(facts: Facts, group: Grouping, window: Window, earlier: Window) -> list[Row]:
    """Return the rows, those with most tickets received first."""
    codes = group.codes(facts)
    then = codes[between(facts.opened, earlier.begin, earlier.end)]
    before = dict(zip(*np.unique(then, return_counts=True), strict=True))
    found = by_key(facts, codes, window)
    rows = [
        Row(key := group.key(facts, code), group.name(key), figures, int(before.get(code, 0)))
        for code, figures in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.figures.received, -row.figures.open, row.name))[:MOST_ROWS]


def places(rows: list[Row]) -> list[tuple[str, Place]]:
    """Return who stands where by the share on time, with names; those of nobody are no competitor."""
    counts = {row.key: (_on_time(row.figures), row.figures.promised) for row in rows if row.key}
    names = {row.key: row.name for row in rows}
    return [(names[place.key], place) for place in league(counts)]


def of_key(facts: Facts, by: str, key: str, atlas: Atlas) -> Facts:
    """Return the tickets of one row."""
    group = grouping(by, atlas)
    codes = group.codes(facts)
    wanted = [code for code in np.unique(codes).tolist() if group.key(facts, code) == key]
    return facts.where(np.isin(codes, wanted))


def _on_time(figures: Measures) -> int:
    return round((figures.on_time or 0.0) * figures.promised)


def language_name(code: str) -> str:
    """Return what a language is called in the reader's."""
    try:
        return Locale.parse(code, sep="-").get_display_name(get_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


def _labels(facts: Facts, by: str) -> Labels:
    if by in ("district", "channel", "language"):
        found: Labels = getattr(facts, by)
        return found
    return facts.zones.get(by) or Labels(np.full(len(facts), -1, dtype=np.int32), np.array([], dtype=object))


def _label_names(by: str, atlas: Atlas) -> Callable[[str], str]:
    if by == "channel":
        return lambda key: str(CHANNELS.get(key, key)) or _("None")
    if by == "language":
        return lambda key: language_name(key) if key else _("None")
    layer = served().city.district_layer if by == "district" else by
    table = atlas.zones.get(layer or "")
    names = dict(zip(table.source_id.tolist(), table.name.tolist(), strict=True)) if table else {}
    return lambda key: zone_name(names[key]) if names.get(key) else key or _("None")
