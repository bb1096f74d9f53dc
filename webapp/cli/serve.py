"""``pinward serve``: everything a city needs, in one process tree."""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg

from webapp.cli import schema
from webapp.cli.console import Failure, step
from webapp.cli.front import nginx, write_configuration
from webapp.cli.private_cluster import PrivateCluster
from webapp.cli.supervisor import Child, Supervisor, program
from webapp.config import CHECKOUT, Settings, settings
from webapp.notices import vapid

THREADS = 8
FIRST_ANSWER_WITHIN = 90.0


@click.command()
def serve() -> None:
    """Serve the city until Ctrl-C: database, web, job worker, and nginx in front on PORT.

    Brings the schema up to date, and loads the demo city where the database holds no city.
    """
    now = settings()
    # Told to stop while it still prepares, it cleans up as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _check_port(now.port)
    with _only_one(now), _database(now):
        state = schema.state(now.database)
        if state["revision"] != state["head"]:
            with step("Bringing the schema up to date"):
                schema.upgrade(now.database)
        if not _cities(now):
            with step("Loading the demo city"):
                _load_demo()
        children = _children(now)
        supervisor = Supervisor(children)
        try:
            with step("Starting the web processes, the job worker and nginx"):
                dead = supervisor.start(lambda: _answers(now), within=FIRST_ANSWER_WITHIN)
            if dead is not None:
                raise _stillborn(dead)
            _welcome(now)
            supervisor.watch()
        finally:
            click.echo("Stopping …", err=True)
            supervisor.stop()
    click.echo("Stopped.", err=True)


@contextmanager
def _only_one(now: Settings) -> Iterator[None]:
    """Make the folders, and refuse to serve twice out of one ``PINWARD_HOME``."""
    try:
        for folder in (now.home, now.home / "log", now.run_folder):
            folder.mkdir(parents=True, exist_ok=True)
        now.run_folder.chmod(0o700)
        lock = (now.home / "serve.lock").open("w")
    except PermissionError as error:
        raise Failure(
            f"{error.filename} may not be written by this user.",
            "Set PINWARD_HOME to a folder of your own.",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                f"Pinward is being served out of {now.home} already.",
                "Stop that one first, or set PINWARD_HOME (and PORT) to serve a second city.",
            ) from None
        # Made now, before several web processes would each make one.
        _ = now.secret_key
        _ = vapid.key_of(now)
        yield


@contextmanager
def _database(now: Settings) -> Iterator[None]:
    """Start the private cluster where it is the one to use and does not run, and stop it again in the end."""
    if now.database_url is not None:
        yield
        return
    cluster = PrivateCluster(now)
    with step("Starting the private PostgreSQL cluster"):
        if cluster.start():
            cluster.started_by_serve.touch()
    try:
        yield
    finally:
        if cluster.started_by_serve.exists():
            cluster.stop()


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except PermissionError:
            raise Failure(
                f"This user may not open port {port}.",
                "Set PORT to a number above 1023, such as PORT=8311, or start as root.",
            ) from None
        except OSError:
            raise Failure(
                f"Port {port} is taken by another program (ss -ltnp 'sport = :{port}' shows which).",
                f"Stop that program, or choose another port: PORT={port + 1} script/server",
            ) from None


def _cities(now: Settings) -> list[str]:
    """Return the short names of the cities in the database."""
    with psycopg.connect(now.database) as connection:
        return [row[0] for row in connection.execute("SELECT slug FROM public.city ORDER BY id")]


def _load_demo() -> None:
    if subprocess.run([program("pinward"), "demo", "load"], check=False).returncode:
        raise Failure("The demo city could not be loaded.", "See the message above, then start again.")


def _children(now: Settings) -> list[Child]:
    """Return the processes: web, worker, and nginx last, so that it is the first to end.

    SIGQUIT lets nginx finish the requests at hand.
    """
    logs = now.home.absolute() / "log"
    web_socket = _web_socket(now)
    environment = {"PINWARD_DEMO": "1"} if _cities(now) == ["demo"] else {}
    if not os.access(CHECKOUT / "geo", os.W_OK):
        environment["NUMBA_CACHE_DIR"] = str(now.home.absolute() / "numba")
    web = [
        *(program("gunicorn"), "webapp.app:behind_front()", "--bind", f"unix:{web_socket}"),
        *("--worker-class", "gthread", "--threads", str(THREADS)),
        # Imported once, then forked: the application opens no connection and no thread before a request.
        *("--workers", str(len(os.sched_getaffinity(0))), "--preload"),
        *("--timeout", "60", "--graceful-timeout", "20", "--no-control-socket", "--forwarded-allow-ips", "*"),
        *("--chdir", str(CHECKOUT)),
    ]
    front = [nginx(), "-e", "stderr", "-c", str(write_configuration(now, web_socket))]
    return [
        Child("The web server", web, logs / "web.log", environment),
        Child("The job worker", [program("pinward"), "worker"], logs / "worker.log", environment),
        Child("nginx", front, logs / "nginx.log", stop_signal=signal.SIGQUIT),
    ]


def _answers(now: Settings) -> bool:
    """Whether the whole way works: nginx, a web process, the database."""
    if not _web_socket(now).exists():
        return False
    connection = http.client.HTTPConnection("127.0.0.1", now.port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _web_socket(now: Settings) -> Path:
    return now.run_folder / "web.sock"


def _stillborn(child: Child) -> Failure:
    lines = child.log.read_text(errors="replace").splitlines()[-12:]
    return Failure(
        f"{child.name} does not come up. Its log ends with:\n    " + "\n    ".join(lines),
        f"Put right what it says (the whole log: {child.log}), then start again.",
    )


def _welcome(now: Settings) -> None:
    cities = _cities(now)
    click.echo(f"\nPinward serves {', '.join(cities)} at {now.public_url or f'http://localhost:{now.port}'}")
    if cities == ["demo"]:
        # Not at the top: it brings all models along, and nothing has been started by then.
        from webapp.people import demo

        click.echo(f"Demo accounts, password {demo.PASSWORD}:")
        for email, role in _accounts(now, demo.DOMAIN):
            click.echo(f"  {role:<14} {email}")
        if now.smtp_url is None:
            click.echo("It sends no mail: what it would send is shown at /demo/mail.")
    if os.geteuid() == 0:
        click.echo("It runs as root, which is fine for a trial; give it a user of its own for a real city.")
    click.echo(f"Logs are in {now.home / 'log'}. Ctrl-C stops everything.\n")


def _accounts(now: Settings, domain: str) -> list[tuple[str, str]]:
    """Return one demo account of each role."""
    with psycopg.connect(now.database) as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (role) email, role FROM public.staff WHERE email LIKE %s ORDER BY role, id",
            [f"%@{domain}"],
        )
        return [(email, role) for email, role in rows]
