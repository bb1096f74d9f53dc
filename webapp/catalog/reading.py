"""Reads the catalog's sections of a city file, with a finding for each mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from layers.cityfile import CityDocument
from layers.features import features
from layers.findings import Finding, did_you_mean
from layers.sections import AssetLayer, Section
from webapp.catalog.sections import ArticleRow, CalendarSection, CrewRow, DepartmentRow, ServiceRow, TargetRow
from webapp.catalog.tables import expanded
from webapp.catalog.targets import parse_season, seasons_meet

Row = TypeVar("Row", bound=Section)


@dataclass
class CatalogFile:
    """The catalog's sections, read."""

    written: CityDocument
    """As it stands in the file."""
    document: CityDocument
    """With the rows of its tables."""
    calendar: CalendarSection = field(default_factory=CalendarSection)
    departments: list[DepartmentRow] = field(default_factory=list)
    crews: list[CrewRow] = field(default_factory=list)
    services: list[ServiceRow] = field(default_factory=list)
    articles: list[ArticleRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def places_of(self, section: str, code: str) -> list[tuple[str, int]]:
        """Return where in the file the rows of a section with a code stand."""
        return [
            stands_at(self.written, section, number)
            for number, row in enumerate(self.document.get(section))
            if isinstance(row, dict) and row.get("code") == code
        ]


def read(document: CityDocument) -> CatalogFile:
    """Read the catalog's sections and the data files they name; what is wrong is among the findings."""
    full, findings = expanded(document)
    catalog = CatalogFile(document, full, findings=findings)
    calendar, mistakes = full.parse(CalendarSection, "calendar")
    catalog.calendar = calendar or catalog.calendar
    catalog.findings += mistakes
    catalog.departments = _rows(catalog, document, DepartmentRow, "departments")
    catalog.crews = _rows(catalog, document, CrewRow, "crews")
    catalog.services = _rows(catalog, document, ServiceRow, "services")
    catalog.articles = _rows(catalog, document, ArticleRow, "articles", needed=False)
    catalog.findings += [*_references(catalog), *_targets(catalog), *_translations(catalog)]
    return catalog


def _rows(
    catalog: CatalogFile, document: CityDocument, model: type[Row], section: str, *, needed: bool = True
) -> list[Row]:
    """Read the rows of a section; those with mistakes are left out."""
    rows, findings = parse_rows(catalog.document, document, model, section)
    catalog.findings += findings
    catalog.findings += _repeated(catalog, section, [row.code for row in rows])  # type: ignore[attr-defined]
    if not rows and needed:
        catalog.findings.append(document.error(f"There are no {section}.", f"Add [[{section}]].", section))
    return rows


def parse_rows(
    full: CityDocument, document: CityDocument, model: type[Row], section: str
) -> tuple[list[Row], list[Finding]]:
    """Check each row of a section.

    Parameters
    ----------
    full, document
        With and without the rows of tables: a mistake in a row that came from a table is shown at that table.
    """
    everything = full.get(section) or []
    if not isinstance(everything, list):
        return [], [document.error(f'"{section}" is not a list.', f"Write [[{section}]].", section)]
    written = len(document.get(section) or ())
    rows: list[Row] = []
    findings: list[Finding] = []
    for number in range(len(everything)):
        row, mistakes = full.parse(model, section, number)
        if row is not None:
            rows.append(row)
        elif number < written:
            findings += mistakes
        else:
            place = stands_at(document, section, number)
            data = f"The row came from a data file: {everything[number]}."
            findings += [document.error(f"{each.message} {data}", each.fix, *place) for each in mistakes]
    return rows, findings


def stands_at(written: CityDocument, section: str, number: int) -> tuple[str, int]:
    """Return where a row of a section stands: at its own lines, or at the table that it came from."""
    if number < len(written.get(section) or ()):
        return section, number
    tables: list[Any] = written.get("tables") or []
    return "tables", next(place for place, table in enumerate(tables) if table.get("rows") == section)


def _repeated(catalog: CatalogFile, section: str, codes: list[str]) -> list[Finding]:
    """Return an error for each code that several rows have, at the last of them."""
    return [
        catalog.document.error(
            f'[[{section}]] has {count} rows with the code "{code}".',
            "Give each its own.",
            *catalog.places_of(section, code)[-1],
            "code",
        )
        for code, count in Counter(codes).items()
        if count > 1
    ]


def _references(catalog: CatalogFile) -> list[Finding]:
    """Check that departments and asset kinds that rows name exist."""
    document = catalog.document
    departments = {row.code for row in catalog.departments}
    findings: list[Finding] = []
    named: list[tuple[str, Sequence[CrewRow | ServiceRow]]] = [
        ("crews", catalog.crews),
        ("services", catalog.services),
    ]
    for section, rows in named:
        for row in rows:
            if row.department not in departments:
                message = (
                    f'{section} "{row.code}" names the department "{row.department}", which is not there.'
                )
                place = catalog.places_of(section, row.code)[0]
                fix = did_you_mean(row.department, departments)
                findings.append(document.error(message, fix, *place, "department"))
    kinds = {layer.asset for layer in document.layers.values() if isinstance(layer, AssetLayer)}
    for service in catalog.services:
        if service.asset is not None and service.asset not in kinds:
            message = f'services "{service.code}" is about the asset "{service.asset}", of which no layer is.'
            fix = f"Add a layer of such assets, or correct it. {did_you_mean(service.asset, kinds)}"
            place = catalog.places_of("services", service.code)[0]
            findings.append(document.warning(message, fix, *place, "asset"))
    return findings


def _targets(catalog: CatalogFile) -> Iterator[Finding]:
    """Check the districts of targets, and tell of those of which only the order decides."""
    document = catalog.document
    layer = document.city.districts if document.city else None
    for service in catalog.services:
        place = catalog.places_of("services", service.code)[0]
        for number, target in enumerate(service.targets):
            where = (*place, "targets", number)
            if target.districts and layer is None:
                message = f'services "{service.code}" has a target for districts, but [city] names none.'
                yield document.error(message, "Set districts in [city], or remove them here.", *where)
            elif target.districts and layer in document.layers:
                yield from _unknown_districts(document, service, target, layer, where)
            for earlier in service.targets[:number]:
                if _both_hold(earlier, target):
                    message = (
                        f'Two targets of services "{service.code}" are equally specific and can both hold '
                        f"({earlier.target}; {target.target}): the earlier one decides."
                    )
                    yield document.warning(message, "Correct one of them, or remove it.", *where)


def _unknown_districts(
    document: CityDocument, service: ServiceRow, target: TargetRow, layer: str, where: tuple[str | int, ...]
) -> Iterator[Finding]:
    read, _ = features(document, layer)
    if read is None:
        return
    known = read.columns["source_id"]
    for district in target.districts:
        if district not in known:
            message = (
                f'A target of services "{service.code}" names the district "{district}", which is not there.'
            )
            yield document.error(message, did_you_mean(district, known), *where, "districts")


def _both_hold(one: TargetRow, other: TargetRow) -> bool:
    """Say whether two targets of a service are equally specific and hold for one ticket."""
    if (one.season is None) != (other.season is None) or bool(one.districts) != bool(other.districts):
        return False
    seasons = (parse_season(row.season) if row.season else None for row in (one, other))
    in_one = not one.districts or not set(one.districts).isdisjoint(other.districts)
    return one.priority == other.priority and in_one and seasons_meet(*seasons)


def _translations(catalog: CatalogFile) -> list[Finding]:
    """Warn of translations into languages that the city does not offer."""
    document = catalog.document
    if document.city is None:
        return []
    offered = document.city.languages
    return [
        document.warning(
            f'services "{service.code}" is translated into "{language}", which [city] does not offer.',
            f"Add it to languages, or correct it. {did_you_mean(language, offered)}",
            *catalog.places_of("services", service.code)[0],
            "translations",
            language,
        )
        for service in catalog.services
        for language in service.translations
        if language not in offered
    ]
