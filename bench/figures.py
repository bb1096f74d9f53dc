"""The page of figures, docs/performance.md, out of the JSON of the benchmarks."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
ORDER = ("snap", "zones", "locate", "cluster", "load", "submit", "tiles", "page", "api", "scale")
_AT_MOST = (
    "_missed",
    "_requests",
    "_us",
    "_ms",
    "_mb",
    "_s",
    "exponent",
    "bytes",
    "to_submit",
    "statements",
    "at_the_end",
    "whole",
)
_RATIOS = "times_as_fast_as"
_HEAD = """# How fast it is

Written by `script/performance` from what the benchmarks printed; no figure here was typed. Each other tool is
measured in the same run on the same data, gets the ways that its documentation shows, and its fastest one
counts. A ratio says how many times as long the other tool takes for an item.

To repeat it, on a machine that does nothing else:

```sh
pip install '.[bench]'
export DATABASE_URL=$(pinward database url)
mkdir -p figures
{commands}
script/performance figures
```

`pinward bench NAME --size 10000` is a quick look. Boston's figures need its files (`PINWARD_SHARED`).
"""


@dataclass(frozen=True)
class Verdict:
    """One goal, and how it was met."""

    benchmark: str
    data: str
    what: str
    goal: float
    figure: float | None
    """None where it was not measured."""
    at_most: bool

    @property
    def words(self) -> str:
        """Met, missed, or not measured."""
        if self.figure is None:
            return "not measured"
        met = self.figure <= self.goal if self.at_most else self.figure >= self.goal
        return "met" if met else "**missed**"


def read(folder: Path) -> list[dict[str, Any]]:
    """Return what the benchmarks found: every JSON file of a folder, in the order of the page.

    Raises
    ------
    ValueError
        If a file is not what a benchmark prints.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        figures = json.loads(path.read_text("utf-8"))
        lacking = {"name", "machine", "goals", "datasets"} - set(figures)
        if lacking:
            raise ValueError(f"{path} lacks {', '.join(sorted(lacking))}: pinward bench NAME --json > {path}")
        found.append(figures)
    return sorted(found, key=lambda each: (*[each["name"] != name for name in ORDER], each["name"]))


def page(found: list[dict[str, Any]]) -> str:
    """Return the page as Markdown."""
    commands = "\n".join(
        f"pinward bench {each['name']} --json > figures/{each['name']}.json" for each in found
    )
    parts = [_HEAD.format(commands=commands), *_summary([v for each in found for v in verdicts(each)])]
    for each in found:
        parts += _section(each)
    return "\n".join(parts).rstrip() + "\n"


def verdicts(found: dict[str, Any]) -> Iterator[Verdict]:
    """Yield how each goal of a benchmark was met, by each of its datasets that the goal is for."""
    for what, goal in found["goals"].items():
        for name, least in goal.items() if isinstance(goal, dict) else [("", goal)]:
            figures = list(_figures(found, what, name))
            for data, figure in figures or [("", None)]:
                at_most = what.endswith(_AT_MOST)
                yield Verdict(found["name"], data, f"{what} {name}".strip(), least, figure, at_most)


def _figures(found: dict[str, Any], what: str, name: str) -> Iterator[tuple[str, float | None]]:
    """Yield (data, figure) of what a goal is about."""
    if what in found:
        yield "", found[what]
    for data in found["datasets"]:
        if what == _RATIOS:
            yield data["data"], data[_RATIOS].get(name)
        elif what == "equal":
            shares = [run["equal"] for run in data["runs"] if run["equal"] is not None]
            yield data["data"], min(shares, default=None)
        elif what.startswith(_RATIOS):
            # Such as times_as_fast_as_tipg, whose goals differ from dataset to dataset.
            if data["data"].split()[-1] == name:
                yield data["data"], data[_RATIOS].get(what.removeprefix(f"{_RATIOS}_"))
        elif what in data:
            yield data["data"], data[what]


def _summary(found: list[Verdict]) -> list[str]:
    met, missed = (sum(v.words == word for v in found) for word in ("met", "**missed**"))
    return [
        "## Goals",
        "",
        f"{met} met, {missed} missed, {len(found) - met - missed} not measured.",
        "",
        *_table(
            ("benchmark", "data", "figure", "goal", "measured", ""),
            [
                (
                    v.benchmark,
                    v.data,
                    _spoken(v.what),
                    f"{'≤' if v.at_most else '≥'} {v.goal:,g}",
                    "" if v.figure is None else _number(v.figure),
                    v.words,
                )
                for v in found
            ],
        ),
    ]


def _section(found: dict[str, Any]) -> list[str]:
    machine = found["machine"]
    versions = ", ".join(f"{name} {text}" for name, text in machine["versions"].items() if text)
    lines = [
        f"## {found['name']}",
        "",
        *_docstring(found["name"]),
        "",
        f"On {machine['cores']} cores of {machine['processor']}, Python {machine['python']}, {versions}.",
        f"Load before it began: {machine['load_before']}.",
        "",
        *_scalars(found),
    ]
    for data in found["datasets"]:
        lines += [f"### {data['data']}", "", *_scalars(data)]
        if data["runs"]:
            lines += _runs(data["runs"])
    return lines


def _runs(runs: list[dict[str, Any]]) -> list[str]:
    rows = [
        (
            run["tool"],
            run["way"],
            f"{run['count']:,}",
            _number(run["each_us"]),
            "" if run.get("cpu_seconds") is None else _number(run["cpu_seconds"] / run["count"] * 1e6),
            "" if run["equal"] is None else f"{run['equal']:.4%}",
            "" if run["peak_mb"] is None else f"{run['peak_mb']:,.0f}",
        )
        for run in runs
    ]
    return _table(("tool", "way", "items", "µs each", "own CPU µs each", "equal answers", "peak MB"), rows)


def _scalars(figures: dict[str, Any]) -> list[str]:
    """Return the numbers that stand by themselves, a sentence each; a run among them by its time an item."""
    told = {
        name: value["each_us"] if isinstance(value, dict) and "each_us" in value else value
        for name, value in figures.items()
        if name not in ("goals", "machine", "datasets", "runs", _RATIOS)
    }
    lines = [
        f"- {_spoken(name)}: {_number(value)}{' µs each' if isinstance(figures[name], dict) else ''}"
        for name, value in told.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    lines += [f"- {times:,g} times as fast as {tool}" for tool, times in figures.get(_RATIOS, {}).items()]
    return [*lines, ""] if lines else []


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return [*("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines), ""]


def _docstring(name: str) -> list[str]:
    path = CHECKOUT / "bench" / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path.exists() else None
    return (text or "").splitlines()


def _spoken(name: str) -> str:
    return name.replace("_us", " (µs)").replace("_ms", " (ms)").replace("_mb", " (MB)").replace("_", " ")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
