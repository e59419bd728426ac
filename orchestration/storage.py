"""Dagster's Postgres storage with connections that are kept.

As delivered, every event of a run opens a connection of its own, which costs more than what most
events are about: of a run of 1,000 events half the time. The web server has the remedy already;
runs and the daemon get the same.
"""

from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

KEPT_FOR_SECONDS = 3600
# A run's steps, its events' listeners and the progress on the screen ask at the same time.
AT_ONCE = 20


class KeptConnections(DagsterPostgresStorage):
    """Storage whose run, event and schedule tables are reached over kept connections."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "KeptConnections":
        """Return the storage that ``dagster.yaml`` describes."""
        made = cls(config_value["postgres_url"], inst_data=inst_data)
        for part in (made.run_storage, made.event_log_storage, made.schedule_storage):
            part.optimize_for_webserver(
                statement_timeout=0, pool_recycle=KEPT_FOR_SECONDS, max_overflow=AT_ONCE
            )
        return made
