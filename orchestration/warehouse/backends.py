"""Whose connection a backend serves, so that one whose process is gone can be told and ended.

A backend may outlive its client: killed with -9 in the middle of a long statement, or behind a
network that went away, the server notices late and keeps the locks until it does. Every connection
of a run therefore carries ``<kind>/<host>/<process>/<its start>/<run>`` as its application name.
"""

import hashlib
import os
import platform
from contextlib import suppress

import psutil
import psycopg

# How long an ended backend may take to be gone, in milliseconds.
_END_MS = 5_000
# PostgreSQL cuts application names at 63 bytes; a run's first characters tell it from others.
_RUN_LENGTH = 12
_PARTS = 5


def tag(kind: str, run_id: str | None) -> str:
    """Return the application name for connections of this process and run."""
    process = psutil.Process()
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    run = (run_id or "-").replace("/", "-")[:_RUN_LENGTH]
    return f"{kind}/{host}/{os.getpid()}/{int(process.create_time())}/{run}"


def told(name: str) -> str:
    """Return a tag in words, for messages."""
    parts = name.split("/")
    return f"run {parts[4]}, process {parts[2]}" if len(parts) == _PARTS else name


def end_dead(connection: psycopg.Connection, mine: str, *, same_run: bool = False) -> int:
    """End backends of the kind of ``mine`` whose process is gone; return how many.

    Only processes of this host are judged. With ``same_run`` those of an earlier attempt of this
    run end too: whoever retries a run knows that the attempt before is over.
    """
    kind, host, *_, run = mine.split("/")
    ended = 0
    for pid, name in connection.execute(
        "select pid, application_name from pg_stat_activity where datname = current_database() "
        "and starts_with(application_name, %s) and pid <> pg_backend_pid()",
        [f"{kind}/"],
    ).fetchall():
        parts = name.split("/")
        if len(parts) != _PARTS or name == mine:
            continue
        is_retried = same_run and run != "-" and parts[4] == run
        if is_retried or (parts[1] == host and not _is_alive(int(parts[2]), int(parts[3]))):
            # On a server of one's own another role's backend may be out of reach: it is waited for.
            with suppress(psycopg.errors.InsufficientPrivilege):
                connection.execute("select pg_terminate_backend(%s, %s)", [pid, _END_MS])
                ended += 1
    return ended


def _is_alive(process: int, started: int) -> bool:
    try:
        return abs(psutil.Process(process).create_time() - started) <= 2
    except psutil.NoSuchProcess:
        return False
