"""A run's plan, written at once, is what Dagster's own storage writes event by event."""

from collections.abc import Iterator

import dagster as dg
import psycopg
import pytest

from orchestration import instance as hub_instance
from tests.conftest import Warehouse

PLANNED = """
    select log.dagster_event_type, log.step_key, log.asset_key, log.partition,
        planned.asset_key, planned.check_name, planned.execution_status, planned.partition,
        planned.evaluation_event = log.event, planned.evaluation_event_timestamp = log.timestamp
    from event_logs as log
    left join asset_check_executions as planned
        on planned.run_id = log.run_id and planned.evaluation_event_storage_id = log.id
    where log.run_id = %s
    order by log.id
"""
TABLES = "select asset_key from asset_keys where last_run_id = %s order by 1"


@dg.asset
def orders() -> None:
    """Nothing but a table to plan for."""


@dg.asset(deps=[orders])
def customers() -> None:
    """Another."""


@dg.asset_check(asset=orders)
def is_filled() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


JOB = dg.Definitions(
    assets=[orders, customers], asset_checks=[is_filled], jobs=[dg.define_asset_job("everything")]
).resolve_job_def("everything")


@pytest.fixture
def instance(
    fresh_database: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    for name in ("DAGSTER_HOME", "TANDEM_DAGSTER_URL", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("TANDEM_HOME", str(fresh_database.home))
    with hub_instance.instance() as instance:
        yield instance


def test_a_plan_is_the_same_however_it_is_written(
    fresh_database: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(fresh_database.url("dagster"), autocommit=True) as connection:

        def planned() -> list[tuple[object, ...]]:
            run_id = instance.create_run_for_job(JOB).run_id
            plan = connection.execute(PLANNED, [run_id]).fetchall()
            return [*plan, *connection.execute(TABLES, [run_id]).fetchall()]

        at_once = planned()
        monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")
        assert at_once == planned()
    kinds = sorted(row[0] for row in at_once[:3])
    assert kinds == ["ASSET_CHECK_EVALUATION_PLANNED", *["ASSET_MATERIALIZATION_PLANNED"] * 2]
    assert len(at_once) == 5


def test_a_planned_check_is_evaluated_in_its_place(instance: dg.DagsterInstance) -> None:
    result = JOB.execute_in_process(instance=instance)
    assert result.success
    [execution] = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("orders"), "is_filled"), limit=10
    )[:1]
    assert execution.run_id == result.run_id
    assert execution.status.value == "SUCCEEDED"
