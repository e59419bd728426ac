"""What a check found: a status and counts, never a value.

Three outcomes, kept apart: ``passed``; ``failed``, the data are not as expected; ``error``, the
check could not be carried out, which says nothing about the data and therefore always blocks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import psycopg

Status = Literal["passed", "failed", "error"]


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check; ``query`` finds the rows it is about, for people who may see them."""

    suite: str
    name: str
    severity: str
    status: Status
    unexpected_count: int | None = None
    evaluated: int | None = None
    error: str | None = None
    query: str | None = None
    why: str = ""

    @property
    def passed(self) -> bool:
        """Return whether the check was carried out and its expectation holds."""
        return self.status == "passed"

    @property
    def is_blocking(self) -> bool:
        """Return whether a release must wait for this."""
        return self.status == "error" or (self.status == "failed" and self.severity == "critical")


def blocking(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the results that hold a release back."""
    return [result for result in results if result.is_blocking]


def gate_result(results: Sequence[CheckResult]) -> str:
    """Return one phrase for ``marts_meta.freshness``."""
    if not results:
        return "unchecked"
    if held := blocking(results):
        return f"blocked by {len(held)}"
    warned = sum(not result.passed for result in results)
    return f"passed with {warned} warnings" if warned else "passed"


def store(conn: psycopg.Connection, results: Sequence[CheckResult], run_id: str | None) -> None:
    """Write the latest result of each check to ``marts_meta.check_results`` (role publisher)."""
    at = datetime.now(UTC).replace(tzinfo=None)
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(
            "delete from marts_meta.check_results where suite = %s",
            [(suite,) for suite in sorted({result.suite for result in results})],
        )
        cursor.executemany(
            "insert into marts_meta.check_results (suite, check_name, severity, status, "
            "unexpected_count, evaluated_count, error, query, run_id, checked_at) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(*_row(result), run_id, at) for result in results],
        )


def _row(result: CheckResult) -> tuple[object, ...]:
    counts = (result.unexpected_count, result.evaluated)
    told = (result.error, result.query)
    return (result.suite, result.name, result.severity, result.status, *counts, *told)
