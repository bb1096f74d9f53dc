"""``pinward duplicates``: fit the matching to a city's past, judge it, and let a city teach it."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from geo.calibration import Expectation
from webapp.cli.city_session import city_session
from webapp.cli.console import Failure, step
from webapp.intake.choosing import choose
from webapp.intake.duplicates import SHIPPED, ModelError, load, save
from webapp.intake.learning.history import History, HistoryError, read_history
from webapp.intake.overview import SEEN_DAYS, overview

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def duplicates() -> None:
    """Score pairs of reports, and judge the scoring.

    REPORTS is a file (Parquet or CSV) with the columns of Boston's open data: case_enquiry_id, open_dt,
    closed_dt, type, latitude, longitude and, as far as it has them, reason, location, case_title, source,
    is_dup, default_xy. PAIRS has id_a, id_b and label: 1 where both are of one problem.
    """


def _inputs(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--time-zone", default="America/New_York", show_default=True, help="Of the file's times."
        ),
        click.option("--pairs", "pairs_file", type=_FILE, required=True, help="The pairs that were linked."),
        click.option("--reports", "reports_file", type=_FILE, required=True, help="The reports."),
    ):
        command = option(command)
    return command


@duplicates.command()
@_inputs
@click.option(
    "--precision",
    type=click.FloatRange(0.5, 0.999),
    default=0.95,
    show_default=True,
    help="Share of the reports that join by themselves that shall join the right ticket.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Model file to write."
)
def fit(reports_file: Path, pairs_file: Path, time_zone: str, precision: float, out: Path) -> None:
    """Fit a model to all of a file, choose its thresholds, and write it.

    For example: pinward duplicates fit --reports reports.parquet --pairs pairs.parquet --out model.toml
    """
    from webapp.intake.learning.held_back import learn

    history = _history(reports_file, pairs_file, time_zone)
    with step(f"Fitting to {len(history):,} reports"):
        model = learn(history, reports_file.name, precision)
    save(model, out)
    limits = model.limits
    click.echo(f"Wrote {out}")
    if model.outlook is not None:
        expected = model.outlook.expect(limits.auto, limits.flag)
        click.echo(
            f"Of 1,000 reports: {expected.joined:.1f} joined (probability {limits.auto:.2f} or more), "
            f"{expected.flagged:.1f} flagged ({limits.flag:.2f} or more), {expected.wrong:.1f} expected wrong"
        )


@duplicates.command()
@_inputs
@click.option(
    "--split",
    type=click.Choice(["time", "none"]),
    default="time",
    show_default=True,
    help="time: fit on the first 60 % of the reports and judge the rest; none: judge a model on all.",
)
@click.option(
    "--model", "model_file", type=_FILE, help="With --split none: the model, if not the shipped one."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    reports_file: Path, pairs_file: Path, time_zone: str, split: str, model_file: Path | None, as_json: bool
) -> None:
    """Judge a model on reports it was not fitted on, beside two rules in use today.

    What is counted how is told in webapp/intake/learning/evaluation.py.

    For example: pinward duplicates evaluate --reports reports.parquet --pairs pairs.parquet --json
    """
    from webapp.intake.learning.evaluation import FITTED_SHARE
    from webapp.intake.learning.evaluation import evaluate as judged
    from webapp.intake.learning.held_back import learn

    if model_file is not None and split != "none":
        raise click.UsageError("--model goes with --split none: a split fits a model of its own.")
    history = _history(reports_file, pairs_file, time_zone)
    start = 0
    if split == "none":
        try:
            model = load(model_file or SHIPPED)
        except ModelError as error:
            raise Failure(str(error), "Name another file with --model.") from error
    else:
        start = int(FITTED_SHARE * len(history))
        with step(f"Fitting to the first {start:,} reports"):
            model = learn(history.first(start), reports_file.name)
    with step(f"Judging on {len(history) - start:,} reports"):
        found = judged(history, start, model)
    click.echo(json.dumps(found, indent=1) if as_json else _in_words(found))


_CITY = click.option("--city", "slug", metavar="NAME", help="Short name of the city; else the one served.")


@duplicates.command()
@_CITY
def refit(slug: str | None) -> None:
    """Fit the matching to what staff and residents said of the city's own reports.

    The model is kept, and taken into use if it thinks the latest answers likelier, fitted without them, than
    the one in use does.
    """
    from webapp.intake.learning.refitting import TooFew
    from webapp.intake.learning.refitting import refit as fitted_anew

    with city_session(slug) as (session, city):
        try:
            with step("Fitting to the city's answers"):
                done = fitted_anew(session, city)
        except TooFew as reason:
            raise Failure(str(reason), "Wait until staff have compared more reports.") from reason
        session.commit()
        click.echo(f"Model {done.row.id}, of {done.row.answers['same']} answers that it is the same problem")
        click.echo(f"and {done.row.answers['different']} that it is another.")
        click.echo("It is in use." if done.in_use else f"It is not in use: {done.row.refused}")


@duplicates.command()
@_CITY
@click.argument("model")
def use(slug: str | None, model: str) -> None:
    """Match reports with another MODEL: its number, or `shipped` for the one that comes with Pinward."""
    if model != "shipped" and not model.isdecimal():
        raise click.UsageError("MODEL is a number, or shipped.")
    with city_session(slug) as (session, city):
        try:
            choose(session, city, None if model == "shipped" else int(model), by=None)
        except LookupError as error:
            what, _, todo = str(error).partition(". ")
            raise Failure(f"{what}.", todo) from error
        session.commit()
    click.echo("It is in use: web processes take it with their next request.")


@duplicates.command()
@_CITY
def show(slug: str | None) -> None:
    """Show which model matches the city's reports, what to expect of it, and the others."""
    with city_session(slug) as (session, city):
        found = overview(session, city)
    about, limits, seen = found.model.about, found.model.limits, found.seen.of_1000()
    click.echo(f"In use: {_name(found.model_id)}, fitted on {about['fitted_on']} to {about['data']},")
    click.echo(f"{about['reports']:,} reports from {about['from']} to {about['to']}")
    click.echo(f"Joined from probability {limits.auto:.2f}, flagged from {limits.flag:.2f}")
    if "precision_of_joins" in about:
        click.echo(f"Chosen so that {about['precision_of_joins']:.0%} of those that join are right to")
    if found.expected is not None:
        click.echo(f"Of 1,000 reports, expected: {_counts(found.expected)} expected wrong")
    if found.seen.reports:
        click.echo(
            f"Of 1,000 reports, seen in {SEEN_DAYS} days ({found.seen.reports:,} reports): "
            f"{_counts(seen)} split off again"
        )
    for service, own in found.own_settings:
        click.echo(f"{service}: {', '.join(f'{name} {value}' for name, value in own.items())} (city file)")
    for fitted in found.fitted:
        state = "refused" if fitted.refused else "kept"
        click.echo(
            f"{_name(fitted.id)}: {fitted.fitted_at:%Y-%m-%d %H:%M} UTC, {fitted.answers['same']} same, "
            f"{fitted.answers['different']} different, {state}"
        )


def _name(model_id: int | None) -> str:
    return "the model that comes with Pinward" if model_id is None else f"model {model_id}"


def _counts(of_1000: Expectation) -> str:
    return f"{of_1000.joined:.1f} joined, {of_1000.flagged:.1f} flagged, {of_1000.wrong:.1f}"


def _history(reports_file: Path, pairs_file: Path, time_zone: str) -> History:
    if find_spec("sklearn") is None:
        raise Failure("scikit-learn is not installed.", "Run: pip install '.[fit]'")
    try:
        with step("Reading"):
            return read_history(reports_file, pairs_file, time_zone)
    except HistoryError as error:
        raise Failure(str(error), "See pinward duplicates --help for the columns.") from error


def _in_words(found: dict[str, Any]) -> str:
    """Return the figures as a table to read."""
    judged, of_1000 = found["judged"], found["of_1000_reports"]
    names = [
        "average_precision",
        "hit_at_1",
        "hit_at_3",
        "hit_at_5",
        "same_problem_at_1",
        "same_problem_at_3",
    ]
    lines = [
        f"Judged from {judged['from']}: {judged['reports']:,} reports; {judged['repeats']:,} closed as",
        f"duplicates, {judged['linked_pairs']:,} linked with an earlier one that was still open",
        "",
        f"{'':<50}" + "".join(f"{name.replace('_', ' '):>20}" for name in names),
    ]
    for who, figures in {"the model": found["model"], **found["rules"]}.items():
        lines.append(f"{who:<50}" + "".join(f"{figures[name]:>20.3f}" for name in names))
    lines += ["", f"Calibration error of the model: {found['model']['calibration_error']:.4f}", ""]
    seen, expected = of_1000["seen"], of_1000["expected"]
    lines.append(
        f"Of 1,000 reports {seen['joined']:.1f} joined, {seen['flagged']:.1f} flagged; of those joined "
        f"{seen['wrong']:.1f} wrong, and of {seen['unknown']:.1f} nobody can tell"
    )
    if expected is not None:
        lines.append(
            f"  expected: {expected['joined']:.1f} joined, {expected['flagged']:.1f} flagged, "
            f"{expected['wrong']:.1f} wrong"
        )
    return "\n".join(lines)
