"""Dagster's own instance: settings written under the home, storage in its own database."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ingestion.settings import home, role_url

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Runs are few and long: a run that is still going after six hours is dead.
MAX_RUNTIME_SECONDS = 6 * 3600
# Tick and run records answer "what happened last month", not "last year".
RETENTION_DAYS = 90
# Events that Dagster hands over together, such as the plan of a run, are written together.
EVENTS_AT_ONCE = 1000


def dagster_home() -> Path:
    """Write ``dagster.yaml``, export ``DAGSTER_HOME`` and return it.

    The storage's address goes through the environment, so that the file holds no password.
    """
    folder = home() / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(yaml.safe_dump(_settings(folder), sort_keys=False))
    os.environ["DAGSTER_HOME"] = str(folder)
    # dagster-postgres speaks psycopg2; SQLAlchemy's own default became psycopg 3.
    url = role_url("dagster").replace("postgresql://", "postgresql+psycopg2://", 1)
    os.environ["TANDEM_DAGSTER_URL"] = url
    os.environ["DAGSTER_EVENT_BATCH_SIZE"] = str(EVENTS_AT_ONCE)
    return folder


def instance() -> "DagsterInstance":
    """Return the instance that the command line, the UI and the daemon share."""
    dagster_home()
    from dagster import DagsterInstance

    return DagsterInstance.get()


def _settings(folder: Path) -> dict[str, object]:
    return {
        "storage": {
            "custom": {
                "module": "orchestration.storage",
                "class": "KeptConnections",
                "config": {"postgres_url": {"env": "TANDEM_DAGSTER_URL"}},
            }
        },
        "compute_logs": {
            "module": "dagster.core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": str(folder / "logs")},
        },
        "local_artifact_storage": {
            "module": "dagster.core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(folder)},
        },
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 180,
            "max_runtime_seconds": MAX_RUNTIME_SECONDS,
            "free_slots_after_run_end_seconds": 60,
        },
        "run_retries": {"enabled": True, "max_retries": 1},
        "concurrency": {"runs": {"max_concurrent_runs": 1}, "pools": {"default_limit": 1}},
        "retention": {
            "schedule": {"purge_after_days": RETENTION_DAYS},
            "sensor": {"purge_after_days": {"skipped": 7, "failure": 30, "success": -1}},
        },
        "freshness": {"enabled": True},
        "telemetry": {"enabled": False},
        # Asks for an address and posts it to the makers of Dagster.
        "nux": {"enabled": False},
    }
