"""Dagster's Postgres storage with connections that are kept, and a run's plan written at once.

As delivered, every event of a run opens connections of its own, which costs more than what most
events are about: of a run of 1,000 events half the time. The web server's remedy keeps one, and an
event about a table takes two at once. Events about tables and checks also ask the catalog again
whether the log has the table they go into; and what a run is going to do, an event a table and a
check, is handed over as one batch and then written event by event.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from dagster import DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._serdes import ConfigurableClassData
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine

KEPT_FOR_SECONDS = 3600
KEPT = 4
# A run's steps, its events' listeners and the progress on the screen ask at the same time.
AT_ONCE = 20
_PLANNED = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
}


class Events(PostgresEventLogStorage):
    """The event log, which asks once what its tables are and takes a whole plan at once."""

    def __init__(self, postgres_url: str) -> None:
        # The storage that this one is part of has made the tables.
        super().__init__(postgres_url, should_autocreate_tables=False)

    @cache  # noqa: B019  one event log lives as long as its process
    def has_table(self, table_name: str) -> bool:
        """Return whether the log has a table: asked with every check and table of a run."""
        return super().has_table(table_name)

    @cache  # noqa: B019  as above
    def has_asset_key_col(self, column_name: str) -> bool:
        """Return whether assets have a column: asked whenever one is looked up."""
        return super().has_asset_key_col(column_name)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one kind, or the plan of a run."""
        if not all(_is_planned(event) for event in events):
            super().store_event_batch(events)
            return
        rows = [self._event_to_row(event) for event in events]
        insert = SqlEventLogStorageTable.insert().returning(
            SqlEventLogStorageTable.c.id, sort_by_parameter_order=True
        )
        with self.index_transaction() as connection:
            numbers: Sequence[int] = connection.execute(insert, rows).scalars().all()
            checks = []
            for event, row, number in zip(events, rows, numbers, strict=True):
                told = event.get_dagster_event()
                if told.event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                    checks.append(_planned_check(told, row, number))
                else:
                    self._store_asset_event(connection, event, number)
            if checks:
                connection.execute(AssetCheckExecutionsTable.insert(), checks)


def _is_planned(event: EventLogEntry) -> bool:
    """Whether an event says what a run is going to do with the whole of a table."""
    told = event.get_dagster_event()
    return told.event_type in _PLANNED and not (
        told.event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
        and told.asset_check_planned_data.partitions_subset
    )


def _planned_check(event: DagsterEvent, row: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the row of a check that is going to be evaluated."""
    key = event.asset_check_planned_data.asset_check_key
    return {
        "asset_key": key.asset_key.to_string(),
        "check_name": key.name,
        "run_id": row["run_id"],
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": number,
    }


class KeptConnections(DagsterPostgresStorage):
    """Storage whose run, event and schedule tables are reached over kept connections."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "KeptConnections":
        """Return the storage that ``dagster.yaml`` describes."""
        made = cls(config_value["postgres_url"], inst_data=inst_data)
        made._event_log_storage = Events(made.postgres_url)
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
