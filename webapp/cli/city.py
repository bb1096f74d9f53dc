"""``pinward city``: check a city file, and load it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from layers import cityfile
from layers.check import CityMap
from layers.check import check as check_map
from layers.findings import Finding, counted, has_errors
from layers.publish import publish
from layers.queries import source_ids
from webapp.catalog import cityfile as catalog
from webapp.cli.city_session import database_session
from webapp.cli.console import Failure, step
from webapp.cli.verify import verify
from webapp.config import settings
from webapp.dispatch import cityfile as dispatch
from webapp.notices import cityfile as notices
from webapp.people import cityfile as people

FILE = click.argument("file", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def city() -> None:
    """Check, load and verify a city from its file."""


city.add_command(verify)


@city.command()
@FILE
@AS_JSON
def check(file: Path, as_json: bool) -> None:
    """Say what is wrong with FILE, where, and how to put it right. Exits with 1 where it cannot be loaded."""
    checked = _check(file, lambda slug: {})
    if as_json:
        click.echo(json.dumps(checked.summary(), indent=1))
    else:
        for finding in checked.findings:
            _show(finding)
        click.echo(checked.verdict())
    if checked.city_map is None:
        raise SystemExit(1)


@city.command()
@FILE
@AS_JSON
def load(file: Path, as_json: bool) -> None:
    """Check FILE and put it in use: its map, catalog and rules, all or nothing.

    A layer that did not change keeps its edition. Running web processes use the new map within seconds.
    """
    with database_session() as session:
        checked = _check(file, partial(source_ids, session))
        for finding in checked.findings:
            _show(finding, err=True)
        if checked.city_map is None:
            if as_json:
                click.echo(json.dumps(checked.summary(), indent=1))
            raise Failure(
                f"Nothing was loaded: {checked.verdict()}", "Correct the errors above, and load again."
            )
        with step("Storing"):
            stored, layers = publish(session, checked.city_map)
            catalog.load(session, stored, checked.city_map.document)
            dispatch.load(session, stored, checked.city_map.document)
            notices.load(session, stored, checked.city_map.document)
            people.load(stored, checked.city_map.document)
            session.commit()
        fresh = [layer for layer in layers if layer.is_new]
    if as_json:
        rows = [
            {
                "layer": layer.layer,
                "edition": layer.edition_id,
                "features": layer.feature_count,
                "new": layer.is_new,
            }
            for layer in layers
        ]
        click.echo(json.dumps({"city": stored.slug, "layers": rows} | checked.summary(), indent=1))
        return
    for layer in fresh:
        features = counted(layer.feature_count, "feature", "features")
        click.echo(f"{layer.layer}: edition {layer.edition_id}, {features}")
    unchanged = len(layers) - len(fresh)
    click.echo(f"Loaded {stored.name}; {counted(unchanged, 'layer is', 'layers are')} unchanged.")


@dataclass(frozen=True)
class _Checked:
    """A city file, checked in all its sections."""

    findings: list[Finding]
    city_map: CityMap | None
    """None where an error refuses publication."""

    def summary(self) -> dict[str, Any]:
        found = [finding.as_dict() for finding in self.findings]
        return {"errors": self._count("error"), "warnings": self._count("warning"), "findings": found}

    def verdict(self) -> str:
        errors = counted(self._count("error"), "error", "errors")
        return f"{errors}, {counted(self._count('warning'), 'warning', 'warnings')}."

    def _count(self, level: str) -> int:
        return sum(finding.level == level for finding in self.findings)


def _check(file: Path, known_ids: Callable[[str], dict[str, set[str]]]) -> _Checked:
    document, findings = cityfile.read(file, settings())
    if document is None:
        return _Checked(findings, None)
    previous = known_ids(document.city.slug) if document.city else {}
    with step(f"Reading and checking {counted(len(document.layers), 'layer', 'layers')}"):
        city_map = check_map(
            document, previous=previous, progress=lambda name: click.echo(f"    {name}", err=True)
        )
    with step("Checking the catalog and the rules"):
        findings = [
            *city_map.findings,
            *catalog.check(document),
            *dispatch.check(document),
            *notices.check(document),
            *people.check(document),
        ]
    return _Checked(findings, None if has_errors(findings) else city_map)


def _show(finding: Finding, *, err: bool = False) -> None:
    place, _, rest = str(finding).partition(f"{finding.level}: ")
    level = click.style(finding.level, fg="red" if finding.level == "error" else "yellow")
    click.echo(f"{place}{level}: {rest}", err=err)
