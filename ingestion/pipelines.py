"""The one way sources are loaded: one load at a time, nothing left behind, clear errors.

``load(name)`` does everything. An orchestrator that runs dlt itself uses the same pieces::

    with pipeline_for(spec.dataset) as pipeline:
        source = spec.make()
        ...

dlt keeps nothing between two loads: its state is restored from the warehouse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import ENOSPC
from typing import Any

import dlt
import psycopg
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.pipeline.exceptions import PipelineStepFailed
from psycopg import sql

from ingestion.failpoints import fail_point
from ingestion.guard.gate import TooManyBadRowsError
from ingestion.guard.store import Counts, WarehouseError, without_values
from ingestion.registry import ALL_SOURCES
from ingestion.settings import SettingsError, role_url
from ingestion.sources.errors import SourceError
from ingestion.sources.resources import empty_source
from ingestion.stages import Stages
from ingestion.working import LoadError, working_folder


@dataclass(frozen=True)
class LoadReport:
    """What one load did, per resource."""

    source: str
    run_id: str
    counts: dict[str, Counts] = field(default_factory=dict)


@contextmanager
def pipeline_for(dataset: str) -> Iterator[dlt.Pipeline]:
    """Yield the pipeline into Postgres schema ``dataset``, locked, in a folder that goes away.

    What went well is analyzed at the end.

    Raises:
        LoadError: when the pipeline is running already, or the warehouse cannot be reached.
    """
    with working_folder(dataset) as folder:
        yield dlt.pipeline(
            pipeline_name=dataset,
            dataset_name=dataset,
            destination=dlt.destinations.postgres(role_url("loader")),
            pipelines_dir=str(folder),
            progress=Stages(),
        )
        _gather_statistics(dataset)


def load(name: str, **settings: Any) -> LoadReport:
    """Load one source, as configured or with ``settings``, and report its counts.

    Raises:
        LoadError: with cause and next step.
    """
    spec = ALL_SOURCES[name]
    try:
        source = spec.make(**settings)
        with pipeline_for(spec.dataset) as pipeline:
            pipeline.abort_packages()
            info = pipeline.run(source)
            fail_point("load.after_data")
            info.raise_on_failed_jobs()
            return LoadReport(name, info.loads_ids[-1] if info.loads_ids else "", _counts(name))
    except LoadError:
        raise
    except Exception as error:
        raise explained(name, error) from None


def make_tables(name: str) -> bool:
    """Make the tables of a source that was never loaded, empty; return whether it was needed.

    For a warehouse that not every vendor feeds: models read all sources' tables.
    """
    spec = ALL_SOURCES[name]
    with psycopg.connect(role_url("loader"), connect_timeout=15) as connection:
        found = connection.execute(
            "select count(*) from pg_tables where schemaname = %s and tablename = any(%s)",
            (spec.dataset, list(spec.resources)),
        ).fetchone()
    if found and found[0] == len(spec.resources):
        return False
    try:
        with pipeline_for(spec.dataset) as pipeline:
            pipeline.run(empty_source(name, spec.shapes())).raise_on_failed_jobs()
    except LoadError:
        raise
    except Exception as error:
        raise explained(name, error) from None
    return True


def explained(name: str, error: BaseException) -> LoadError:
    """Return what an operator should read instead of an exception that may quote rows."""
    cause: BaseException | None = error
    chain: list[BaseException] = []
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for link in chain:
        if isinstance(link, SourceError | TooManyBadRowsError | WarehouseError | SettingsError):
            return LoadError(f"{name}: {link}")
        if isinstance(link, ConfigFieldMissingException):
            missing = ", ".join(sorted(link.traces))
            vendor = ALL_SOURCES[name].vendor
            return LoadError(
                f"{name}: {missing} not configured. Next: set [sources.{vendor}] in "
                ".dlt/secrets.toml or the environment"
            )
        if isinstance(link, OSError) and link.errno == ENOSPC:
            return LoadError(
                f"{name}: the disk of the working folder is full. Next: make room there, or let "
                "the folder loads of TANDEM_HOME lie elsewhere (a link), then run again"
            )
    step = error.step if isinstance(error, PipelineStepFailed) else "load"
    database = next(
        (e for e in reversed(chain) if hasattr(e, "pgcode") or "psycopg" in type(e).__module__),
        None,
    )
    said = f" ({without_values(database)})" if database else ""
    return LoadError(
        f"{name}: the {step} step failed with {type(chain[-1]).__name__}{said}. "
        "Next: run again; nothing incomplete is visible downstream"
    )


def _gather_statistics(dataset: str) -> None:
    """Analyze the tables that changed by a tenth since they were analyzed last.

    Autovacuum comes minutes later, and never to dlt's own small tables; until then the planner
    takes a load's rows for a handful, and joins them row by row.
    """
    with psycopg.connect(role_url("loader"), autocommit=True, connect_timeout=15) as connection:
        changed = connection.execute(
            "select relname from pg_stat_user_tables "
            "where schemaname = %s and n_mod_since_analyze > n_live_tup / 10",
            (dataset,),
        ).fetchall()
        for (table,) in changed:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(dataset, table)))


def _counts(name: str) -> dict[str, Counts]:
    """Return the counts the guard wrote for the latest run of each resource."""
    with psycopg.connect(role_url("loader"), connect_timeout=15) as connection:
        rows = connection.execute(
            """
            select distinct on (resource) resource, rows_loaded, rows_quarantined,
                rows_suppressed, rows_unpermitted, server_total
            from ops.load_counts where source = %s
            order by resource, loaded_at desc, ctid desc
            """,
            (name,),
        ).fetchall()
    return {row[0]: Counts(*row[1:]) for row in rows}
