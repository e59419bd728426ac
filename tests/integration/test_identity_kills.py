"""A resolution killed at any moment leaves nothing behind, and the next one does it all."""

import subprocess
import sys
import time

import psycopg
import pytest

from orchestration.identity import resolve
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.unit.identity_world import record

RESOLVE = """
import sys
from orchestration.identity import resolve
sys.stdout.write("ready\\n")
sys.stdout.flush()
resolve(sys.stdin.readline().strip())
"""


@pytest.fixture(scope="module")
def hub(fresh_database: Warehouse) -> Warehouse:
    at.build(fresh_database)
    records = [record(f"u{n}", f"e{n}", f"d{n % 900}", first=n % 90) for n in range(3000)]
    records += [record(f"c{n}", f"e{n}", f"p{n}") for n in range(2500)]
    at.add(fresh_database, records)
    return fresh_database


def killed_after(hub: Warehouse, seconds: float) -> None:
    """Start a resolution and kill it a moment later."""
    process = subprocess.Popen(
        [sys.executable, "-c", RESOLVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.stdin.write(hub.url("resolver") + "\n")
    process.stdin.flush()
    time.sleep(seconds)
    process.kill()
    process.wait()


def test_kills_at_any_moment_change_nothing_until_a_run_completes(hub):
    resolve(hub.url("resolver"))
    clean = at.persons(hub)
    at.forget(hub)
    undone = 0
    for seconds in (0.05, 0.15, 0.3, 0.45, 0.6):
        killed_after(hub, seconds)
        with hub.connect() as connection:
            wait_until_rolled_back(connection)
        if at.links(hub):
            assert at.persons(hub) == clean
            at.forget(hub)
        else:
            assert not at.history(hub)
            undone += 1
    assert undone >= 2
    resolve(hub.url("resolver"))
    assert at.persons(hub) == clean
    resolve(hub.url("resolver"), full=True)
    kinds = [kind for _, _, kind in at.history(hub)]
    assert kinds == ["created"] * len(kinds)


def wait_until_rolled_back(connection: psycopg.Connection) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        row = connection.execute(
            "select count(*) from pg_stat_activity where usename like '%resolver'"
        ).fetchone()
        if row == (0,):
            return
        time.sleep(0.05)
    raise AssertionError("the killed resolution's connections are still there")
