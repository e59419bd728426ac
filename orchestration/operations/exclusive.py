"""One build of the hub at a time, however it was started: command line, schedule, sensor, UI.

Two runs that build core at once would let one publish what the other has half built. The lock is
PostgreSQL's, held by a connection of its own for as long as the run lasts, so that it ends with the
process whatever happens to it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingestion.settings import role_url

# One builder per database; advisory locks are per database already.
_LOCK = 7_240_919
_TAG = "tandem_run"
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
    """Hold the hub for one run.

    Raises:
        HubBusy: when another run keeps it for longer than ``wait_seconds``; names that run.
    """
    name = f"{_TAG}/{run_id}"[:63]
    deadline = time.monotonic() + wait_seconds
    with psycopg.connect(
        role_url("builder"), autocommit=True, connect_timeout=15, application_name=name
    ) as connection:
        while not _is_mine(connection):
            if time.monotonic() >= deadline:
                raise HubBusy(
                    f"another run is building the hub ({_holder(connection)}): wait for it to "
                    "end, or see orchestration/runbooks/run_stuck.md"
                )
            time.sleep(_PAUSE_SECONDS)
        yield


def _is_mine(connection: psycopg.Connection) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    return bool(row and row[0])


def _holder(connection: psycopg.Connection) -> str:
    row = connection.execute(_HOLDER, [_LOCK]).fetchone()
    return row[0] if row else "it has just ended"
