"""A run that dies anywhere leaves nothing behind that the next run does not put right."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.settings import project_root
from tests.acceptance.conftest import PEOPLE, Hub, new_hub

# Nothing about the data is said by moments of exporting and publishing, nor by random ids of
# persons and the keys that are made of them.
NO_DATA = [
    "_released_at",
    "updated_at",
    "person_id",
    "lifecycle_id",
    "touchpoint_id",
    "conversion_id",
    "journey_id",
]
FINGERPRINT = f"""
select c.table_schema || '.' || c.table_name,
       format('select count(*), sum(hashtextextended(concat_ws(''|'', %s), 0)::numeric) from %I.%I',
              string_agg(format('coalesce(%I::text, ''~'')', c.column_name), ', '
                         order by c.column_name),
              c.table_schema, c.table_name)
from information_schema.columns as c
where c.table_schema in ('marts', 'marts_marketing', 'marts_sales', 'marts_service')
  and c.column_name <> all (array{NO_DATA})
group by c.table_schema, c.table_name
"""


def fingerprints(hub: Hub) -> dict[str, tuple[object, ...]]:
    return {
        name: hub.query(query, role="admin")[0]
        for name, query in hub.query(FINGERPRINT, role="admin")
    }


@pytest.mark.faults
@pytest.mark.parametrize("attempt", range(3))
def test_a_refresh_killed_at_a_random_moment_converges_when_it_is_run_again(
    hub: Hub, tandem_home: Path, attempt: int
) -> None:
    with new_hub(tandem_home, f"killed-{attempt}") as killed:
        keys = hub.home / "secrets"
        (killed.home / "secrets").mkdir(parents=True)
        for name in ("k_match.key", "k_supp.key"):
            (killed.home / "secrets" / name).write_bytes((keys / name).read_bytes())
        command = [str(Path(sys.executable).parent / "tandem"), "run", "--people", str(PEOPLE)]
        job = subprocess.Popen(
            command,
            env=killed.environment,
            cwd=project_root(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(random.uniform(8, 60))  # noqa: S311
        os.kill(job.pid, signal.SIGKILL)
        job.wait()
        killed.refresh()
        assert fingerprints(killed) == fingerprints(hub)
