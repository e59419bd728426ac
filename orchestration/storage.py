"""Dagster's Postgres storage with connections that are kept.

As delivered, every event of a run opens connections of its own, which costs more than what most
events are about: of a run of 1,000 events half the time. The web server's remedy keeps one, and an
event about a table takes two at once.
"""

from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine

KEPT_FOR_SECONDS = 3600
KEPT = 4
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
        parts: tuple[Any, ...] = (
            made.run_storage,
            made.event_log_storage,
            made.schedule_storage,
        )
        for part in parts:
            part._engine.dispose()
            part._engine = create_pg_engine(
                part.postgres_url,
                isolation_level="AUTOCOMMIT",
                pool_size=KEPT,
                max_overflow=AT_ONCE - KEPT,
                pool_recycle=KEPT_FOR_SECONDS,
                pool_use_lifo=True,
            )
        return made
