"""How the benchmarks measure: wall time, peak memory, and what they ran on."""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


@dataclass(frozen=True)
class Run:
    """One way of doing the work, measured."""

    tool: str
    way: str
    count: int
    seconds: float
    peak_mb: float | None
    """Memory above what the process held before; None where the system does not tell."""
    equal: float | None = None
    """Share of the answers that equal ours."""
    cpu_seconds: float | None = None
    """Time that all cores together worked for this process: what a busy machine changes less."""

    @property
    def each_us(self) -> float:
        """Microseconds an item."""
        return self.seconds / self.count * 1e6

    def as_json(self) -> dict[str, Any]:
        """Return the figures rounded, by name."""
        figures = asdict(self) | {"each_us": self.each_us}
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}


def measure(
    tool: str,
    way: str,
    count: int,
    work: Callable[[], Any],
    *,
    repeat: int = 1,
    same: Callable[[Any], float] | None = None,
) -> Run:
    """Run the work `repeat` times and keep the fastest; `same` gives the share of answers equal to ours."""
    best, cpu, peak, answer = float("inf"), float("inf"), None, None
    for _ in range(repeat):
        answer = None
        gc.collect()
        before = _reset_peak()
        begin, begin_cpu = time.perf_counter(), time.process_time()
        answer = work()
        best, cpu = min(best, time.perf_counter() - begin), min(cpu, time.process_time() - begin_cpu)
        peak = None if before is None else (_status("VmHWM") or before) - before
    return Run(tool, way, count, best, peak, None if same is None else same(answer), cpu)


@contextmanager
def one_core() -> Iterator[None]:
    """Let this process use one core only."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def best_of(runs: list[Run], tool: str) -> Run | None:
    """Return a tool's fastest way, an item; None where it was not measured."""
    return min((run for run in runs if run.tool == tool), key=lambda run: run.each_us, default=None)


def ratios(runs: list[Run], ours: str = "pinward") -> dict[str, float]:
    """Return how many times as long as ours each other tool's best way takes."""
    mine = best_of(runs, ours)
    others = sorted({run.tool for run in runs} - {ours})
    bests = [best_of(runs, tool) for tool in others]
    return {run.tool: round(run.each_us / mine.each_us, 2) for run in bests if run and mine}


def cpu_of(process: int) -> float:
    """Return the seconds of CPU that a process of this machine has used, 0 where there is none."""
    status = Path(f"/proc/{process}/stat")
    if not status.exists():
        return 0.0
    user, system = status.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def machine(*packages: str) -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {package: _version(package) for package in packages},
    }


def _reset_peak() -> float | None:
    """Forget the highest memory so far and return what is held now, in MB."""
    try:
        _CLEAR.write_text("5", "ascii")
    except OSError:
        return None
    return _status("VmRSS")


def _status(field: str) -> float | None:
    for line in _STATUS.read_text("ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
