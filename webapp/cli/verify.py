"""``pinward city verify``: load a city's real data, and compare what we say with what its files say."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError
from sqlalchemy import select

from layers import cityfile
from layers.cityfile import CityDocument
from layers.current import load_atlas
from layers.models import City
from layers.queries import city_by_slug, current_editions
from webapp.catalog.calendars import Calendar
from webapp.catalog.queries import catalog
from webapp.cli.agreement import Share, asset_streets, house_numbers, on_time, same_label
from webapp.cli.city_session import database_session
from webapp.cli.console import Failure, step
from webapp.cli.expectations import Expectations, ReportExpectations
from webapp.config import CHECKOUT, settings
from webapp.db import driver
from webapp.tickets.export import export, export_schema

FELL_SHORT = 5
"""Exit code where something agrees less than it must."""
SOME_REJECTED = 4
"""Exit code of ``pinward reports load`` where rows were not kept."""


@dataclass
class Verdict:
    """What was found."""

    shares: list[Share] = field(default_factory=list)
    load: dict[str, Any] | None = None
    """The figures of ``pinward reports load``."""
    lost: int = 0
    """Rows of the file that were neither kept nor rejected with a reason."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why rows were rejected."""
    least_a_second: int = 0

    @property
    def slow(self) -> bool:
        """Whether the load took longer than it may; a load that found all rows there measures nothing."""
        fresh = self.load is not None and self.load["kept"] > 0
        return fresh and self.load["reports_per_second"] < self.least_a_second  # type: ignore[index]

    @property
    def enough(self) -> bool:
        """Whether everything is as it must be."""
        return all(share.enough for share in self.shares) and not self.lost and not self.slow


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(name: str, as_json: bool) -> None:
    """Load the city NAME and its reports where they are not loaded yet, and compare them with its own files.

    NAME is a folder of cities/, or the path of one. What is compared, and how well it must agree, is in its
    verify.toml. Exits with 5 where anything falls short. To measure how fast reports load, verify a city in
    a new database.

    For example: pinward city verify boston
    """
    folder = Path(name) if Path(name, "city.toml").exists() else CHECKOUT / "cities" / name
    document, expected = _document(folder), _expectations(folder / "verify.toml")
    _load_city(document)
    verdict = Verdict()
    if expected.reports is not None:
        _verify_reports(document, expected.reports, verdict)
    if expected.assets or expected.house_numbers:
        _verify_places(document, expected, verdict)
    click.echo(json.dumps(_as_json(name, verdict), indent=1)) if as_json else _show(verdict)
    if not verdict.enough:
        raise SystemExit(FELL_SHORT)


def _document(folder: Path) -> CityDocument:
    document, findings = cityfile.read(folder / "city.toml", settings())
    if document is None or document.city is None:
        raise Failure(str(findings[0].message), f"Name a folder of {folder.parent}, such as boston.")
    return document


def _expectations(path: Path) -> Expectations:
    try:
        return Expectations.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Failure(
            f"{path} cannot be read: {error.strerror}.", "Write down there what to compare."
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Failure(f"{path} is not as it should be: {error}", "See cities/boston/verify.toml.") from error


def _load_city(document: CityDocument) -> None:
    """Load the city file, unless it is loaded as it stands."""
    assert document.city is not None  # noqa: S101  (see _document)
    with database_session() as session:
        loaded = select(City.file_sha256).where(City.slug == document.city.slug)
        if session.scalar(loaded) == hashlib.sha256(document.text.encode()).hexdigest():
            return
    with step(f"Loading {document.path}"):
        _pinward("city", "load", str(document.path))


def _pinward(*arguments: str, accept: tuple[int, ...] = (0,)) -> str:
    """Run a command in a process of its own, so that its memory is its own, and return what it prints."""
    program = Path(sys.executable).with_name("pinward")
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in accept:
        raise Failure(f"pinward {' '.join(arguments)} failed.", "See what it said above.")
    return done.stdout


def _verify_reports(document: CityDocument, expected: ReportExpectations, verdict: Verdict) -> None:
    assert document.city is not None  # noqa: S101  (see _document)
    slug, file = document.city.slug, document.resolve(expected.file)
    columns = document.path.with_name(expected.columns)
    with tempfile.TemporaryDirectory(prefix="pinward-verify-") as temporary:
        rejects = Path(temporary, "rejects.csv")
        with step(f"Loading the reports of {file.name}"):
            said = _pinward(
                "reports", "load", str(file), "--columns", str(columns), "--city", slug,
                "--rejects", str(rejects), "--json", accept=(0, SOME_REJECTED),
            )  # fmt: skip
        verdict.load = json.loads(said)
        verdict.least_a_second = expected.least_a_second
        if rejects.exists():
            with rejects.open(newline="", encoding="utf-8") as rows:
                verdict.reasons.update(f"{row['field']} {row['reason']}" for row in csv.DictReader(rows))
    with step("Comparing"):
        times = ["requested_at", "due_at", "closed_at"] if expected.on_time else []
        ours, calendar = _exported(slug, ["external_id", "place_flags", *times, *expected.compare])
        theirs = pq.read_table(file, columns=expected.columns_of_file())
        _compare(ours, theirs, expected, verdict, calendar)


def _exported(slug: str, columns: list[str]) -> tuple[pa.Table, Calendar]:
    """Return columns of what ``pinward reports export`` writes, and the city's calendar."""
    with database_session() as session:
        city = city_by_slug(session, slug)
        layers = [layer.name for _, layer in current_editions(session, city.id) if layer.kind == "zones"]
        batches = [batch.select(columns) for batch in export(driver(session), city.id, layers)]
        schema = pa.schema([export_schema(layers).field(name) for name in columns])
        return pa.Table.from_batches(batches, schema), catalog(session, city).calendar


def _compare(
    ours: pa.Table, theirs: pa.Table, expected: ReportExpectations, verdict: Verdict, calendar: Calendar
) -> None:
    found = pc.index_in(theirs[expected.id].cast(pa.string()), ours["external_id"])
    kept = pc.is_valid(found)
    theirs, ours = theirs.filter(kept), ours.take(found.filter(kept))
    verdict.lost = len(found) - theirs.num_rows - sum(verdict.reasons.values())
    for flag, rule in expected.flags.items():
        marked = ours.filter(theirs[rule.column])["place_flags"].to_pylist()
        agreeing = sum(flag in flags for flags in marked)
        verdict.shares.append(Share(f"flagged {flag}", agreeing, len(marked), rule.at_least))
    late = expected.on_time
    if late is not None:
        verdict.shares.append(on_time(ours, theirs[late.column], late.yes, late.at_least, calendar))
    if expected.without is not None:
        compared = pc.invert(theirs[expected.without])
        theirs, ours = theirs.filter(compared), ours.filter(compared)
    for name, label in expected.compare.items():
        verdict.shares.append(
            same_label(name, ours[name], theirs[label.column], label.pattern, label.at_least)
        )


def _verify_places(document: CityDocument, expected: Expectations, verdict: Verdict) -> None:
    assert document.city is not None  # noqa: S101  (see _document)
    with step("Locating"), database_session() as session:
        atlas = load_atlas(session, city_by_slug(session, document.city.slug).id)
        for kind, asset_rule in expected.assets.items():
            verdict.shares.append(asset_streets(atlas, kind, asset_rule.at_least))
        numbers = expected.house_numbers
        if numbers is not None:
            verdict.shares.append(house_numbers(atlas, numbers.within, numbers.at_least))


def _as_json(name: str, verdict: Verdict) -> dict[str, Any]:
    shares = {
        share.name: {
            "share": round(share.share, 5), "agreeing": share.agreeing, "rows": share.rows,
            "at_least": share.at_least, "enough": share.enough,
        }
        for share in verdict.shares
    }  # fmt: skip
    return {
        "city": name,
        "enough": verdict.enough,
        "agreement": shares,
        "load": verdict.load,
        "rejected_because": dict(verdict.reasons),
        "lost": verdict.lost,
    }


def _show(verdict: Verdict) -> None:
    for share in verdict.shares:
        mark = click.style("ok", fg="green") if share.enough else click.style("falls short", fg="red")
        figures = f"{share.share:8.3%} of {share.rows:>7,} rows, at least {share.at_least:.1%}"
        click.echo(f"{share.name:<24} {figures}: {mark}")
    if verdict.load is None:
        return
    load = verdict.load
    kept = load["kept"] + load["already_there"]
    click.echo(
        f"{kept:,} of {load['rows']:,} rows kept, {load['rejected']:,} rejected, {verdict.lost:,} lost."
    )
    for reason, count in verdict.reasons.most_common():
        click.echo(f"  {count:,} rejected: {reason}")
    if load["kept"]:
        speed = click.style("too slow", fg="red") if verdict.slow else click.style("ok", fg="green")
        click.echo(
            f"{load['reports_per_second']:,} reports a second, at least {verdict.least_a_second:,}: {speed}; "
            f"at most {load['peak_mb']:,} MB of memory."
        )
    else:
        click.echo("All reports were there already, so how fast they load was not measured.")
