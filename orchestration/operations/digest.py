"""The daily health digest: one message that says whether anything needs a person.

Counts and names of tables only, read as auditor over the last day of the server's clock.
"""

from dataclasses import dataclass

import psycopg

from ingestion.settings import role_url
from orchestration.operations import causes
from orchestration.operations.alerting import Alert

_RELEASE = """
select release_id, round(extract(epoch from timezone('UTC', now()) - released_at) / 3600.0)::int
from marts_meta.releases order by release_id desc limit 1
"""
_CONFIRMED = """
select count(*), count(*) filter (
    where confirmed_at < timezone('UTC', now()) - interval '26 hours'
) from marts_meta.freshness
"""
_CHECKS = """
select count(*), count(*) filter (where status = 'failed'), count(*) filter (where status = 'error')
from marts_meta.check_results
"""
_BLOCKS = "select count(*) from marts_meta.blocks where acknowledged_at is null"
_LOADS = """
with last_runs as (
    select distinct on (source) source, run_id
    from ops.load_counts order by source, loaded_at desc, ctid desc
)
select source, sum(rows_loaded)::bigint, sum(rows_quarantined)::bigint
from ops.load_counts join last_runs using (source, run_id)
group by source order by source
"""


@dataclass(frozen=True)
class Runs:
    """Runs that ended within the last day."""

    succeeded: int
    failed: int


def write(runs: Runs) -> Alert:
    """Return the digest; its level says whether somebody should look."""
    with psycopg.connect(role_url("auditor"), connect_timeout=15) as connection:
        release = connection.execute(_RELEASE).fetchone()
        marts, late = connection.execute(_CONFIRMED).fetchone() or (0, 0)
        checks, failed, broken = connection.execute(_CHECKS).fetchone() or (0, 0, 0)
        (blocks,) = connection.execute(_BLOCKS).fetchone() or (0,)
        loads = connection.execute(_LOADS).fetchall()
    troubles = {
        "failed runs": runs.failed,
        "late marts": late,
        "checks that do not hold": failed,
        "checks not carried out": broken,
        "releases waiting for somebody": blocks,
        "no release yet": int(release is None),
    }
    found = [f"{count} {name}" for name, count in troubles.items() if count]
    lines = [
        f"Release: {release[0]}, {release[1]} hours old" if release else "Release: none",
        f"Runs of the last day: {runs.succeeded} succeeded, {runs.failed} failed",
        f"Marts: {marts - late} of {marts} confirmed within 26 hours",
        f"Checks: {checks - failed - broken} of {checks} passed",
        *(
            f"{source}: {rows:,} rows in the last load, {bad:,} set aside"
            for source, rows, bad in loads
        ),
    ]
    return Alert(
        f"Tandem today: {', '.join(found) if found else 'all well'}",
        "\n".join(lines),
        causes.page("README"),
        causes.ui("/overview"),
        "warning" if found else "info",
    )
