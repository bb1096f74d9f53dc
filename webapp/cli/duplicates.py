"""``pinward duplicates``: fit the matching to a city's past, and judge it."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from webapp.cli.console import Failure, step
from webapp.intake.duplicates import SHIPPED, ModelError, load, save
from webapp.intake.learning.history import History, HistoryError, read_history

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
