"""`pinward database`: the private cluster comes up whatever it was left like, or says what to do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from tests.fixtures.databases import TEST_HOME
from webapp.cli import main, private_cluster
from webapp.cli.private_cluster import PrivateCluster
from webapp.config import Settings, settings

POSTGRES = "postgres" if os.geteuid() == 0 else None


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    """A cluster in a folder that its user can reach, unlike pytest's own when root runs it."""
    home = TEST_HOME / f"home-{os.getpid()}"
    cluster = PrivateCluster(Settings(PINWARD_HOME=home, DATABASE_URL=None), durable=False)
    yield cluster
    cluster.stop()
    shutil.rmtree(home)


@pytest.fixture
def home(cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use(monkeypatch, cluster.home)


def use(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    monkeypatch.setenv("PINWARD_HOME", str(home))
    settings.cache_clear()
    return home


def pinward(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_start_stop_and_status(home: Path) -> None:
    assert pinward("database", "status").exit_code == 3
    assert "Started" in pinward("database", "start").output
    assert "Already running" in pinward("database", "start").output
    status = pinward("database", "status", "--json")
    assert status.exit_code == 0
    assert '"running": true' in status.output
    assert pinward("database", "stop").output == "Stopped.\n"
    assert pinward("database", "stop").output == "It was not running.\n"


def test_only_its_own_user_may_use_the_socket(cluster: PrivateCluster) -> None:
    cluster.start()
    assert cluster.socket.stat().st_mode & 0o077 == 0
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_what_was_committed_survives_a_killed_server(home: Path, cluster: PrivateCluster) -> None:
    cluster.stop()
    # By the command, which does not trade safety for speed as the other tests' cluster does.
    pinward("database", "start")
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 311 AS number")
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    assert "Started" in pinward("database", "start").output
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (311,)


def test_a_pid_file_that_names_another_process_does_not_stop_it(home: Path, cluster: PrivateCluster) -> None:
    cluster.start()
    pid_file = cluster.data / "postmaster.pid"
    text = pid_file.read_text()
    cluster.stop()
    stranger = subprocess.Popen(["sleep", "60"], user=POSTGRES, cwd="/")
    try:
        pid_file.write_text(text.replace(text.split()[0], str(stranger.pid), 1))
        shutil.chown(pid_file, POSTGRES) if POSTGRES else None
        assert "Started" in pinward("database", "start").output
    finally:
        stranger.kill()
        stranger.wait()


def test_a_folder_that_is_no_cluster_is_not_touched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = use(monkeypatch, tmp_path)
    monkeypatch.setattr(private_cluster, "SHELTER", TEST_HOME / "shelter")
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "holiday.jpg").write_text("not ours")
    answer = pinward("database", "start")
    assert answer.exit_code == 1
    assert "is not a PostgreSQL data folder: PG_VERSION is missing" in answer.output
    assert f"mv '{data}'" in answer.output
    assert (data / "holiday.jpg").read_text() == "not ours"


def test_a_broken_cluster_shows_its_log(home: Path, cluster: PrivateCluster) -> None:
    cluster.start()
    cluster.stop()
    control = cluster.data / "global" / "pg_control"
    aside = control.rename(control.with_suffix(".aside"))
    try:
        answer = pinward("database", "start")
    finally:
        aside.rename(control)
    assert answer.exit_code == 1
    assert "pg_control" in answer.output
    assert "restore" in answer.output


def test_a_home_that_its_user_cannot_enter_or_too_long_for_a_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Not below the checkout: that may be root's own folder, which the cluster's user cannot enter.
    shelter = Path(tempfile.mkdtemp(prefix="pinward-shelter-"))
    shelter.chmod(0o755)
    monkeypatch.setattr(private_cluster, "SHELTER", shelter)
    tmp_path.chmod(0o700)
    home = use(monkeypatch, tmp_path / ("long-" * 20) / "home")
    try:
        assert "Started" in pinward("database", "start").output
        with psycopg.connect(settings().database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (home / "postgres").is_symlink() == (os.geteuid() == 0)
        assert pinward("database", "stop").output == "Stopped.\n"
    finally:
        shutil.rmtree(shelter, ignore_errors=True)
        shutil.rmtree(settings().socket_folder)


def test_a_nearly_full_disk_is_told_before_anything_breaks(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_cluster, "LEAST_FREE_MB", 10**12)
    answer = pinward("database", "start")
    assert answer.exit_code == 1
    assert "The disk is nearly full" in answer.output
    assert "set PINWARD_HOME to a folder on a larger disk" in answer.output


def test_with_a_server_of_the_citys_own_the_private_one_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere.invalid/pinward")
    settings.cache_clear()
    answer = pinward("database", "start")
    assert answer.exit_code == 1
    assert "DATABASE_URL is set" in answer.output
    assert pinward("database", "url").output == "postgresql://elsewhere.invalid/pinward\n"


def test_migrating_without_a_server_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path)
    answer = pinward("database", "migrate")
    assert answer.exit_code == 1
    assert "pinward database start" in answer.output


def test_a_role_that_may_not_create_postgis_learns_what_an_administrator_must_do(
    committed_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = f"plain_{os.getpid()}"
    with psycopg.connect(committed_database, autocommit=True) as admin:
        name = admin.info.dbname
        # A database as a hosted server gives it: empty, owned by a role that is no superuser.
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        admin.execute(f"CREATE DATABASE {role} OWNER {role}")
    try:
        url = committed_database.replace(f"/{name}", f"/{role}").replace("//pinward@", f"//{role}:x@")
        monkeypatch.setenv("DATABASE_URL", url)
        settings.cache_clear()
        answer = pinward("database", "migrate")
        assert answer.exit_code == 1
        assert "may not create the extension postgis" in answer.output
        assert "CREATE EXTENSION postgis SCHEMA ext;" in answer.output
    finally:
        with psycopg.connect(committed_database, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {role} WITH (FORCE)")
            admin.execute(f"DROP ROLE {role}")
