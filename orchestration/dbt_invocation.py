"""The dbt project, driven inside this process, one invocation a zone.

``dbtRunner`` instead of the command line: the command costs about three seconds more for each
invocation, and a run makes three. Never imports dagster.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import yaml

from ingestion.settings import (
    SettingsError,
    home,
    project_root,
    role_name,
    secret,
    warehouse_address,
)

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

PROJECT_DIR = project_root() / "dbt_project"
# Zone -> the role (and dbt target) that builds it. Only the last may read the vault.
ZONES = {"observe": "builder", "derive": "builder", "reveal": "builder_pii"}


class TransformationError(RuntimeError):
    """dbt could not build; the message names the nodes, their cause and the next step."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node: a model, a seed or a test."""

    unique_id: str
    status: str
    seconds: float
    rows: int | None
    failures: int | None
    message: str

    @property
    def is_ok(self) -> bool:
        """Whether the node was built or the test passed (warnings included)."""
        return self.status in {"success", "pass", "warn"}


def target_path(role: str) -> Path:
    """Return the artefact folder of one role: two targets never share a partial parse."""
    return home() / "dbt" / role


def selection(zone: str) -> tuple[str, str]:
    """Return what to select and exclude for one zone, as ``selectors.yml`` says.

    Spelled out because dagster-dbt cannot evaluate a selector that asks for buildable tests.
    """
    content = yaml.safe_load((PROJECT_DIR / "selectors.yml").read_text())
    [entry] = [entry for entry in content["selectors"] if entry["name"] == zone]
    parts = entry["definition"]["union"]
    excluded = [part for unit in parts for part in unit.get("exclude", ())]
    selected = [part for part in parts if "exclude" not in part]
    return _criteria(selected), _criteria(excluded)


def _criteria(parts: Sequence[Mapping[str, str]]) -> str:
    return " ".join(f"{part['method']}:{part['value']}" for part in parts)


def manifest() -> Path:
    """Return the manifest, parsed afresh when a project file is newer than it.

    Raises:
        TransformationError: when the project does not parse.
    """
    path = target_path("builder") / "manifest.json"
    if not path.exists() or path.stat().st_mtime < _newest_project_file():
        result = _invoke(["parse"], "builder", SimpleQueue())
        if not result.success:
            raise TransformationError(f"the dbt project does not parse: {result.exception}")
        path.touch()
    return path


def build(zone: str, select: Sequence[str] = ()) -> Iterator[NodeResult]:
    """Build one zone (or ``select`` of it), yielding each node's result as it finishes.

    Raises:
        TransformationError: after the last result, when any node failed.
    """
    selected, excluded = selection(zone)
    chosen = ["--select", *(select or selected.split()), "--exclude", *excluded.split()]
    # buildable: a test runs once all it reads is built, never against a later zone.
    arguments = [
        "build",
        *chosen,
        "--indirect-selection",
        "buildable",
    ]
    if ZONES[zone] != "builder":
        arguments.append("--no-write-json")
    results: SimpleQueue[NodeResult | None] = SimpleQueue()
    outcome: list[dbtRunnerResult] = []

    def work() -> None:
        try:
            outcome.append(_invoke(arguments, ZONES[zone], results))
        finally:
            results.put(None)

    worker = Thread(target=work, name=f"dbt-{zone}", daemon=True)
    worker.start()
    failed = []
    while (result := results.get()) is not None:
        if not result.is_ok and result.status != "skipped":
            failed.append(result)
        yield result
    worker.join()
    _raise_for(zone, outcome, failed)


def _raise_for(zone: str, outcome: "list[dbtRunnerResult]", failed: Sequence[NodeResult]) -> None:
    if failed:
        named = "; ".join(f"{node.unique_id}: {node.message}" for node in failed[:5])
        raise TransformationError(f"dbt zone {zone}: {len(failed)} node(s) failed: {named}")
    if not outcome or not outcome[0].success:
        cause = outcome[0].exception if outcome else "dbt stopped without a result"
        raise TransformationError(f"dbt zone {zone} could not run: {cause}")


def _invoke(
    arguments: Sequence[str], role: str, results: "SimpleQueue[NodeResult | None]"
) -> "dbtRunnerResult":
    from dbt.cli.main import dbtRunner

    def collect(event: Any) -> None:
        if event.info.name == "NodeFinished":
            results.put(_node_result(event.data))

    os.environ.update(_connection_variables(role))
    target = target_path(role)
    target.mkdir(parents=True, exist_ok=True)
    return dbtRunner(callbacks=[collect]).invoke(
        [
            "--quiet",
            "--log-level",
            "none",
            "--log-level-file",
            "none",
            "--no-use-colors",
            *arguments,
            "--project-dir",
            str(PROJECT_DIR),
            "--profiles-dir",
            str(PROJECT_DIR),
            "--target",
            role,
            "--target-path",
            str(target),
        ]
    )


def _connection_variables(role: str) -> dict[str, str]:
    """Return what ``profiles.yml`` reads; nothing when no warehouse is set up (parsing only)."""
    try:
        address = warehouse_address()
        return {
            "TANDEM_PGHOST": address.host,
            "TANDEM_PGPORT": str(address.port),
            "TANDEM_PGDATABASE": address.dbname,
            "TANDEM_PGUSER": role_name(role),
            "TANDEM_PGPASSWORD": secret(f"{role}.password"),
        }
    except SettingsError:
        return {}


def _node_result(data: Any) -> NodeResult:
    from google.protobuf.json_format import MessageToDict

    run = MessageToDict(data.run_result, preserving_proto_field_name=True)
    rows = run.get("adapter_response", {}).get("rows_affected")
    failures = run.get("num_failures")
    return NodeResult(
        unique_id=data.node_info.unique_id,
        status=str(data.node_info.node_status),
        seconds=float(run.get("execution_time", 0.0)),
        rows=int(rows) if rows is not None and int(rows) >= 0 else None,
        failures=int(failures) if failures is not None else None,
        message=_without_values(str(run.get("message", ""))),
    )


def _without_values(message: str) -> str:
    """Drop the lines in which PostgreSQL quotes a row, and dbt a path of this machine."""
    unwanted = ("DETAIL", "CONTEXT", "LINE ", "HINT", "^", "compiled code at")
    lines = (line.strip() for line in message.splitlines())
    return " ".join(line for line in lines if line and not line.startswith(unwanted))


def _newest_project_file() -> float:
    folders = ("models", "macros", "seeds", "tests", "semantic_models")
    files = [PROJECT_DIR / "dbt_project.yml", PROJECT_DIR / "selectors.yml"]
    for folder in folders:
        files += (PROJECT_DIR / folder).rglob("*")
    return max((path.stat().st_mtime for path in files if path.is_file()), default=0.0)
