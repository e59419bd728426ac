"""Expectation suites as asset checks, one a rule; counts, never values.

Raw tables are checked source by source before anything is built from them (L2), core models before
they are published (L4). Every check is declared blocking, so that one which could not be carried
out stops the run whatever its severity; a warning that merely does not hold is WARN and stops
nothing.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import dagster as dg
import psycopg

from expectations.loader import Suite, load_suites, suites_of
from expectations.loads import with_loads
from expectations.results import CheckResult
from ingestion.failpoints import fail_point
from ingestion.registry import SOURCES
from ingestion.settings import role_url
from orchestration.defs.hub import Hub
from orchestration.operations.failures import without_values


def build_checks(name: str, suites: Sequence[Suite]) -> dg.AssetChecksDefinition:
    """Wrap suites of one layer as one step; a blocking result stops everything downstream."""
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=_key(suite),
            description=check.description,
            blocking=True,
            metadata={"severity": check.severity, "expectation": check.type},
        )
        for suite in suites
        for check in suite.checks
    ]

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True, pool="warehouse")
    def _checks(context: dg.AssetCheckExecutionContext, hub: Hub) -> Iterator[dg.AssetCheckResult]:
        from expectations.results import store
        from expectations.runner import run_suites
        from orchestration.operations import quality, rechecks

        with without_values():
            selected = context.selected_asset_check_keys
            wanted = [s for s in suites if any(key.asset_key == _key(s) for key in selected)]
            with (
                psycopg.connect(role_url("builder"), autocommit=True) as builder,
                psycopg.connect(role_url("publisher"), autocommit=True) as publisher,
            ):
                now = rechecks.record(name, wanted, builder)
                results = rechecks.known(now, wanted, builder, publisher)
                if results is None:
                    results = run_suites(wanted, role_url("builder"))
                    fail_point("check.before_store")
                    store(publisher, results, context.run.run_id)
                    rechecks.remember(now, results, builder)
            report = quality.write(all_suites(), context.run.run_id)
            for result in results:
                key = dg.AssetKey(result.suite.split("."))
                if dg.AssetCheckKey(key, result.name) in selected:
                    yield _to_event(key, result, str(report))

    return _checks


@cache
def all_suites() -> list[Suite]:
    """Return every suite, those of raw tables with what is expected of every load."""
    declared = load_suites()
    raw = [
        suite
        for source in SOURCES.values()
        for suite in with_loads(declared, source.dataset, source.resources)
    ]
    return [*raw, *(suite for suite in declared if not suite.schema.startswith("raw_"))]


def _key(suite: Suite) -> dg.AssetKey:
    return dg.AssetKey([suite.schema, suite.table])


def _to_event(key: dg.AssetKey, result: CheckResult, report: str) -> dg.AssetCheckResult:
    """Return the event; a check that could not be carried out blocks like a critical failure."""
    metadata: dict[str, dg.MetadataValue] = {
        "status": dg.MetadataValue.text(result.status),
        "quality_report": dg.MetadataValue.path(report),
    }
    for name, count in (
        ("unexpected_count", result.unexpected_count),
        ("evaluated", result.evaluated),
    ):
        if count is not None:
            metadata[name] = dg.MetadataValue.int(count)
    for name, text in (("error", result.error), ("query", result.query)):
        if text is not None and not result.passed:
            metadata[name] = dg.MetadataValue.text(text)
    if not result.passed:
        page = "check_error" if result.status == "error" else "check_failed"
        metadata["runbook"] = dg.MetadataValue.path(f"orchestration/runbooks/{page}.md")
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if result.is_blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """One step a source and one for core, over all suites of ``expectations/suites``."""
    suites = all_suites()
    schemas = dict.fromkeys(suite.schema for suite in suites)
    return dg.Definitions(
        asset_checks=[
            build_checks(f"check_{schema}", suites_of(suites, schema)) for schema in schemas
        ]
    )
