"""What the last checks said of the core models, as publishing needs it."""

from collections.abc import Iterable

import psycopg

from orchestration.publishing.errors import ChecksFailed
from orchestration.publishing.marts import Mart


def gates_of(conn: psycopg.Connection, marts: Iterable[Mart]) -> dict[str, str]:
    """Return per mart what the last run of its core model's suite found.

    Raises:
        ChecksFailed: when one of them holds the release back; the job's order sees to that
            already, this is for whoever publishes without it.
    """
    found = {
        suite: (held, warned)
        for suite, held, warned in conn.execute(
            "select suite, string_agg(check_name, ', ' order by check_name) filter "
            "(where status = 'error' or status = 'failed' and severity = 'critical'), "
            "count(*) filter (where status = 'failed') from marts_meta.check_results group by suite"
        )
    }
    of_marts = {mart.name: found.get(mart.core_name) for mart in marts}
    held = {name: told[0] for name, told in of_marts.items() if told and told[0]}
    if held:
        raise ChecksFailed(
            "; ".join(f"{name} is held back by its checks: {names}" for name, names in held.items())
            + ". Run the checks again when mended; see orchestration/runbooks/check_failed.md"
        )
    return {name: _gate(told) for name, told in of_marts.items()}


def _gate(told: tuple[str | None, int] | None) -> str:
    if told is None:
        return "unchecked"
    return f"passed with {told[1]} warnings" if told[1] else "passed"
