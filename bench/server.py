"""The real server on a database of a benchmark, and the clients that press it."""

from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REQUESTS = "/open311/v2/requests.json"
FORM = "application/x-www-form-urlencoded"
CLIENTS = 16
"""As many as the server's two processes have threads."""
_COMES_UP_WITHIN = 180.0

_WRK = """\
local bodies, i = {}, 0
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
function request()
  i = i % #bodies + 1
  return wrk.format("POST", nil, headers, bodies[i])
end
function done(summary, latency, requests)
  io.write(string.format('{"posts": %d, "seconds": %f, "failed": %d, "p50_ms": %f, "p99_ms": %f}',
    summary.requests, summary.duration / 1e6, summary.errors.status + summary.errors.connect
    + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@contextmanager
def serving(url: str, home: Path) -> Iterator[int]:
    """Run ``pinward serve`` on a database; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": url, "PINWARD_HOME": str(home), "PORT": str(port)}
    program = Path(sys.executable).with_name("pinward")
    server = subprocess.Popen([program, "serve"], env=environment, stdout=sys.stderr)
    try:
        _await(server, port)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _COMES_UP_WITHIN
    while time.monotonic() < end and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    raise RuntimeError("pinward serve does not come up; see what it said above")


def post(connection: http.client.HTTPConnection, body: str) -> str:
    """Post a form and return the number of the report."""
    connection.request("POST", REQUESTS, body, {"Content-Type": FORM})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.HTTPStatus.CREATED:
        raise RuntimeError(f"the server refused: {said[:200]!r}")
    number: str = json.loads(said)[0]["service_request_id"]
    return number


def warm_up(port: int, bodies: Sequence[str]) -> None:
    """Post the bodies, however long the first ones take, so that every process has its atlas."""

    def one(body: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_COMES_UP_WITHIN)
        post(connection, body)
        connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(one, bodies))


def press(port: int, bodies: Sequence[str], seconds: float, folder: Path) -> dict[str, Any]:
    """Post the bodies one after the other with `CLIENTS` connections of wrk, and return its figures.

    Raises
    ------
    RuntimeError
        Where wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    script, file = folder / "post.lua", folder / "bodies"
    script.write_text(_WRK)
    file.write_text("\n".join(bodies))
    address = f"http://127.0.0.1:{port}{REQUESTS}"
    command = [wrk, "-t1", f"-c{CLIENTS}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(script), address]
    before = _children_s()
    done = subprocess.run(
        command, env=os.environ | {"BODIES": str(file)}, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.rindex("{") :])
    if not found["posts"] or found["failed"]:
        raise RuntimeError(f"the server did not answer all: {found}")
    share = (_children_s() - before) / found["seconds"] / len(os.sched_getaffinity(0))
    return found | {"posts_per_second": found["posts"] / found["seconds"], "client_cpu_share": share}


def pgbench(url: str, statement: str, seconds: float, folder: Path) -> float:
    """Return how often a second `CLIENTS` connections of pgbench run a statement."""
    script = folder / "pgbench.sql"
    script.write_text(statement)
    command = ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", f"{seconds:.0f}"]
    done = subprocess.run([*command, "-f", script, url], check=True, stdout=subprocess.PIPE, text=True)
    return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
