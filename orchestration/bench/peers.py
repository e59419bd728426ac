"""What others cost for the same work: measured in the same run, where a registry has them.

Loaders bring some of the events into an empty table, each event a document, everything else of
them left at its default: ``dlt defaults`` (no settings of ours, rows as dictionaries) and
``target-postgres`` (Singer's loader as Meltano keeps it, in an environment of its own below the
benchmark's folder). ``dbt run`` builds the models of *derive* once more with nothing new, as dbt
does when nobody asks whether inputs changed; ``dbt run, all anew`` is dbt's default of tables.
The probabilistic tier's peer, Splink, has its own data: ``tests/benchmarks/identity_febrl.py``.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row

from ingestion import DLT_SETTINGS
from ingestion.settings import role_url
from orchestration.bench.errors import BenchError

TARGET = "meltanolabs-target-postgres==0.8.1"
SAMPLE = 20_000
_SCHEMA = "bench_peers"


def peers(place: Path) -> Mapping[str, Callable[[], int]]:
    """Return the peers' work by name; ``place`` keeps what must be installed for it.

    Raises:
        BenchError: when a peer cannot be installed.
    """
    events = _events()
    target = _installed(place)
    return {
        "dlt defaults": lambda: _dlt(events),
        "target-postgres": lambda: _singer(events, target),
        "dbt run": lambda: _dbt(),
        "dbt run, all anew": lambda: _dbt("--full-refresh"),
    }


def _events() -> list[dict[str, Any]]:
    with psycopg.connect(role_url("admin"), row_factory=dict_row) as connection:
        query = "select row_to_json(actions) as event from raw_matomo.actions limit %s"
        return [row["event"] for row in connection.execute(query, [SAMPLE])]


def _dlt(events: Sequence[dict[str, Any]]) -> int:
    import dlt

    with tempfile.TemporaryDirectory() as folder, nothing_set():
        pipeline = dlt.pipeline(
            _SCHEMA,
            destination=dlt.destinations.postgres(role_url("admin")),
            dataset_name=_SCHEMA,
            pipelines_dir=folder,
        )
        pipeline.run(events, table_name="events")
    return _arrived()


def _singer(events: Sequence[dict[str, Any]], target: Path) -> int:
    columns = {name: {"type": ["string", "number", "boolean", "null"]} for name in events[0]}
    schema = {"type": "SCHEMA", "stream": "events", "key_properties": []}
    with tempfile.TemporaryDirectory() as folder:
        settings, messages = Path(folder, "settings.json"), Path(folder, "events.jsonl")
        url = role_url("admin").replace("postgresql://", "postgresql+psycopg://")
        settings.write_bytes(
            orjson.dumps({"sqlalchemy_url": url, "default_target_schema": _SCHEMA})
        )
        with messages.open("wb") as file:
            file.write(orjson.dumps({**schema, "schema": {"properties": columns}}) + b"\n")
            for event in events:
                record = {"type": "RECORD", "stream": "events", "record": event}
                file.write(orjson.dumps(record) + b"\n")
        with messages.open("rb") as lines:
            done = subprocess.run(
                [target, "--config", settings], stdin=lines, capture_output=True, check=False
            )
    if done.returncode:
        raise BenchError(f"target-postgres ended with {done.returncode}")
    return _arrived()


def _arrived() -> int:
    with psycopg.connect(role_url("admin"), autocommit=True) as connection:
        row = connection.execute("select count(*) from bench_peers.events").fetchone()
        connection.execute("drop schema bench_peers cascade")
    return int(row[0]) if row else 0


def _dbt(*arguments: str) -> int:
    from orchestration import dbt_invocation
    from orchestration.building.project import Project

    project = Project.load(dbt_invocation.PROJECT_DIR, dbt_invocation.manifest())
    role = dbt_invocation.ZONES["derive"]
    rows = 0
    for result in dbt_invocation.run(["run", *arguments], role, project.zones["derive"]):
        if not result.is_ok:
            raise BenchError(f"{result.unique_id}: {result.message}")
        rows += result.rows or 0
    return rows


def _installed(place: Path) -> Path:
    target = place / "bin" / "target-postgres"
    if not target.exists():
        pip = str(place / "bin" / "pip")
        for command in [sys.executable, "-m", "venv", str(place)], [pip, "install", TARGET]:
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode:
                raise BenchError(
                    f"{TARGET} could not be installed. Next: reach a package registry, or "
                    "leave --peers out"
                )
    return target


@contextmanager
def nothing_set() -> Iterator[None]:
    """Take away, within, what the hub's own loads set for dlt."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name in DLT_SETTINGS}
    try:
        yield
    finally:
        os.environ.update(before)
