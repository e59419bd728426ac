"""Runs suites against the warehouse with Great Expectations.

First everything as BOOLEAN_ONLY, which is one round of aggregate queries per table; then only what
failed once more for its counts. Values that GX sees stay in its memory: a result carries counts
and, at most, the class of an exception, whose text may quote a row.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from expectations.loader import Check, Suite
from expectations.queries import rows_query
from expectations.results import CheckResult

if TYPE_CHECKING:
    from great_expectations.core.batch import Batch

# Counts only; partial lists of unexpected values stay empty.
_COUNTS = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_OFF = {
    "GX_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def run_suites(suites: Sequence[Suite], url: str) -> list[CheckResult]:
    """Run ``suites`` in one GX context and return one result per check, in order.

    Args:
        suites: from ``load_suites``.
        url: PostgreSQL URL of a role that may read the tables.
    """
    if not suites:
        return []
    for name, value in _OFF.items():
        os.environ.setdefault(name, value)
    try:
        source = _source(url)
    except Exception as error:  # whatever breaks in GX says nothing about the data
        return [failed for suite in suites for failed in _errors(suite, error)]
    results: list[CheckResult] = []
    for suite in suites:
        try:
            results += _run(suite, source)
        except Exception as error:  # as above, for one table
            results += _errors(suite, error)
    _hang_up(source)
    return results


def run_suite(suite: Suite, url: str) -> list[CheckResult]:
    """Run one suite; see ``run_suites``."""
    return run_suites([suite], url)


@lru_cache(maxsize=1)
def _source(url: str) -> Any:
    """Return the one GX source of this process, which costs seconds to make."""
    import great_expectations as gx

    import expectations.custom  # noqa: F401  registers our own expectations

    _silence()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_postgres(
        "warehouse",
        connection_string=url.replace("postgresql://", "postgresql+psycopg2://", 1),
        # The server may have been restarted since the last suite.
        kwargs={"pool_pre_ping": True},
    )


def _hang_up(source: Any) -> None:
    """Close the connections of source and engine; whoever builds next waits for open sessions."""
    with suppress(Exception):  # a server that is gone has hung up already
        for engine in (source.get_engine(), source.get_execution_engine().engine):
            engine.dispose()


def _silence() -> None:
    """Keep GX from logging exceptions, whose text may quote a row."""
    for name in [n for n in logging.root.manager.loggerDict if n.startswith("great_expectations")]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _run(suite: Suite, source: Any) -> list[CheckResult]:
    # A name of its own for every run, so that nothing of an earlier one is remembered.
    asset = source.add_table_asset(uuid4().hex, suite.table, schema_name=suite.schema)
    try:
        return _results(suite, asset.add_batch_definition_whole_table("all").get_batch())
    finally:
        source.delete_asset(asset.name)


def _results(suite: Suite, batch: Batch) -> list[CheckResult]:
    first = _validate(batch, suite, suite.checks, "BOOLEAN_ONLY")
    again = [c for c in suite.checks if c.name in first and _has_failed(first[c.name])]
    counts = _validate(batch, suite, again, _COUNTS) if again else {}
    return [_result(suite, check, first.get(check.name), counts) for check in suite.checks]


def _validate(batch: Batch, suite: Suite, checks: Sequence[Check], form: Any) -> dict[str, Any]:
    from great_expectations import ExpectationSuite

    expectations = [
        {
            "type": check.type,
            "kwargs": _kwargs(check),
            "severity": check.severity,
            "meta": {"check": check.name},
        }
        for check in checks
    ]
    found = batch.validate(
        ExpectationSuite(name=suite.name, expectations=expectations), result_format=form
    )
    return {result.expectation_config.meta["check"]: result for result in found.results}


def _kwargs(check: Check) -> dict[str, Any]:
    kwargs = dict(check.kwargs)
    if check.where:
        from great_expectations.expectations.row_conditions import Column

        column = Column(check.where["column"])
        if "in" in check.where:
            kwargs["row_condition"] = column.is_in(check.where["in"])
        elif "not_in" in check.where:
            kwargs["row_condition"] = column.is_not_in(check.where["not_in"])
        elif check.where["is_null"]:
            kwargs["row_condition"] = column.is_null()
        else:
            kwargs["row_condition"] = column.is_not_null()
    return kwargs


def _has_failed(found: Any) -> bool:
    return not found.success and not _raised(found)


def _result(suite: Suite, check: Check, found: Any, counts: dict[str, Any]) -> CheckResult:
    if found is None:
        return _error(suite, check, f"GX does not accept {check.type} with these arguments")
    if raised := _raised(found):
        return _error(suite, check, raised)
    if found.success:
        return CheckResult(suite.name, check.name, check.severity, "passed", 0, why=check.why)
    told = counts[check.name].result if check.name in counts else {}
    unexpected, evaluated = told.get("unexpected_count"), told.get("element_count")
    return CheckResult(
        suite.name,
        check.name,
        check.severity,
        "failed",
        None if unexpected is None else int(unexpected),
        None if evaluated is None else int(evaluated),
        query=rows_query(suite, check),
        why=check.why,
    )


def _raised(found: Any) -> str | None:
    """Return the class of the exception that kept GX from evaluating, if there was one."""
    info = found.exception_info or {}
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if isinstance(entry, dict) and entry.get("raised_exception"):
            last = (entry.get("exception_traceback") or "").strip().rsplit("\n", 1)[-1]
            name = last.split(":", 1)[0].rsplit(".", 1)[-1].strip()
            return name if name.isidentifier() else "GX error"
    return None


def _errors(suite: Suite, error: Exception) -> list[CheckResult]:
    return [_error(suite, check, type(error).__name__) for check in suite.checks]


def _error(suite: Suite, check: Check, kind: str) -> CheckResult:
    return CheckResult(
        suite.name,
        check.name,
        check.severity,
        "error",
        error=f"{kind}: the check could not be carried out",
        query=rows_query(suite, check),
        why=check.why,
    )
