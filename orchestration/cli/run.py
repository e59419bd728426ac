"""``tandem run``: the same Dagster job an operator launches, watched from the terminal."""

import gc
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance, ExecuteInProcessResult, JobDefinition
    from dagster_shared.error import SerializableErrorInfo

JOB = "refresh"
PROCESS_TAG = "tandem/process"
POLL_SECONDS = 0.3
# Python looks for garbage in cycles whenever it made some objects more than it let go, 700 unless
# told. Those of libraries and definitions stay: looking through them took a fifth of loading them.
OBJECTS_BETWEEN_LOOKS = 50_000


class RunFailed(RuntimeError):
    """The job ended without success; the message lists causes."""


@dataclass(frozen=True)
class Wanted:
    """What the command line says about the sandbox company, the sources and the build."""

    people: int
    seed: int | None
    sources: list[str]
    full_refresh: bool

    def config(self) -> dict[str, object]:
        """Return the run configuration of the job."""
        from orchestration.dbt_invocation import ZONES

        company: dict[str, object] = {"people": self.people, "sources": self.sources}
        if self.seed is not None:
            company["seed"] = self.seed
        zone = {"config": {"full_refresh": self.full_refresh}}
        return {
            "resources": {"company": {"config": company}},
            "ops": {f"dbt_{name}": zone for name in ZONES},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }


def run(
    people: Annotated[int, typer.Option(help="Size of the sandbox company.", min=100)] = 20_000,
    seed: Annotated[int | None, typer.Option(help="Seed of the sandbox company.")] = None,
    sources: Annotated[
        str | None, typer.Option(help="Only these sources, comma separated: hubspot,matomo.")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option(help="Build everything from raw, whatever was built before.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Summary for machines.")] = False,
) -> None:
    """Load, build, check and publish: the whole refresh."""
    from orchestration.warehouse.bootstrap import prepare

    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    console = Console(stderr=True)
    started = time.monotonic()
    with console.status("starting the warehouse"):
        prepare()
    with console.status("loading the definitions"):
        from orchestration.cli.summary import collect, show
        from orchestration.instance import instance

        dagster_instance = instance()
        job, chosen = _job(sources)
    _bury_dead_runs(dagster_instance)
    wanted = Wanted(people, seed, chosen, full_refresh)
    result = _execute(job, dagster_instance, console, wanted, narrowed=sources is not None)
    if not result.success:
        raise RunFailed(_causes(result))
    summary = collect(result, seconds=time.monotonic() - started)
    typer.echo(json.dumps(summary, default=str)) if as_json else show(summary, Console())


def _job(sources: str | None) -> "tuple[JobDefinition, list[str]]":
    """Return the job and the vendors it is to load."""
    from orchestration.definitions import defs

    vendors = _vendors()
    chosen = [name.strip() for name in sources.split(",")] if sources else vendors
    if unknown := sorted(set(chosen) - set(vendors)):
        raise RunFailed(f"no source named {', '.join(unknown)}: choose from {', '.join(vendors)}")
    return defs().resolve_job_def(JOB), chosen


def _vendors() -> list[str]:
    from ingestion.registry import SOURCES

    return [source.vendor for source in SOURCES.values()]


def _execute(
    job: "JobDefinition",
    instance: "DagsterInstance",
    console: Console,
    wanted: Wanted,
    *,
    narrowed: bool,
) -> "ExecuteInProcessResult":
    from dagster import AssetKey

    keys: list[AssetKey] | None = None
    if narrowed:
        left_out = {f"raw_{vendor}" for vendor in set(_vendors()) - set(wanted.sources)}
        keys = [key for key in job.asset_layer.executable_asset_keys if key.path[0] not in left_out]
    run_id = str(uuid.uuid4())
    with _progress(instance, run_id, console):
        return job.execute_in_process(
            instance=instance,
            run_id=run_id,
            asset_selection=keys,
            run_config=wanted.config(),
            tags={PROCESS_TAG: str(os.getpid())},
            raise_on_error=False,
        )


@contextmanager
def _progress(instance: "DagsterInstance", run_id: str, console: Console) -> Iterator[None]:
    """Show each step while it runs, read from the instance's own event log."""
    done = threading.Event()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=False) as progress:
        follower = threading.Thread(
            target=_follow, args=(instance, run_id, progress, done), daemon=True
        )
        follower.start()
        try:
            yield
        finally:
            done.set()
            follower.join(timeout=10)


def _follow(
    instance: "DagsterInstance", run_id: str, progress: Progress, done: threading.Event
) -> None:
    from dagster import DagsterEventType

    # A run has thousands of other events.
    told = {
        DagsterEventType.STEP_START,
        DagsterEventType.STEP_SUCCESS,
        DagsterEventType.STEP_FAILURE,
    }
    tasks: dict[str, object] = {}
    cursor: str | None = None
    finished = False
    while not finished:
        finished = done.wait(POLL_SECONDS)
        try:
            page = instance.get_records_for_run(run_id, cursor=cursor, of_type=told)
        except Exception:
            # The server is gone: the run itself says so.
            return
        cursor = page.cursor
        for record in page.records:
            if (event := record.event_log_entry.dagster_event) and event.step_key:
                _advance(event, progress, tasks)


def _advance(event: "DagsterEvent", progress: Progress, tasks: dict[str, object]) -> None:
    step = event.step_key or ""
    if event.event_type_value == "STEP_START" and step not in tasks:
        tasks[step] = progress.add_task(step, total=1)
    elif step in tasks and event.is_step_success:
        progress.update(tasks[step], completed=1)  # type: ignore[arg-type]
    elif step in tasks and event.is_step_failure:
        progress.update(tasks[step], description=f"[red]{step} failed")  # type: ignore[arg-type]
        progress.stop_task(tasks[step])  # type: ignore[arg-type]


def _bury_dead_runs(instance: "DagsterInstance") -> None:
    """Mark runs whose process is gone as failed; refuse to start beside a living one.

    A dead run still holds its places in the pools, for ever where no daemon watches: they are
    given back, of every run that is over.
    """
    import psutil
    from dagster import DagsterRunStatus, RunsFilter

    going = RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.STARTING])
    for record in instance.get_runs(filters=going):
        process = record.tags.get(PROCESS_TAG)
        if process is None:
            continue
        if psutil.pid_exists(int(process)) and "tandem" in _command(int(process)):
            raise RunFailed(
                f"a refresh is already running (process {process}): wait for it, "
                "or watch it with `tandem ui`"
            )
        instance.report_run_failed(record, "its process ended before the run did")
    events = instance.event_log_storage
    for run_id in events.get_concurrency_run_ids():
        holder = instance.get_run_by_id(run_id)
        if holder is None or holder.is_finished:
            events.free_concurrency_slots_for_run(run_id)


def _command(process: int) -> str:
    import psutil

    try:
        return " ".join(psutil.Process(process).cmdline())
    except psutil.Error:
        return ""


def _causes(result: "ExecuteInProcessResult") -> str:
    """Return one line a failed step or check; what stopped the run as a whole if there is none."""
    lines = [
        f"{event.step_key}: {_root_cause(event.step_failure_data.error)}"
        for event in result.all_events
        if event.is_step_failure
    ]
    lines += [
        f"check {evaluation.check_name} on {evaluation.asset_key.to_user_string()} failed"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.severity.value == "ERROR"
    ]
    if not lines:
        lines = [
            f"{event.message} {_root_cause(getattr(event.event_specific_data, 'error', None))}"
            for event in result.all_events
            if event.is_failure
        ]
    return "the refresh failed; the last release stays as it is\n  " + "\n  ".join(lines)


def _root_cause(error: "SerializableErrorInfo | None") -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error else ""
