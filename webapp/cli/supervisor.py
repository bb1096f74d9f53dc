"""Keeps processes running: starts them, starts a dead one again, and ends them all together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import click

GRACE = 25.0
"""Seconds that a process has to finish what it is doing once told to end."""

LONGEST_PAUSE = 30.0
STEADY = 60.0
"""A process that lived this many seconds is taken to be sound: the next pause is short again."""

LARGEST_LOG = 10 * 2**20


@dataclass
class Child:
    """One process to keep running, and what became of it."""

    name: str
    command: Sequence[str | Path]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    """How often in a row it died young."""
    start_at: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own, its output appended to its log."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                # The kernel ends it with us, should we be killed without a chance to.
                ["setpriv", "--pdeathsig", "TERM", "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        self.started = time.monotonic()

    def died(self) -> bool:
        """Whether it ran and no longer does."""
        return self.process is not None and self.process.poll() is not None

    def tell_to_end(self) -> None:
        """Ask it to finish what it does, and end."""
        if self.process is not None and not self.died():
            self.process.send_signal(self.stop_signal)

    def make_end(self) -> None:
        """Wait ``GRACE`` seconds for it to end; then kill what is left of its session."""
        if self.process is None:
            return
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            click.echo(f"{self.name} did not end within {GRACE:.0f} s and is killed.", err=True)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Runs children until told to stop by Ctrl-C or SIGTERM.

    Parameters
    ----------
    children
        In the order they are started. The last one feeds the others, and is ended before them.
    """

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self._told_to_stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: self._told_to_stop.set())

    def start(self, ready: Callable[[], bool], *, within: float) -> Child | None:
        """Start all children and wait until ``ready()``.

        Returns
        -------
        Child or None
            None when ready, or told to stop; else the child that died, or the first one when time ran out.
        """
        for child in self.children:
            child.start()
        deadline = time.monotonic() + within
        while not self._told_to_stop.wait(0.1):
            dead = next((child for child in self.children if child.died()), None)
            if dead is not None or time.monotonic() > deadline:
                return dead or self.children[0]
            if ready():
                return None
        return None

    def watch(self) -> None:
        """Keep the children running until told to stop."""
        while not self._told_to_stop.wait(0.25):
            for child in self.children:
                self._revive(child)

    def stop(self) -> None:
        """End the last child, which feeds the others, then the others at the same time."""
        *fed, feeder = self.children
        for wave in ([feeder], fed):
            for child in wave:
                child.tell_to_end()
            for child in wave:
                child.make_end()

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.died():
            assert child.process is not None  # noqa: S101
            code, child.process = child.process.returncode, None
            child.deaths = child.deaths + 1 if now - child.started < STEADY else 1
            pause = min(2.0 ** (child.deaths - 1), LONGEST_PAUSE)
            child.start_at = now + pause
            click.echo(f"{child.name} ended by itself ({_reason(code)}), see {child.log}.", err=True)
            click.echo(f"  It starts again in {pause:.0f} s.", err=True)
        elif child.process is None and now >= child.start_at:
            child.start()


def program(name: str) -> str:
    """Return a program of the Python environment that runs this."""
    return str(Path(sys.executable).parent / name)


def _reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
