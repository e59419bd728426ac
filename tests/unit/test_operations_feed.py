"""What the instance knows becomes alerts once: runs, checks, freshness, ticks."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo
from pytest_httpserver import HTTPServer

from orchestration.defs.alerts import AlertsUndelivered, alerts
from orchestration.feed import Cursor, news


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


class LoadError(RuntimeError):
    """Looks like ours only by name."""


@dg.asset
def table() -> None:
    """A table."""


@dg.asset_check(asset=table)
def amount_is_positive() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"status": "failed"}
    )


@dg.asset_check(asset=table)
def could_not_be_asked() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, metadata={"status": "error"})


@dg.asset
def broken() -> None:
    raise LoadError("Key (email)=(ada@example.org) already exists")


def run(instance: dg.DagsterInstance, *parts: object) -> None:
    dg.materialize(list(parts), instance=instance, raise_on_error=False)  # type: ignore[arg-type]


def start(instance: dg.DagsterInstance) -> Cursor:
    return Cursor.read(None, instance)


def test_a_failed_run_is_told_once_without_the_text_of_a_strangers_error(
    instance: dg.DagsterInstance,
) -> None:
    cursor = start(instance)
    run(instance, broken)
    [alert], after = news(instance, cursor)
    assert "LoadError in broken" in alert.cause
    assert "ada@example.org" not in alert.title + alert.text
    assert news(instance, after)[0] == []


def test_what_happened_before_the_first_tick_is_not_told(instance: dg.DagsterInstance) -> None:
    run(instance, broken)
    assert news(instance, start(instance))[0] == []


def test_failed_checks_of_a_run_that_succeeded_are_one_alert(instance: dg.DagsterInstance) -> None:
    cursor = start(instance)
    run(instance, table, amount_is_positive, could_not_be_asked)
    [alert], after = news(instance, cursor)
    assert "table: amount_is_positive" in alert.cause
    assert "could not be carried out: table: could_not_be_asked" in alert.cause
    assert alert.runbook.endswith("check_error.md")
    assert news(instance, after)[0] == []


def test_a_late_table_is_told(instance: dg.DagsterInstance) -> None:
    cursor = start(instance)
    change = FreshnessStateChange(
        key=dg.AssetKey(["marts", "customer_360"]),
        new_state=FreshnessState.FAIL,
        previous_state=FreshnessState.PASS,
        state_change_timestamp=time.time(),
    )
    instance._report_runless_asset_event(change)
    [alert], after = news(instance, cursor)
    assert "too old: marts/customer_360" in alert.cause
    assert alert.runbook.endswith("freshness.md")
    assert news(instance, after)[0] == []


def test_the_sensor_keeps_its_place_while_nobody_can_be_reached(
    instance: dg.DagsterInstance, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/hook").respond_with_data("gone", status=500)
    monkeypatch.setenv("TANDEM_ALERTS", f"json://127.0.0.1:{httpserver.port}/hook")
    cursor = start(instance).write()
    run(instance, broken)
    with pytest.raises(AlertsUndelivered, match="reached nobody"):
        alerts(dg.build_sensor_context(instance=instance, cursor=cursor))
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("ok")
    told = alerts(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(told, dg.SensorResult)
    assert len(httpserver.log) == 1
    again = alerts(dg.build_sensor_context(instance=instance, cursor=told.cursor))
    assert isinstance(again, dg.SensorResult)
    assert len(httpserver.log) == 1


def test_a_sensor_that_raised_is_told(instance: dg.DagsterInstance) -> None:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("tandem"), "hub")
    origin = RemoteInstigatorOrigin(repository, "files_arrived")
    cursor = start(instance)
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    instance.add_instigator_state(state)
    for _ in range(2):
        instance.create_tick(
            TickData(
                state.instigator_origin_id,
                state.name,
                InstigatorType.SENSOR,
                TickStatus.FAILURE,
                time.time(),
                error=SerializableErrorInfo("it read ada@example.org", [], "OSError"),
                selector_id=state.selector_id,
            )
        )
    [alert], after = news(instance, cursor)
    assert "files_arrived could not be evaluated 2 times (OSError)" in alert.cause
    assert "ada@example.org" not in alert.text
    assert news(instance, after)[0] == []
