"""`pinward serve`, as an operator sees it: one command that stays up, and leaves nothing behind."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from tests.fixtures.databases import Server
from tests.layers.test_tiles import tile_at
from webapp.cli import main
from webapp.cli.front import write_configuration
from webapp.config import CHECKOUT, settings
from webapp.tickets import front_cache
from webapp.tickets.front_cache import FrontCache, Key
from webapp.tickets.tile_cache import CHECK_EVERY_S

PINWARD = Path(sys.executable).parent / "pinward"
SLOW_CLIENTS = 300


@dataclass
class Served:
    """A running `pinward serve`."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    database: str

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()

    def said(self) -> str:
        return (self.home / "said").read_text()

    def children(self, of: int | None = None) -> list[int]:
        """The processes that this one, or the process ``of``, started."""
        return [
            pid
            for path in Path("/proc").glob("[0-9]*/stat")
            for pid, parent in [parentage(path)]
            if parent == (of or self.process.pid)
        ]


def parentage(stat: Path) -> tuple[int, int]:
    """Return the id of a process and its parent's; zeros where it has just ended."""
    try:
        text = stat.read_text()
    except OSError:
        return 0, 0
    return int(text.split()[0]), int(text.rpartition(")")[2].split()[1])


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def wait_for(what: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def served(
    database_server: Server, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    url = database_server.copy(migrated_template)
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into city (slug, name, time_zone, languages, metric_srid, snap_radius_m,"
            " fallback_points, details, file_sha256)"
            " values ('x', 'X', 'UTC', '{en}', 32619, 50, '[]', '{}', 'x')"
        )
    home = tmp_path_factory.mktemp("served")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PINWARD_HOME": str(home), "PORT": str(port), "DATABASE_URL": url}
    with (home / "said").open("wb") as said:
        process = subprocess.Popen([PINWARD, "serve"], env=environment, stdout=said, stderr=said)
    served = Served(process, port, home, url)
    wait_for(lambda: "Ctrl-C stops everything" in served.said() or process.poll() is not None)
    assert process.poll() is None, served.said()
    yield served
    process.send_signal(signal.SIGINT)
    process.wait(60)
    database_server.drop(url)


def test_it_says_where_it_is(served: Served) -> None:
    assert f"at http://localhost:{served.port}" in served.said()


def test_health_tells_of_database_and_worker(served: Served) -> None:
    wait_for(lambda: json.loads(served.get("/healthz")[2])["worker"]["alive"])
    status, _, body = served.get("/healthz")
    assert status == 200
    assert json.loads(body)["status"] == "ok"


def test_files_for_the_browser_come_compressed_and_for_ever(served: Served) -> None:
    path = json.loads((CHECKOUT / "static" / "dist" / "manifest.json").read_text())["files"]["app.css"]
    status, headers, body = served.get(f"/static/{path}", **{"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert body == (CHECKOUT / "static" / f"{path}.gz").read_bytes()


def test_hidden_files_are_not_served(served: Served) -> None:
    assert served.get("/static/dist/.stamp")[0] == 404


def test_clients_that_never_finish_their_headers_do_not_stop_the_others(served: Served) -> None:
    slow = []
    try:
        for _ in range(SLOW_CLIENTS):
            slow.append(socket.create_connection(("127.0.0.1", served.port), timeout=5))
            slow[-1].sendall(b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: a")
        assert [served.get("/healthz")[0] for _ in range(20)] == [200] * 20
    finally:
        for one in slow:
            one.close()


def test_a_second_one_out_of_the_same_home_is_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINWARD_HOME", str(served.home))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(probe.getsockname()[1]))
    settings.cache_clear()
    answer = CliRunner().invoke(main, ["serve"])
    assert answer.exit_code == 1
    assert "is being served out of" in answer.output


def test_a_taken_port_is_told_with_what_to_do(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(served.port))
    settings.cache_clear()
    answer = CliRunner().invoke(main, ["serve"])
    assert answer.exit_code == 1
    assert f"Port {served.port} is taken" in answer.output
    assert f"PORT={served.port + 1}" in answer.output


LON, LAT = -71.1, 42.3
HERE = [tile_at(LON, LAT, z) for z in range(19)]
ELSEWHERE = tile_at(LON + 0.1, LAT, 16)
PACKED = {"Accept-Encoding": "gzip, deflate, br"}


def open_ticket(served: Served) -> None:
    with psycopg.connect(served.database) as connection:
        connection.execute(
            "insert into department (city_id, id, code, name) values (1, 1, 'works', 'Works')"
            " on conflict do nothing"
        )
        connection.execute(
            'insert into service (city_id, id, code, name, "group", description, keywords, icon,'
            " department_id, duplicates, translations, position)"
            " values (1, 1, 'pothole', 'Pothole', '', '', '{}', '', 1, '{}', '{}', 1) on conflict do nothing"
        )
        connection.execute(
            "insert into ticket (city_id, service_id, status, opened_at, latest_at, matchable, zones, geom,"
            " department_id, assigned_why)"
            " values (1, 1, 'new', now(), now(), true, '{}', st_setsrid(st_makepoint(%s, %s), 4326), 1, '')",
            (LON, LAT),
        )


def tile(served: Served, key: Key, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return served.get(front_cache.path(key), **(PACKED | headers))


def files(served: Served) -> set[Path]:
    return {path for path in (served.home / "tmp" / "tickets").rglob("*") if path.is_file()}


def test_nginx_keeps_tiles_until_a_report_is_in_them(served: Served) -> None:
    open_ticket(served)
    front = FrontCache(served.home / "tmp" / "tickets")
    paths = {key: front.file("http", key) for key in [*HERE, ELSEWHERE]}
    web = next(pid for pid in served.children() if "gunicorn" in command_line(pid))
    before: dict[Key, str] = {}
    made: dict[Key, int] = {}

    def written() -> dict[Key, int]:
        return {key: path.stat().st_mtime_ns for key, path in paths.items() if path.exists()}

    def settled() -> bool:
        """Each process has looked twice since the ticket came, and nothing was deleted any more."""
        before.update({key: tile(served, key)[1]["etag"] for key in paths})
        made.update(written())
        time.sleep(3 * CHECK_EVERY_S)
        return written() == made and set(made) == set(paths)

    wait_for(settled)
    os.killpg(web, signal.SIGSTOP)
    try:
        # The web processes are held: this is nginx alone.
        status, headers, body = tile(served, HERE[16])
        assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "Accept-Encoding")
        assert b"pothole" in gzip.decompress(body)
        assert (headers["etag"], headers["cache-control"]) == (before[HERE[16]], "public, max-age=1")
        assert headers["access-control-allow-origin"] == "*"
        assert "x-accel-expires" not in headers
        status, headers, body = tile(served, HERE[16], **{"If-None-Match": before[HERE[16]]})
        assert (status, headers["etag"], body) == (304, before[HERE[16]], b"")
        assert "content-encoding" not in headers
    finally:
        os.killpg(web, signal.SIGCONT)
    open_ticket(served)
    # By itself nginx would keep the file for a minute, and nobody asks for a tile here.
    wait_for(lambda: not any(paths[key].exists() for key in HERE), 30)
    assert paths[ELSEWHERE].stat().st_mtime_ns == made[ELSEWHERE]
    after = {key: tile(served, key)[1]["etag"] for key in paths}
    assert {key for key in paths if after[key] != before[key]} >= set(HERE[1:])
    assert after[ELSEWHERE] == before[ELSEWHERE]


def test_nginx_keeps_packed_public_tiles_at_their_one_address(served: Served) -> None:
    packed = tile(served, HERE[14])
    kept = files(served)
    for how in ("identity", "gzip;q=0"):
        status, headers, body = tile(served, HERE[14], **{"Accept-Encoding": how})
        assert (status, body) == (200, gzip.decompress(packed[2]))
        assert "content-encoding" not in headers
    for path in (
        front_cache.path(HERE[13]).replace("/13/", "/013/"),
        front_cache.path(HERE[13]).replace("/tickets/", "/all-tickets/"),
        "/tiles/tickets/3/8/0.mvt",
    ):
        served.get(path, **PACKED)
    assert files(served) <= kept


def test_tiles_of_an_earlier_run_are_forgotten(tmp_path: Path) -> None:
    now = settings()
    old = FrontCache(now.front_tiles).file("http", HERE[9])
    old.parent.mkdir(parents=True)
    old.touch()
    write_configuration(now, tmp_path / "web.sock")
    assert not old.exists()


@pytest.mark.parametrize("victim", ["gunicorn", "worker", "nginx"])
def test_what_dies_is_started_again(served: Served, victim: str) -> None:
    def chief() -> int:
        return next((pid for pid in served.children() if victim in command_line(pid)), 0)

    wait_for(chief)
    first = chief()
    os.killpg(first, signal.SIGKILL)
    wait_for(lambda: chief() not in {0, first})
    assert "ended by itself (SIGKILL)" in served.said()
    wait_for(lambda: answers(served))


def answers(served: Served) -> bool:
    try:
        return served.get("/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_told_to_stop_it_leaves_nothing_behind(served: Served) -> None:
    started = served.children()
    started += [grandchild for child in started for grandchild in served.children(of=child)]
    assert len(started) > 3
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    assert [pid for pid in started if command_line(pid)] == []
    assert "Stopped." in served.said()
