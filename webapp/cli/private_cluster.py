"""A PostgreSQL cluster of our own in ``PINWARD_HOME/postgres``, reached by a Unix socket only.

The folder holds ``data`` (what ``initdb`` makes), ``socket`` and ``log``. PostgreSQL refuses to run as root:
there, the folder belongs to the ``postgres`` user of the system's package, and its programs run as that user.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from webapp.cli.cluster_settings import cluster_settings
from webapp.cli.console import Failure
from webapp.config import Settings

DATABASE = "pinward"
ROLE = "pinward"
OLDEST_POSTGRESQL = 15
LEAST_FREE_MB = 300
SHELTER = Path("/var/lib/pinward")
"""Where the cluster goes when its user may not enter ``PINWARD_HOME``, as in root's own home folder."""


class PrivateCluster:
    """The private cluster of one ``PINWARD_HOME``.

    Parameters
    ----------
    settings
        Names ``home`` and the socket's folder.
    durable
        False trades safety for speed: a crash may lose everything. For tests only.
    """

    def __init__(self, settings: Settings, *, durable: bool = True) -> None:
        self.home = settings.home.absolute()
        self.socket = settings.socket_folder
        self.durable = durable
        self.folder = self.home / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.started_by_serve = self.folder / "started-by-serve"
        """Marks a cluster that ``pinward serve`` started and must stop, even if it was killed between."""
        self._user = _postgres_user() if os.geteuid() == 0 else None

    def url(self, database: str = DATABASE) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{ROLE}@/{database}?host={self.socket}"

    def processes(self) -> set[int]:
        """Return the ids of all server processes: they work in the data folder, pid file or not."""
        data = str(self.data.resolve())
        return {
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _working_folder(entry) == data
        }

    def running(self) -> bool:
        """Whether the server takes connections now."""
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def start(self) -> bool:
        """Make the cluster and the database where missing, and start the server.

        Returns
        -------
        bool
            True when this call started it, False when it ran already.

        Raises
        ------
        Failure
            With what is wrong (no PostgreSQL, no PostGIS, disk full, broken data) and what to do.
        """
        self._make_folders()
        with self._lock():
            if self.running():
                return False
            self._initialise()
            # The server's user may not be able to walk our path to the socket, only the resolved one.
            text = cluster_settings(self.socket.resolve(), durable=self.durable)
            (self.data / "postgresql.conf").write_text(text)
            self._clear_the_way()
            self._launch()
            self._create_database()
        return True

    def stop(self) -> bool:
        """Stop the server, cutting its connections. Returns False when none ran."""
        self.started_by_serve.unlink(missing_ok=True)
        if not (self.data / "postmaster.pid").exists() or not self.processes():
            return False
        done = self._run("pg_ctl", "stop", "-D", self.data.resolve(), "-m", "fast", "-w", "-t", "60")
        if done.returncode and self.processes():
            raise Failure(
                f"The private cluster did not stop: {done.stderr.strip()}",
                f"Look at the last lines of {self.log}; then end its processes "
                f"({', '.join(map(str, sorted(self.processes())))}) by hand.",
            )
        return True

    def _make_folders(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            if not self.folder.exists():
                self._place_folder()
            self._own(self.socket)
        except PermissionError as error:
            raise Failure(
                f"{error.filename} may not be written by this user.",
                "Set PINWARD_HOME to a folder you own, or start as the user who owns this one.",
            ) from error
        free_mb = shutil.disk_usage(self.folder).free // 2**20
        if free_mb < LEAST_FREE_MB:
            raise Failure(
                f"The disk is nearly full: {free_mb} MB are free in {self.folder}.",
                f"Free at least {LEAST_FREE_MB} MB there, or set PINWARD_HOME to a folder on a larger disk.",
            )

    def _place_folder(self) -> None:
        """Make ``home/postgres``; as a link into ``SHELTER`` where its user cannot reach ``home``."""
        if self._user is None or self._may_enter(self.home):
            self._own(self.folder)
            return
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        shelter = SHELTER / digest
        SHELTER.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._own(shelter)
        self.folder.symlink_to(shelter)

    @property
    def _set_aside(self) -> str:
        return f"mv '{self.data}' '{self.data}.broken'"

    def _may_enter(self, folder: Path) -> bool:
        test = subprocess.run(["test", "-x", folder], **self._identity(), cwd="/", check=False)
        return bool(test.returncode == 0)

    def _own(self, folder: Path) -> None:
        """Make ``folder`` for the server's user alone. A folder that is somebody else's is never used."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        owner = self._user.pw_uid if self._user else os.geteuid()
        if folder.stat().st_uid != owner:
            raise Failure(
                f"{folder} belongs to another user.",
                "Remove it, or set PINWARD_HOME to a folder of your own.",
            )
        folder.chmod(0o700)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process at a time start the cluster."""
        with (self.home / "postgres.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise Failure(
                f"{self.data.resolve()} is not a PostgreSQL data folder: PG_VERSION is missing.",
                f"Restore it from your backup. If nothing in it is needed: {self._set_aside}"
                " and start again; a new, empty cluster is made.",
            )
        # Made beside its final name, so that an interrupted attempt is never taken for a cluster.
        fresh = self.folder.resolve() / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
        done = self._run(
            "initdb", "-D", fresh, "-U", ROLE, *options, *([] if self.durable else ["--no-sync"])
        )
        if done.returncode:
            raise Failure(
                f"PostgreSQL could not make a new cluster: {done.stderr.strip()}",
                f"Check the free space and the rights of {self.folder}, then start again.",
            )
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)

    def _clear_the_way(self) -> None:
        """Wait for what a killed server left behind, and drop pid files that name a stranger's process.

        PostgreSQL itself ignores a pid file whose process is gone, but not one whose number now is another's.
        """
        deadline = time.monotonic() + 15
        while self.processes() and time.monotonic() < deadline:
            if self.running():
                return
            time.sleep(0.1)
        if self.processes():
            return
        for name in (self.data / "postmaster.pid", self.socket / ".s.PGSQL.5432.lock"):
            if name.exists() and Path("/proc", name.read_text().split("\n", 1)[0].strip() or "0").exists():
                name.unlink()

    def _launch(self) -> None:
        if self.running():
            return
        done = self._run(
            "pg_ctl", "start", "-D", self.data.resolve(), "-l", self.log.resolve(), "-w", "-t", "60"
        )
        if done.returncode:
            lines = self.log.read_text(errors="replace").splitlines()[-8:] if self.log.exists() else []
            raise Failure(
                "The private cluster does not start. It said:\n    " + "\n    ".join(lines or [done.stderr]),
                f"The whole log is {self.log}. If the data is broken, restore {self.data} from a backup; "
                f"if nothing in it is needed: {self._set_aside} and start again.",
            )

    def _create_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [_programs(self.data) / program, *arguments],
            **self._identity(),
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done

    def _identity(self) -> dict[str, Any]:
        """Return the arguments that make ``subprocess`` run as the server's user."""
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _postgres_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise Failure(
            "PostgreSQL does not run as root, and there is no user 'postgres' to run it as.",
            "Install PostgreSQL from the system's packages: script/bootstrap does it.",
        ) from None


def _programs(data: Path) -> Path:
    """Return the folder of PostgreSQL's programs: the version that made ``data``, or the newest one.

    Raises
    ------
    Failure
        When there is none, or none with PostGIS.
    """
    root = Path("/usr/lib/postgresql")
    versions = sorted(
        (int(folder.name) for folder in root.glob("*") if (folder / "bin" / "postgres").exists()),
        reverse=True,
    )
    versions = [version for version in versions if version >= OLDEST_POSTGRESQL]
    made_by = data / "PG_VERSION"
    if made_by.exists():
        wanted = int(made_by.read_text())
        if wanted not in versions:
            raise Failure(
                f"The private cluster was made by PostgreSQL {wanted}; installed are: {versions or 'none'}.",
                f"apt-get install postgresql-{wanted} postgresql-{wanted}-postgis-3, "
                "or move the data over with pg_upgrade.",
            )
        versions = [wanted]
    for version in versions:
        if Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists():
            return root / str(version) / "bin"
    if versions:
        raise Failure(
            f"PostgreSQL {versions[0]} is installed, but PostGIS for it is not.",
            f"apt-get install postgresql-{versions[0]}-postgis-3 (script/bootstrap does it).",
        )
    raise Failure(
        f"PostgreSQL {OLDEST_POSTGRESQL} or newer is not installed.",
        "Run script/bootstrap, or set DATABASE_URL to a PostgreSQL server with PostGIS.",
    )


def _working_folder(process: Path) -> str | None:
    try:
        return str((process / "cwd").readlink())
    except OSError:
        return None
