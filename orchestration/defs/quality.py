"""Expectation suites as asset checks, one a rule; counts, never values."""

from collections.abc import Iterator

import dagster as dg
import psycopg

from expectations.loader import Suite, load_suites
from expectations.results import CheckResult
from ingestion.settings import role_url


def build_checks(suite: Suite) -> dg.AssetChecksDefinition:
    """Wrap one suite; a critical expectation that fails stops everything downstream."""
    key = dg.AssetKey([suite.schema, suite.table])
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=key,
            description=check.why or None,
            blocking=check.is_critical,
        )
        for check in suite.checks
    ]

    @dg.multi_asset_check(
        name=f"gx_{suite.schema}_{suite.table}", specs=specs, can_subset=True, pool="warehouse"
    )
    def _checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from expectations.results import store
        from expectations.runner import run_suite

        results = run_suite(suite, role_url("builder"))
        with psycopg.connect(role_url("publisher")) as connection:
            store(connection, results, context.run.run_id)
        selected = {key.name for key in context.selected_asset_check_keys}
        for result in results:
            if result.name in selected:
                yield _to_event(key, result)

    return _checks


def _to_event(key: dg.AssetKey, result: CheckResult) -> dg.AssetCheckResult:
    """Return the event; a check that could not be carried out blocks like a critical failure."""
    metadata: dict[str, str | int] = {"status": result.status}
    if result.unexpected_count is not None:
        metadata["unexpected_count"] = result.unexpected_count
    if result.evaluated is not None:
        metadata["evaluated"] = result.evaluated
    if result.error is not None:
        metadata["error"] = result.error
    if result.query is not None:
        metadata["query"] = result.query
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if result.is_blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """All suites under ``expectations/suites``."""
    return dg.Definitions(asset_checks=[build_checks(suite) for suite in load_suites()])
