"""Expectation suites as asset checks, one a rule; counts, never values."""

from collections.abc import Iterator

import dagster as dg

from expectations.loader import Suite, load_suites
from ingestion.settings import role_url


def build_checks(suite: Suite) -> dg.AssetChecksDefinition:
    """Wrap one suite; a critical expectation that fails stops everything downstream."""
    key = dg.AssetKey([suite.schema, suite.table])
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=key,
            description=check.description,
            blocking=check.severity == "critical",
        )
        for check in suite.checks
    ]

    @dg.multi_asset_check(
        name=f"gx_{suite.schema}_{suite.table}", specs=specs, can_subset=True, pool="warehouse"
    )
    def _checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from expectations.runner import run_suite

        selected = {key.name for key in context.selected_asset_check_keys}
        for result in run_suite(suite, role_url("builder")):
            if result.name in selected:
                yield dg.AssetCheckResult(
                    asset_key=key,
                    check_name=result.name,
                    passed=result.passed,
                    severity=dg.AssetCheckSeverity.ERROR
                    if result.severity == "critical"
                    else dg.AssetCheckSeverity.WARN,
                    metadata=result.metadata(),
                )

    return _checks


@dg.definitions
def defs() -> dg.Definitions:
    """All suites under ``expectations/suites``."""
    return dg.Definitions(asset_checks=[build_checks(suite) for suite in load_suites()])
