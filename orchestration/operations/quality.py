"""The quality report of what the checks last found, for people who do not open Dagster."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from expectations import report
from expectations.loader import Suite
from expectations.results import CheckResult
from ingestion.settings import home, role_url

_LATEST = """
select suite, check_name, severity, status, unexpected_count, evaluated_count, error, query
from marts_meta.check_results order by suite, check_name
"""


def path() -> Path:
    """Return where the report is."""
    return home() / "reports" / "quality" / "index.html"


def write(suites: Sequence[Suite], run_id: str | None = None) -> Path:
    """Write the report of each suite's latest results, read as auditor, and return its path."""
    why = {(suite.name, check.name): check.why for suite in suites for check in suite.checks}
    with psycopg.connect(role_url("auditor"), connect_timeout=15) as connection:
        rows = connection.execute(_LATEST).fetchall()
    results = [
        replace(CheckResult(*row), why=why[row[0], row[1]]) for row in rows if row[:2] in why
    ]
    return report.write(results, path(), at=datetime.now(UTC), run_id=run_id)
