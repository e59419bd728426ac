"""Whether a step's checks would say again what they said: same rules, same rows.

What a check says follows from the rows it reads. A step whose tables hold what they held when its
checks let them through reports those results, warnings too, instead of reading everything again.
What a load writes for itself (the sizes of loads, new fields, the clock) moves with every run: of
the statements that read it, the rows they find are counted.
"""

# ruff: noqa: S608  the parts come from suite files of this project, not from anybody's input

from collections.abc import Sequence
from dataclasses import asdict

import psycopg

from expectations.loader import Suite
from expectations.queries import rows_query
from expectations.results import CheckResult, blocking
from orchestration.building import inputs, records, versions
from orchestration.building.project import digest
from orchestration.building.records import Record

# dlt's own tables: written by every load, and read by no check but through what runs note down.
_OF_LOADER = "_dlt_"
_NOTES = " ops."
_RESULTS = """
    select suite, check_name, severity, status, unexpected_count, evaluated_count, error, query
    from marts_meta.check_results where suite = any(%s)
"""


def record(step: str, suites: Sequence[Suite], connection: psycopg.Connection) -> Record | None:
    """Return what tells this state of rules and tables from another; none if that is unknown."""
    schemas = {suite.schema for suite in suites}
    relations = {
        (schema, table): relation
        for (schema, table), relation in versions.look(connection, schemas).items()
        if not table.startswith(_OF_LOADER)
    }
    held: dict[tuple[str, str], str | None] = {name: at.version for name, at in relations.items()}
    checked = {(suite.schema, suite.table) for suite in suites}
    compared = {name: at for name, at in relations.items() if name in checked}
    held |= inputs.contents(connection, compared, records.read(connection))
    if None in held.values():
        return None
    try:
        noted = _found_in_notes(suites, connection)
    except psycopg.Error:
        return None
    rules = digest([asdict(suite) for suite in suites])
    return Record(f"checks.{step}", rules, digest([sorted(held.items()), noted]), "")


def _found_in_notes(
    suites: Sequence[Suite], connection: psycopg.Connection
) -> tuple[int, ...] | None:
    """Return how many rows each statement finds that reads what runs note down."""
    queries = [rows_query(suite, check) for suite in suites for check in suite.checks]
    counts = [
        f"(select count(*) from ({query}) as found)" for query in queries if _NOTES in (query or "")
    ]
    return connection.execute(f"select {', '.join(counts)}".encode()).fetchone()


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
