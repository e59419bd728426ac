"""The publisher's connection: tagged with its run, alone, and never waiting long for a lock."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from orchestration.publishing.errors import LockedOut, PublishBusy
from orchestration.warehouse.backends import end_dead, tag

T = TypeVar("T")

TAG = "tandem_publish"
# One publisher per database; advisory locks are per database already.
_LOCK = 7_240_918
# Longer than deadlock_timeout (1 s), so that an autovacuum in the way gives up before we do.
LOCK_TIMEOUT_MS = 1_500
# How long an idle reader may delay a release before it is reported instead.
PATIENCE_SECONDS = 60.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 2.0

# Settings of the session; the check interval makes the server notice a client that was killed.
_SETTINGS = (
    f"set lock_timeout = {LOCK_TIMEOUT_MS}",
    "set timezone = 'UTC'",
    "set search_path = ''",
    "set client_min_messages = warning",
    "set client_connection_check_interval = '2s'",
    "set idle_in_transaction_session_timeout = '10min'",
)


def connect(url: str, run_id: str | None = None) -> psycopg.Connection:
    """Return an autocommit connection tagged with this process and ``run_id``."""
    conn = psycopg.connect(url, autocommit=True, application_name=tag(TAG, run_id))
    for setting in _SETTINGS:
        conn.execute(setting)
    return conn


@contextmanager
def sole_publisher(
    conn: psycopg.Connection, run_id: str | None, wait_seconds: float = PATIENCE_SECONDS
) -> Iterator[None]:
    """Hold the publish lock; backends that dead runs left behind are ended first.

    Raises:
        PublishBusy: when a living publish keeps the lock for longer than ``wait_seconds``.
    """
    deadline = time.monotonic() + wait_seconds
    mine = tag(TAG, run_id)
    while True:
        end_dead(conn, mine, same_run=True)
        row = conn.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if row and row[0]:
            break
        if time.monotonic() >= deadline:
            raise PublishBusy(
                f"another publish is under way ({_holder(conn)}): wait for it to end, or see "
                "orchestration/runbooks/publish_busy.md"
            )
        time.sleep(_FIRST_PAUSE)
    try:
        yield
    finally:
        if not conn.closed and not conn.broken:
            conn.execute("select pg_advisory_unlock(%s)", [_LOCK])


def patiently(conn: psycopg.Connection, act: Callable[[], T], table: str, patience: float) -> T:
    """Run ``act`` in a savepoint; when a lock is not to be had, let go, wait and try again.

    Between the tries nothing waits in the lock queue, so other readers pass.

    Raises:
        LockedOut: when ``patience`` seconds were not enough; names who is in the way.
    """
    deadline = time.monotonic() + patience
    pause = _FIRST_PAUSE
    while True:
        try:
            with conn.transaction():
                return act()
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() + pause >= deadline:
                raise LockedOut(
                    f"{table} is locked by {_in_the_way(conn, table)}: end that transaction, "
                    "then run again; see orchestration/runbooks/publish_locked_out.md"
                ) from None
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _holder(conn: psycopg.Connection) -> str:
    row = conn.execute(
        "select l.pid from pg_locks l where l.locktype = 'advisory' and l.granted "
        "and l.objid = %s and l.database = (select oid from pg_database "
        "where datname = current_database())",
        [_LOCK],
    ).fetchone()
    return f"backend {row[0]}" if row else "its backend has just ended"


def _in_the_way(conn: psycopg.Connection, table: str) -> str:
    rows = conn.execute(
        "select distinct a.pid, a.usename::text from pg_locks l "
        "join pg_stat_activity a on a.pid = l.pid "
        "where l.relation = to_regclass(%s) and l.granted and l.pid <> pg_backend_pid()",
        [table],
    ).fetchall()
    return ", ".join(f"backend {pid} of {user}" for pid, user in rows) or "a transaction that ended"
