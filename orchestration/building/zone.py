"""Build one zone of the dbt project: only what changed, and the tests on it.

A run whose inputs are as they were costs a few queries and never loads dbt. A node is recorded once
it is built, a test once it holds; what failed, and what was skipped for it, is tried again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg

from ingestion.settings import role_name, role_url
from orchestration import dbt_invocation
from orchestration.building import checks, inputs, records, versions
from orchestration.building.plan import Plan
from orchestration.building.project import Project
from orchestration.building.rules import RuleFiles
from orchestration.dbt_invocation import ZONES, NodeResult, TransformationError
from orchestration.warehouse.bootstrap import admin_server
from orchestration.warehouse.server import connect

SHOWN_FAULTS = 20


def build(
    zone: str, select: Sequence[str] = (), *, full_refresh: bool = False
) -> Iterator[NodeResult]:
    """Bring one zone up to date, or build ``select`` of it (names of models and seeds) anyway.

    ``full_refresh`` builds everything chosen from what it reads, tables built by increment too.

    Yields the result of every node chosen and of the tests on them, ``unchanged`` where there was
    nothing to do.

    Raises:
        TransformationError: before anything is built, when a rule file is wrong; after the last
            result, when a node failed.
    """
    project = Project.load(dbt_invocation.PROJECT_DIR, dbt_invocation.manifest())
    rules = RuleFiles(project)
    yield from _checked_rules(project, rules, zone)
    plan = _plan(project, zone, select, full_refresh)
    stale = set(plan.stale)
    yield from (_result(node, "unchanged") for node in plan.ordered if node not in stale)
    yield from (_result(test, "unchanged") for test in plan.held if not rules.can_tell(test))
    built: list[str] = []
    failed: list[NodeResult] = []
    for result in _built(plan, rules):
        if result.is_ok and result.status != "warn":
            built.append(result.unique_id)
        elif not result.is_ok and result.status != "skipped":
            failed.append(result)
        yield result
    _record(plan, built)
    if failed:
        named = "; ".join(f"{node.unique_id}: {node.message}" for node in failed[:5])
        raise TransformationError(f"dbt zone {zone}: {len(failed)} node(s) failed: {named}")


def _checked_rules(project: Project, rules: RuleFiles, zone: str) -> Iterator[NodeResult]:
    """Yield the results of the tests on rule files, in the zone that loads them."""
    faults = rules.faults()
    for test in (test for test in project.tests_of(zone) if rules.can_tell(test)):
        offences = [] if faults else rules.offences(test)
        faults += offences
        yield _result(test, "fail" if offences else "pass", failures=len(offences))
    if faults:
        shown = "\n  ".join(str(fault) for fault in dict.fromkeys(faults[:SHOWN_FAULTS]))
        more = f"\n  and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise TransformationError(
            f"nothing was built: mend these lines and run again\n  {shown}{more}"
        )


def _plan(project: Project, zone: str, select: Sequence[str], full_refresh: bool) -> Plan:
    members = project.zones[zone]
    chosen = {node for node in members if not select or node.rsplit(".", 1)[1] in set(select)}
    with connect(admin_server()) as connection:
        versions.settle(connection, role_name(ZONES[zone]))
        state = inputs.state(connection, project)
    is_forced = full_refresh or bool(select)
    return Plan(project, zone, state, chosen, is_forced=is_forced, is_anew=full_refresh)


def _built(plan: Plan, rules: RuleFiles) -> Iterator[NodeResult]:
    """Let dbt build what is stale with the tests that need dbt, then carry out the simple ones."""
    project = plan.project
    tests = [test for test in plan.tests if not rules.can_tell(test)]
    simple = [test for test in tests if checks.is_simple(project.node(test))]
    chosen = [*plan.stale, *(test for test in tests if test not in simple)]
    unbuilt: set[str] = set()
    if chosen:
        arguments = ["build", "--indirect-selection", "empty", "--no-write-json"]
        arguments += ["--exclude-resource-types", "unit_test"]
        if plan.needs_full_refresh:
            arguments.append("--full-refresh")
        for result in dbt_invocation.run(arguments, ZONES[plan.zone], chosen):
            if not result.is_ok:
                unbuilt.add(result.unique_id)
            yield result
    testable = [test for test in simple if not unbuilt.intersection(project.parents(test))]
    with _connected(plan) as connection:
        for test, count in checks.evaluate(connection, project, testable):
            yield _result(test, "fail" if count else "pass", failures=count)


def _record(plan: Plan, built: Iterable[str]) -> None:
    with _connected(plan) as connection:
        relations = versions.look(connection, plan.project.schemas)
        records.write(connection, [plan.record(node, relations) for node in built])


@contextmanager
def _connected(plan: Plan) -> Iterator[psycopg.Connection]:
    with closing(psycopg.connect(role_url(ZONES[plan.zone]), autocommit=True)) as connection:
        yield connection


def _result(unique_id: str, status: str, *, failures: int | None = None) -> NodeResult:
    message = f"{failures} row(s) fail" if failures else ""
    return NodeResult(unique_id, status, 0.0, None, failures, message)
