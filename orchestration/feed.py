"""What Dagster's instance knows and nobody was told yet: failed runs, checks, freshness, ticks.

A failed check does not fail a run, a late table belongs to no run, and a run started by the command
line belongs to no code location, so Dagster's own run sensors see none of them. Read instead from
the event log, each kind with a cursor of its own.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster._core.scheduler.instigation import TickStatus
from dagster_shared.error import SerializableErrorInfo

from orchestration.operations import causes
from orchestration.operations.alerting import Alert

# Whoever could not be reached for a day is not helped by yesterday's alerts.
OLDEST_SECONDS = 24 * 3600
_PAGE = 1_000
_ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)


@dataclass(frozen=True)
class Cursor:
    """How far each kind of event was told; ``ticks`` is a Unix time."""

    runs: int
    checks: int
    freshness: int
    ticks: float

    @classmethod
    def read(cls, text: str | None, instance: dg.DagsterInstance) -> "Cursor":
        """Return the stored cursor; at first the present, so that no old event is told."""
        if text:
            return cls(**json.loads(text))
        last = instance.event_log_storage.get_maximum_record_id() or 0
        return cls(last, last, last, time.time())

    def write(self) -> str:
        """Return what ``read`` takes."""
        return json.dumps(asdict(self))


def news(instance: dg.DagsterInstance, cursor: Cursor) -> tuple[list[Alert], Cursor]:
    """Return the alerts for everything since ``cursor``, and the cursor after it."""
    now = time.time()
    runs, run_alerts = _failed_runs(instance, cursor.runs)
    checks, check_alerts = _failed_checks(instance, cursor.checks)
    freshness, late_alerts = _late(instance, cursor.freshness)
    alerts = [*run_alerts, *check_alerts, *late_alerts, *_failed_ticks(instance, cursor.ticks)]
    return alerts, replace(cursor, runs=runs, checks=checks, freshness=freshness, ticks=now)


def _events(
    instance: dg.DagsterInstance, kind: dg.DagsterEventType, after: int
) -> Iterator[tuple[int, EventLogEntry]]:
    page = instance.event_log_storage.get_logs_for_all_runs_by_log_id(
        after_cursor=after, dagster_event_type=kind, limit=_PAGE
    )
    yield from sorted(page.items())


def _is_told(entry: EventLogEntry) -> bool:
    return entry.timestamp < time.time() - OLDEST_SECONDS


def _failed_runs(instance: dg.DagsterInstance, after: int) -> tuple[int, list[Alert]]:
    alerts = []
    for number, entry in _events(instance, dg.DagsterEventType.RUN_FAILURE, after):
        after = number
        if _is_told(entry):
            continue
        run = instance.get_run_by_id(entry.run_id)
        job = run.job_name if run else "a run"
        failures = _failures(instance, entry)
        alerts.append(causes.run_failed(job, entry.run_id, failures, _ended(entry)))
    return after, alerts


def _failures(instance: dg.DagsterInstance, entry: EventLogEntry) -> list[causes.Failure]:
    """Return the steps that failed, or what stopped the run as a whole."""
    records = instance.get_records_for_run(
        entry.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
    ).records
    found = []
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is not None and (error := event.step_failure_data.error) is not None:
            found.append(_failure(event.step_key or "", error))
    event = entry.dagster_event
    error = getattr(event.event_specific_data, "error", None) if event else None
    return found or ([_failure("", error)] if error else [])


def _failure(step: str, error: SerializableErrorInfo) -> causes.Failure:
    while error.cause is not None:
        error = error.cause
    return causes.Failure(step, error.cls_name or "error", error.message)


def _ended(entry: EventLogEntry) -> str:
    """Return Dagster's own words for how a run ended when no step says more."""
    return entry.dagster_event.message or "" if entry.dagster_event else ""


def _failed_checks(instance: dg.DagsterInstance, after: int) -> tuple[int, list[Alert]]:
    """Return one alert per run that ended well in spite of failed checks.

    Those of a run that still goes on are left for later; those of a failed run are its cause.
    """
    by_run: dict[str, list[dg.AssetCheckEvaluation]] = {}
    status: dict[str, dg.DagsterRunStatus | None] = {}
    for number, entry in _events(instance, dg.DagsterEventType.ASSET_CHECK_EVALUATION, after):
        if entry.run_id not in status:
            run = instance.get_run_by_id(entry.run_id)
            status[entry.run_id] = run.status if run else None
        ended = status[entry.run_id]
        if ended is not None and ended not in _ENDED:
            break
        after = number
        if entry.dagster_event is None or ended == dg.DagsterRunStatus.FAILURE or _is_told(entry):
            continue
        evaluation = entry.dagster_event.asset_check_evaluation_data
        if not evaluation.passed:
            by_run.setdefault(entry.run_id, []).append(evaluation)
    return after, [_of_checks(run_id, found) for run_id, found in by_run.items()]


def _of_checks(run_id: str, found: list[dg.AssetCheckEvaluation]) -> Alert:
    failed: list[str] = []
    broken: list[str] = []
    for evaluation in found:
        status = evaluation.metadata.get("status")
        name = f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}"
        (broken if status is not None and status.value == "error" else failed).append(name)
    is_held = any(evaluation.severity == dg.AssetCheckSeverity.ERROR for evaluation in found)
    return causes.checks_failed(run_id, failed, broken, is_held=is_held)


def _late(instance: dg.DagsterInstance, after: int) -> tuple[int, list[Alert]]:
    states: dict[str, str] = {}
    for number, entry in _events(instance, dg.DagsterEventType.FRESHNESS_STATE_CHANGE, after):
        after = number
        if entry.dagster_event is None or _is_told(entry):
            continue
        change = entry.dagster_event.asset_freshness_state_change_data
        states[change.key.to_user_string()] = change.new_state.value
    late = {name: state for name, state in states.items() if state in {"WARN", "FAIL"}}
    return after, [causes.late(late)] if late else []


def _failed_ticks(instance: dg.DagsterInstance, after: float) -> list[Alert]:
    after = max(after, time.time() - OLDEST_SECONDS)
    alerts = []
    for state in instance.all_instigator_state():
        ticks = instance.get_ticks(
            state.instigator_origin_id,
            state.selector_id,
            after=after,
            statuses=[TickStatus.FAILURE],
        )
        if ticks:
            error = ticks[0].error
            while error is not None and error.cause is not None:
                error = error.cause
            kind = (error.cls_name if error else None) or "error"
            alerts.append(causes.automation_failed(state.name, kind, len(ticks)))
    return alerts
