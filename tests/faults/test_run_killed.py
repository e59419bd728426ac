"""kill -9 at named places of the whole job: one release stays readable, the next run converges."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.settings import project_root
from tests.acceptance.conftest import PEOPLE, Hub, hub, new_hub  # noqa: F401
from tests.acceptance.test_convergence import fingerprints

pytestmark = pytest.mark.faults

# In the order of a run, so that each death comes a step further than the one before.
PLACES = [
    "load.extract",
    "load.after_data",
    "build.observe#20",
    "identity.before_commit",
    "build.derive#20",
    "check.before_store#2",
    "publish.mid_apply#5",
    "publish.before_commit",
]


@pytest.fixture(scope="module")
def killed(hub: Hub, tandem_home: Path) -> Iterator[Hub]:  # noqa: F811
    """A hub with the other's keys and first release; a day has passed in its company since."""
    with new_hub(tandem_home, "killed-run") as made:
        (made.home / "secrets").mkdir(parents=True)
        for name in ("k_match.key", "k_supp.key"):
            key = (hub.home / "secrets" / name).read_bytes()
            (made.home / "secrets" / name).write_bytes(key)
        made.refresh()
        assert made.tandem("sandbox", "advance", "1", "--people", str(PEOPLE)).returncode == 0
        yield made


def run(hub: Hub, place: str) -> subprocess.CompletedProcess[str]:  # noqa: F811
    return subprocess.run(
        [str(Path(sys.executable).parent / "tandem"), "run", "--people", str(PEOPLE)],
        env={**hub.environment, "TANDEM_FAIL_AT": place},
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_run_killed_there_leaves_the_release_before(killed: Hub, place: str) -> None:
    before = fingerprints(killed)
    died = run(killed, place)
    assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
    assert fingerprints(killed) == before
    assert "@" not in died.stderr.replace("@127.0.0.1", "")


def test_the_next_run_is_what_an_undisturbed_one_would_have_been(
    killed: Hub,
    hub: Hub,  # noqa: F811
) -> None:
    assert hub.tandem("sandbox", "advance", "1", "--people", str(PEOPLE)).returncode == 0
    hub.refresh()
    killed.refresh()
    assert fingerprints(killed) == fingerprints(hub)
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
