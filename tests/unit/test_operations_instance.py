"""Dagster's own instance as operators get it: one run at a time, and nothing that piles up."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from ingestion.settings import project_root
from orchestration import instance as hub_instance
from orchestration.cli import run as run_command

QUEUE = {"run_coordinator": {"module": "dagster", "class": "QueuedRunCoordinator"}}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return dict(hub_instance._settings(tmp_path))


def test_runs_queue_up_one_behind_the_other(settings: dict[str, Any]) -> None:
    assert settings["concurrency"]["runs"] == {"max_concurrent_runs": 1}
    assert settings["concurrency"]["pools"] == {"default_limit": 1}


def test_a_dead_run_is_noticed_and_its_place_is_free_again(settings: dict[str, Any]) -> None:
    monitoring = settings["run_monitoring"]
    assert monitoring["enabled"]
    assert 0 < monitoring["max_runtime_seconds"] <= 6 * 3600
    assert monitoring["free_slots_after_run_end_seconds"] > 0
    assert settings["run_retries"] == {"enabled": True, "max_retries": 1}


def test_a_dead_run_gives_its_place_back_where_no_daemon_watches(tmp_path: Path) -> None:
    @dg.job
    def refresh() -> None:
        """Nothing but a run to die."""

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        events = instance.event_log_storage
        events.set_concurrency_slots("warehouse", 1)
        dead, buried = (
            instance.create_run_for_job(
                refresh, status=status, tags={run_command.PROCESS_TAG: "999999999"}
            )
            for status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE)
        )
        for run in (dead, buried):
            assert events.claim_concurrency_slot("warehouse", run.run_id, "build").is_claimed
            run_command._bury_dead_runs(instance)
            assert events.get_concurrency_run_ids() == set()
        assert instance.get_run_by_id(dead.run_id).is_failure


def test_nothing_piles_up_and_nothing_is_told_to_strangers(settings: dict[str, Any]) -> None:
    assert settings["retention"]["schedule"]["purge_after_days"] > 0
    assert settings["retention"]["sensor"]["purge_after_days"]["skipped"] > 0
    assert settings["telemetry"] == {"enabled": False}
    assert settings["nux"] == {"enabled": False}


def test_the_file_of_the_instance_holds_no_password(settings: dict[str, Any]) -> None:
    [storage] = settings["storage"].values()
    assert storage["config"] == {"postgres_url": {"env": "TANDEM_DAGSTER_URL"}}


@pytest.fixture
def queueing(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance whose runs wait in the queue."""
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=QUEUE) as made:
        yield made


@pytest.mark.faults
def test_a_schedule_missed_while_down_runs_once(queueing: dg.DagsterInstance) -> None:
    target = ModuleTarget(
        module_name="orchestration.defs.alerts",
        attribute="defs",
        working_directory=str(project_root()),
        location_name="tandem",
    )
    times: dict[str, Any] = {}
    with create_test_daemon_workspace_context(target, queueing) as context:
        request = context.create_request_context()
        [location] = request.code_locations
        [repository] = location.get_repositories().values()
        queueing.start_schedule(repository.get_schedule("daily_digest_schedule"))
        for days in (5, 5.01):
            back = datetime.now(UTC) + timedelta(days=days)
            list(launch_scheduled_runs(context, logging.getLogger("scheduler"), back, times))
    runs = queueing.get_runs()
    assert [run.status for run in runs] == [dg.DagsterRunStatus.QUEUED]
