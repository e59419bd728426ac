"""kill -9 at named places of the whole job: one release stays readable, the next run converges."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ingestion.settings import project_root
from tests.acceptance.conftest import PEOPLE, Hub, new_hub
from tests.acceptance.test_convergence import fingerprints

pytestmark = pytest.mark.faults

Recovering = Callable[[], AbstractContextManager[None]]

# In the order of a run, so that each death comes a step further than the one before.
PLACES = [
    "load.extract",
    "load.normalize",
    "load.load.jobs#3",
    "load.after_data",
    "load.before_event",
    "build.observe#20",
    "identity.before_commit",
    "build.derive#20",
    "check.before_store",
    "publish.mid_apply#5",
    "publish.before_commit",
]
# Where the server goes away instead: in the middle of a load, and of a build.
LOSSES = {"load": "load.load.jobs#3", "build": "build.observe#5"}


@pytest.fixture(scope="module")
def undisturbed(tandem_home: Path) -> Iterator[Hub]:
    """A hub that nothing happens to but its two refreshes."""
    with new_hub(tandem_home, "undisturbed") as made:
        made.refresh()
        yield made


@pytest.fixture(scope="module")
def killed(undisturbed: Hub, tandem_home: Path) -> Iterator[Hub]:
    """A hub with the other's keys and first release; a day has passed in its company since."""
    with new_hub(tandem_home, "killed-run") as made:
        (made.home / "secrets").mkdir(parents=True)
        for name in ("k_match.key", "k_supp.key"):
            key = (undisturbed.home / "secrets" / name).read_bytes()
            (made.home / "secrets" / name).write_bytes(key)
        made.refresh()
        assert made.tandem("sandbox", "advance", "1", "--people", str(PEOPLE)).returncode == 0
        yield made


def start(hub: Hub, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "tandem"), "run", "--people", str(PEOPLE)],
        env={**hub.environment, **environment},
        cwd=project_root(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_run_killed_there_leaves_the_release_before(
    killed: Hub, place: str, recovering: Recovering
) -> None:
    before = fingerprints(killed)
    died = start(killed, TANDEM_FAIL_AT=place)
    _, told = died.communicate()
    assert died.returncode == -signal.SIGKILL, told[-2000:]
    with recovering():
        assert fingerprints(killed) == before
    assert "@" not in told.replace("@127.0.0.1", "")


@pytest.mark.parametrize("phase", LOSSES)
def test_a_run_that_loses_its_server_says_so_and_the_next_one_is_clean(
    killed: Hub, phase: str, tmp_path: Path, recovering: Recovering
) -> None:
    before = fingerprints(killed)
    marker = tmp_path / "reached"
    run = start(killed, TANDEM_FAIL_AT=f"{LOSSES[phase]}=pause", TANDEM_FAIL_MARKER=str(marker))
    while not marker.exists():
        assert run.poll() is None, run.communicate()[1][-2000:]
        time.sleep(0.1)
    _stop_immediately(killed)
    marker.unlink()
    _, told = run.communicate()
    assert run.returncode == 1
    assert "Traceback" not in told
    assert "@" not in told.replace("@127.0.0.1", "")
    with recovering():
        assert killed.tandem("up").returncode == 0
        assert fingerprints(killed) == before


def _stop_immediately(hub: Hub) -> None:
    """Stop the server as ``pg_ctl stop -m immediate`` does."""
    [data] = hub.query("select current_setting('data_directory')", role="admin")[0]
    os.kill(int(Path(data, "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)


def test_the_next_run_is_what_an_undisturbed_one_would_have_been(
    killed: Hub, undisturbed: Hub
) -> None:
    advanced = undisturbed.tandem("sandbox", "advance", "1", "--people", str(PEOPLE))
    assert advanced.returncode == 0
    undisturbed.refresh()
    killed.refresh()
    assert fingerprints(killed) == fingerprints(undisturbed)
    orphans = killed.query(
        "select count(*) from raw_matomo.visits where _dlt_load_id not in "
        "(select load_id from raw_matomo._dlt_loads where status = 0) "
        "and visit_id in (select visit_id from staging.stg_matomo__visits)",
        role="admin",
    )
    assert orphans == [(0,)]
    busy = killed.query(
        "select count(*) from pg_stat_activity where application_name like 'tandem_%'",
        role="admin",
    )
    assert busy == [(0,)]
