"""One build of the hub at a time, however it was started: command line, schedule, sensor, UI.

Two runs that build core at once would let one publish what the other has half built. The lock is
PostgreSQL's, held by a connection of its own for as long as the run lasts, so that it ends with the
process whatever happens to it. What a run that died left running in the server is ended first.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingestion.settings import role_url
from orchestration.warehouse import backends
from orchestration.warehouse.bootstrap import admin_server
from orchestration.warehouse.server import connect

# One builder per database; advisory locks are per database already.
_LOCK = 7_240_919
TAG = "tandem_run"
_PAUSE_SECONDS = 0.5

_HOLDER = """
select activity.application_name from pg_locks as locks
join pg_stat_activity as activity using (pid)
where locks.locktype = 'advisory' and locks.granted and locks.objid = %s
and activity.datname = current_database()
"""


class HubBusy(RuntimeError):
    """Another run builds the hub and went on for longer than this one was willing to wait."""


@contextmanager
def sole_run(run_id: str, wait_seconds: float) -> Iterator[None]:
    """Hold the hub for one run; connections made meanwhile by this process are tagged with it.

    Raises:
        HubBusy: when another run keeps it for longer than ``wait_seconds``; names that run.
    """
    mine = backends.tag(TAG, run_id)
    deadline = time.monotonic() + wait_seconds
    # A role that writes nothing: nobody has to wait for what this session may have written.
    with psycopg.connect(
        role_url("auditor"), autocommit=True, connect_timeout=15, application_name=mine
    ) as connection:
        while not _is_mine(connection):
            _end_dead(mine)
            if time.monotonic() >= deadline:
                raise HubBusy(
                    f"another run is building the hub ({_holder(connection)}): wait for it to "
                    "end, or see orchestration/runbooks/run_stuck.md"
                )
            time.sleep(_PAUSE_SECONDS)
        _end_dead(mine)
        with _connections_named(mine):
            yield


def _end_dead(mine: str) -> None:
    """End backends of dead runs, whatever role they have: only an administrator may."""
    with connect(admin_server()) as connection:
        backends.end_dead(connection, mine)


@contextmanager
def _connections_named(name: str) -> Iterator[None]:
    """Name the connections of libpq, which every driver here is built on, unless they do."""
    before = os.environ.get("PGAPPNAME")
    os.environ["PGAPPNAME"] = name
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("PGAPPNAME", None)
        else:
            os.environ["PGAPPNAME"] = before


def _is_mine(connection: psycopg.Connection) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    return bool(row and row[0])


def _holder(connection: psycopg.Connection) -> str:
    row = connection.execute(_HOLDER, [_LOCK]).fetchone()
    return backends.told(row[0]) if row else "it has just ended"
