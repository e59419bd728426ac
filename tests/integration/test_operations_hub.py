"""What operations read from and hold in the warehouse: the run's lock, volumes, digest, report."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from expectations.loader import load_suites
from expectations.results import CheckResult, store
from orchestration.operations import arrivals, digest, pictures, quality, volumes
from orchestration.operations.exclusive import HubBusy, sole_run
from tests.conftest import Warehouse

HOLD = """
import time
from orchestration.operations.exclusive import sole_run
with sole_run("first", 0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hub(fresh_database: Warehouse) -> Warehouse:
    return fresh_database


def test_a_second_run_waits_and_then_names_the_first(hub: Warehouse) -> None:
    with (
        sole_run("first", 0),
        pytest.raises(HubBusy, match=r"run first, process \d+"),
        sole_run("second", 0.2),
    ):
        pass
    with sole_run("third", 0):
        pass


def test_the_hub_is_free_again_when_the_process_that_held_it_is_killed(hub: Warehouse) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    child.kill()
    child.wait()
    started = time.monotonic()
    with sole_run("second", 10):
        assert time.monotonic() - started < 10


def loads(hub: Warehouse, sizes: list[int]) -> None:
    with hub.connect("loader") as connection:
        connection.execute("delete from ops.load_counts where source = 'raw_s'")
        for number, rows in enumerate(sizes):
            connection.execute(
                "insert into ops.load_counts (run_id, source, resource, rows_loaded, loaded_at) "
                "values (%s, 'raw_s', 'r', %s, timestamp '2026-09-01')",
                [f"run {number}", rows],
            )


@pytest.mark.parametrize(
    ("last", "is_usual"), [(100, True), (11, True), (9, False), (990, True), (1_500, False)]
)
def test_a_tenth_and_ten_times_of_what_is_usual_stand_out(
    hub: Warehouse, last: int, is_usual: bool
) -> None:
    loads(hub, [50_000, 100, 110, 90, 105, 95, last])
    [band] = volumes.of_source("raw_s")
    assert band.is_inside == is_usual
    assert band.values[-1] == last


def test_a_few_loads_say_nothing_about_what_is_usual(hub: Warehouse) -> None:
    loads(hub, [50_000, 100, 3])
    [band] = volumes.of_source("raw_s")
    assert band.low is None


def test_pictures_of_a_hub_without_marts_are_none_and_no_error(hub: Warehouse) -> None:
    assert set(pictures.of_release()) <= {"freshness", "release_difference"}


def test_the_digest_of_a_new_hub_says_what_is_missing_and_of_failures_that_there_are(
    hub: Warehouse,
) -> None:
    told = digest.write(digest.Runs(succeeded=3, failed=2))
    assert "2 failed runs" in told.title
    assert "no release yet" in told.title
    assert told.level == "warning"
    assert "3 succeeded, 2 failed" in told.text


def test_the_report_holds_the_reason_of_each_check_and_forgets_removed_suites(
    hub: Warehouse,
) -> None:
    suites = load_suites()
    suite = next(s for s in suites if s.name == "core.customer_360")
    results = [
        CheckResult(suite.name, suite.checks[0].name, "critical", "failed", 3, 10),
        CheckResult("core.removed", "old", "critical", "failed", 1, 1),
    ]
    with hub.connect("publisher") as connection:
        store(connection, results, "run")
    page = quality.write(suites, "run").read_text()
    assert suite.checks[0].why in page
    assert "core.removed" not in page


def test_acts_of_consent_are_seen_once(hub: Warehouse) -> None:
    assert arrivals.acts_since(0) == arrivals.Acts(0, 0)


def test_files_that_come_or_change_are_seen(
    hub: Warehouse, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("drops")
    monkeypatch.delenv("SOURCES__FILES__BASE_URL", raising=False)
    assert arrivals.files_fingerprint() is None
    monkeypatch.setenv("SOURCES__FILES__BASE_URL", str(folder))
    assert arrivals.files_fingerprint() is None
    (folder / "store").mkdir()
    (folder / "store" / "day.csv").write_text("a,b\n1,2\n")
    first = arrivals.files_fingerprint()
    assert first is not None
    assert arrivals.files_fingerprint() == first
    (folder / "store" / "day.csv").write_text("a,b\n1,2\n3,4\n")
    assert arrivals.files_fingerprint() != first


LONG_STATEMENT = """
import psycopg
from ingestion.settings import role_url
from orchestration.operations.exclusive import sole_run
with sole_run("died", 0), psycopg.connect(role_url("builder")) as connection:
    print("building", flush=True)
    connection.execute("select pg_sleep(120)")
"""
LEFT = "select count(*) from pg_stat_activity where query like '%%pg_sleep(120)%%' and pid <> %s"


def test_what_a_dead_run_left_in_the_server_is_ended(
    hub: Warehouse, recovering: Callable[[], AbstractContextManager[None]]
) -> None:
    """Killed in the middle of a statement, a client leaves a backend that goes on with it."""
    child = subprocess.Popen([sys.executable, "-c", LONG_STATEMENT], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"building\n"
    with hub.connect("admin") as connection:
        pid = connection.info.backend_pid
        while connection.execute(LEFT, [pid]).fetchone() == (0,):
            time.sleep(0.05)
        child.kill()
        child.wait()
        assert connection.execute(LEFT, [pid]).fetchone() == (1,)
        with recovering(), sole_run("next", 10):
            assert connection.execute(LEFT, [pid]).fetchone() == (0,)
