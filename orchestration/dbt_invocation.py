"""dbt, driven inside this process: parse once, build what is asked for.

``dbtRunner`` instead of the command line, which costs about three seconds more for each
invocation; and one parsed project for all invocations of all processes, whatever role builds, until
a file of it changes. Never imports dagster.
"""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock

from ingestion.settings import (
    SettingsError,
    home,
    project_root,
    role_name,
    secret,
    transport,
    warehouse_address,
)

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

PROJECT_DIR = project_root() / "dbt_project"
# Zone -> the role (and dbt target) that builds it. Only the last may read the vault.
ZONES = {"observe": "builder", "derive": "builder", "reveal": "builder_pii"}
# Names both the role and the target that the project is parsed with.
PARSER = "builder"
# What dbt itself reads of the parsed project, beside the manifest for everybody else.
PARSED = "manifest.msgpack"
# Marks what one invocation is to build: dbt compares every node with every criterion it is given.
CHOSEN = "chosen"
_parsing = Lock()


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
        """Whether the node was built or needed not be, or the test passed or only warned."""
        return self.status in {"success", "pass", "warn", "unchanged"}


def target_path(role: str) -> Path:
    """Return the artefact folder of one role."""
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
    """Return the manifest, parsed afresh when any file of the project differs from what it read.

    Raises:
        TransformationError: when the project does not parse.
    """
    path = target_path(PARSER) / "manifest.json"
    stamp = path.with_name("parsed_from")
    current = _project_state()
    if not _is_parsed(path, stamp, current):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The web server, the daemon and a run parse the same project into the same folder.
        with _parsing, FileLock(path.with_name("parsing.lock")):
            if not _is_parsed(path, stamp, current):
                stamp.unlink(missing_ok=True)
                draft = path.with_name(f"{PARSED}.new")
                draft.write_bytes(_parse().to_msgpack())
                draft.replace(path.with_name(PARSED))
                stamp.write_text(current)
    return path


def _is_parsed(path: Path, stamp: Path, current: str) -> bool:
    files = (path, path.with_name(PARSED), stamp)
    return all(file.exists() for file in files) and stamp.read_text() == current


def run(arguments: Sequence[str], role: str, chosen: Collection[str] = ()) -> Iterator[NodeResult]:
    """Run a dbt command as ``role``, yielding each node's result as it finishes.

    ``chosen`` are the unique ids to select, in place of arguments that do.

    Raises:
        TransformationError: after the last result, when dbt could not carry the command out.
    """
    results: SimpleQueue[NodeResult | None] = SimpleQueue()
    outcome: list[dbtRunnerResult] = []

    def work() -> None:
        try:
            parsed = _own_manifest(chosen)
            selected = ["--select", f"tag:{CHOSEN}"] if chosen else []
            outcome.append(_invoke([*arguments, *selected], role, results, parsed))
        finally:
            results.put(None)

    worker = Thread(target=work, name=f"dbt-{role}", daemon=True)
    worker.start()
    some_failed = False
    while (result := results.get()) is not None:
        some_failed = some_failed or not result.is_ok
        yield result
    worker.join()
    if not outcome or (not outcome[0].success and not some_failed):
        cause = outcome[0].exception if outcome else "dbt stopped without a result"
        raise TransformationError(f"dbt could not run as {role}: {cause}")


def _own_manifest(chosen: Collection[str]) -> "Manifest":
    """Return the parsed project, ``chosen`` marked: a copy, since dbt renders it in place."""
    from dbt.contracts.graph.manifest import Manifest

    parsed: Manifest = Manifest.from_msgpack(manifest().with_name(PARSED).read_bytes())
    for unique_id in chosen:
        parsed.nodes[unique_id].tags.append(CHOSEN)
    return parsed


def _parse() -> "Manifest":
    result = _invoke(["parse", "--write-json"], PARSER, SimpleQueue(), None)
    if not result.success or result.result is None:
        raise TransformationError(f"the dbt project does not parse: {result.exception}")
    parsed: Manifest = result.result
    return parsed


def _invoke(
    arguments: Sequence[str],
    role: str,
    results: "SimpleQueue[NodeResult | None]",
    parsed: "Manifest | None",
) -> "dbtRunnerResult":
    from dbt.cli.main import dbtRunner

    def collect(event: Any) -> None:
        if event.info.name == "NodeFinished":
            results.put(_node_result(event.data))

    os.environ.update(connection_variables(role))
    target = target_path(role)
    target.mkdir(parents=True, exist_ok=True)
    return dbtRunner(manifest=parsed, callbacks=[collect]).invoke(
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


def connection_variables(role: str) -> dict[str, str]:
    """Return what ``profiles.yml`` reads; nothing when no warehouse is set up (parsing only)."""
    try:
        address = warehouse_address()
        return {
            "TANDEM_PGHOST": address.host,
            "TANDEM_PGPORT": str(address.port),
            "TANDEM_PGDATABASE": address.dbname,
            "TANDEM_PGUSER": role_name(role),
            "TANDEM_PGPASSWORD": secret(f"{role}.password"),
            # libpq reads these itself: PGSSLMODE and its like.
            **{f"PG{name.upper().replace('_', '')}": value for name, value in transport().items()},
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


def _project_state() -> str:
    """Return what tells one state of the project's files from another, and of its database."""
    folders = ("models", "macros", "seeds", "tests", "semantic_models")
    files = [PROJECT_DIR / f"{name}.yml" for name in ("dbt_project", "selectors", "profiles")]
    for folder in folders:
        files += (PROJECT_DIR / folder).rglob("*")
    state = hashlib.sha256(connection_variables(PARSER).get("TANDEM_PGDATABASE", "").encode())
    for file in sorted(files):
        if file.is_file():
            found = file.stat()
            state.update(f"{file}\0{found.st_mtime_ns}\0{found.st_size}\n".encode())
    return state.hexdigest()
