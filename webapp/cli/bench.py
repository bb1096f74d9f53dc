"""``pinward bench``: speed beside other tools, on this machine."""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from webapp.cli.console import Failure
from webapp.config import CHECKOUT

_FOLDER = Path(CHECKOUT) / "bench"


def _names() -> list[str]:
    """Return the benchmarks: the modules of bench/ that have a ``run``."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if "\ndef run(" in path.read_text("utf-8"))


@click.command()
@click.argument("name", required=False)
@click.option("--size", type=click.IntRange(min=1), help="Pins, reports or whatever is counted; a million.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(name: str | None, size: int | None, as_json: bool) -> None:
    """Measure the benchmark NAME beside other tools; without a NAME, list them.

    The other tools are measured where they are installed (pip install '.[bench]'), and PostGIS where
    DATABASE_URL is set.

    For example: pinward bench snap --json
    """
    names = _names()
    if name is None:
        click.echo("\n".join(names))
        return
    if name not in names:
        raise Failure(
            f"There is no benchmark {name!r}.",
            f"Choose one of {', '.join(names)}." if names else "Run it from a checkout, where bench/ is.",
        )
    sys.path.insert(0, str(CHECKOUT))
    found: dict[str, Any] = import_module(f"bench.{name}").run(size) | _highest_memory()
    click.echo(json.dumps(found, indent=1) if as_json else _in_words(found))


def _highest_memory() -> dict[str, int]:
    """Return the most megabytes that this process, and the largest of its servers and tools, ever held."""
    whose = {"peak_mb": resource.RUSAGE_SELF, "peak_of_servers_mb": resource.RUSAGE_CHILDREN}
    return {name: resource.getrusage(who).ru_maxrss // 1024 for name, who in whose.items()}


def _in_words(found: dict[str, Any]) -> str:
    """Return the figures of a benchmark as lines to read."""
    lines = [
        f"{found['name']}, on {found['machine']['cores']} cores of {found['machine']['processor']}",
        f"{found['peak_mb']:,} MB here, {found['peak_of_servers_mb']:,} MB in the largest of its servers",
    ]
    for data in found["datasets"]:
        lines += ["", str(data["data"]), *data.get("lines", ())]
        for run in data["runs"]:
            memory = "" if run["peak_mb"] is None else f"{run['peak_mb']:>9,.0f} MB"
            equal = "" if run["equal"] is None else f"{run['equal']:9.2%} equal"
            what = f"{run['tool']:<13}{run['way']:<46}{run['count']:>9,}"
            lines.append(f"  {what}{run['each_us']:>10.3f} µs each{memory}{equal}")
        lines += [f"  {times:g} times as fast as {tool}" for tool, times in data["times_as_fast_as"].items()]
        lines += [
            f"  {name.replace('_', ' ')}: {value:,}"
            for name, value in data.items()
            if isinstance(value, int | float)
        ]
    return "\n".join(lines)
