"""How time grows with the number of pins and reports: the exponent, 1 where twice as many take twice as long.

Every benchmark that has a ``growth(size)`` is measured at each size, in a process of its own, so that none
finds what another has warmed or filled.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.datasets import CHECKOUT
from bench.measure import machine

SIZES = (10_000, 100_000, 1_000_000)
GOALS = {"growth_exponent": 1.1}
_ONE = """
import json, sys
from importlib import import_module
print(json.dumps(import_module(f"bench.{sys.argv[1]}").growth(int(sys.argv[2])).as_json()))
"""


def run(size: int | None = None) -> dict[str, Any]:
    """Measure every benchmark that can grow at three sizes, the largest `size` (a million)."""
    sizes = [max(round(each * (size or SIZES[-1]) / SIZES[-1]), 1) for each in SIZES]
    return {
        "name": "scale",
        "machine": machine("numba", "numpy"),
        "goals": GOALS,
        "datasets": [_grown(name, sizes) for name in benchmarks()],
    }


def benchmarks() -> list[str]:
    """Return the names of the benchmarks that have a ``growth``."""
    folder = Path(__file__).parent
    return sorted(p.stem for p in folder.glob("*.py") if "\ndef growth(" in p.read_text("utf-8"))


def exponents(times: Sequence[tuple[int, float]]) -> list[float]:
    """Return, a step from one (count, seconds) to the next, the power of the count that time follows."""
    return [
        round(math.log(long / short) / math.log(many / few), 3)
        for (few, short), (many, long) in pairwise(times)
    ]


def _grown(name: str, sizes: Sequence[int]) -> dict[str, Any]:
    runs = [_in_a_process(name, size) for size in sizes]
    steps = exponents([(run["count"], run["seconds"]) for run in runs])
    whole = exponents([(run["count"], run["seconds"]) for run in (runs[0], runs[-1])])
    return {
        "data": name,
        "growth_exponent": whole[0],
        "growth_exponent_by_step": steps,
        "times_as_fast_as": {},
        "runs": runs,
    }


def _in_a_process(name: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-c", _ONE, name, str(size)]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
