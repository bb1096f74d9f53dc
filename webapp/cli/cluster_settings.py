"""The settings of the private cluster, fitted to this machine."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def cluster_settings(socket: Path, *, durable: bool) -> str:
    """Return the text of ``postgresql.conf``.

    Parameters
    ----------
    socket
        Folder of the Unix socket, the only way in.
    durable
        Whether a commit must survive a crash.
    """
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    cores = os.cpu_count() or 1
    values: dict[str, object] = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{socket}'",
        "unix_socket_permissions": "0700",
        # Each web process holds at most 8 threads' connections; the rest is for jobs, commands and people.
        "max_connections": max(100, 12 * cores + 40),
        # A quarter, as PostgreSQL's manual has it; taken only as far as there is something to hold.
        "shared_buffers": f"{min(memory_mb // 4, 4096)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(memory_mb // 16, 256)}MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        # Loaded once, not by each new connection at the first point that it sees.
        "shared_preload_libraries": "'postgis-3'",
        # Compiling a plan costs more than any of our statements.
        "jit": "off",
        "dynamic_shared_memory_type": _shared_memory(),
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        # Neither statements nor the rows of failed ones: they may hold a reporter's contact.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
        "idle_in_transaction_session_timeout": "'10min'",
    }
    if not durable:
        values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # To drop a database all of it is looked through, and tests drop many.
        values["shared_buffers"] = f"{min(memory_mb // 4, 512)}MB"
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "\n".join(
        [
            "# Written by Pinward at each start. Your own settings go into postgresql.local.conf.",
            *lines,
            "include_if_exists = 'postgresql.local.conf'",
            "",
        ]
    )


def _shared_memory() -> str:
    """Return how parallel queries share memory: /dev/shm may be too small for it, or closed."""
    folder = Path("/dev/shm")  # noqa: S108
    try:
        room, open_to_all = os.statvfs(folder), folder.stat().st_mode & stat.S_IWOTH
    except OSError:
        return "mmap"
    return "posix" if open_to_all and room.f_bavail * room.f_frsize > 256 * 2**20 else "mmap"
