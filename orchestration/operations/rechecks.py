"""Whether a step's checks would say again what they said: same rules, untouched tables.

What a check says follows from the rows it reads. A step whose tables nobody wrote to since its
checks let them through reports those results, warnings too, instead of reading everything again.
"""

from collections.abc import Sequence
from dataclasses import asdict

import psycopg

from expectations.loader import Suite
from expectations.results import CheckResult, blocking
from orchestration.building import records, versions
from orchestration.building.project import digest
from orchestration.building.records import Record

_RESULTS = """
    select suite, check_name, severity, status, unexpected_count, evaluated_count, error, query
    from marts_meta.check_results where suite = any(%s)
"""


def record(step: str, suites: Sequence[Suite], connection: psycopg.Connection) -> Record | None:
    """Return what tells this state of rules and tables from another; none if that is unknown."""
    schemas = {suite.schema for suite in suites}
    relations = versions.look(connection, schemas)
    written = {f"{schema}.{table}": at.version for (schema, table), at in relations.items()}
    if None in written.values():
        return None
    rules = digest([asdict(suite) for suite in suites])
    return Record(f"checks.{step}", rules, digest(written), "")


def known(
    now: Record | None,
    suites: Sequence[Suite],
    builder: psycopg.Connection,
    publisher: psycopg.Connection,
) -> list[CheckResult] | None:
    """Return the results of the same checks on the same rows, if none of them blocked."""
    if now is None or records.read(builder).get(now.node) != now:
        return None
    rows = publisher.execute(_RESULTS, [[suite.name for suite in suites]]).fetchall()
    found = [CheckResult(*row) for row in rows]
    wanted = {(suite.name, check.name) for suite in suites for check in suite.checks}
    if wanted != {(result.suite, result.name) for result in found} or blocking(found):
        return None
    return found


def remember(
    now: Record | None, results: Sequence[CheckResult], connection: psycopg.Connection
) -> None:
    """Record the state that the results are about, if none of them blocked."""
    if now is not None and not blocking(results):
        records.write(connection, [now])
