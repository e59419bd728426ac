"""Retention as a job: what is older than its purpose needs goes, weekly once switched on."""

import dagster as dg

from ingestion.settings import role_url
from orchestration.defs.hub import Hub
from orchestration.operations.failures import without_values


@dg.op(description="Delete what retention.yml calls too old; rows under a hold stay.")
def delete_what_is_due(context: dg.OpExecutionContext, hub: Hub) -> None:
    """Delete, and say how many rows of each relation went and how many a hold kept."""
    import psycopg

    from orchestration.privacy import retention

    with without_values(), psycopg.connect(role_url("dsr"), autocommit=True) as connection:
        found = retention.run(connection)
    context.add_output_metadata({due.rule.relation: due.rows for due in found})
    rows, held = sum(due.rows for due in found), sum(due.held for due in found)
    context.log.info("%d rows deleted, %d held", rows, held)


@dg.job(
    name="run_retention",
    description="Deletes what is older than its purpose needs, by retention.yml.",
    executor_def=dg.in_process_executor,
)
def run_retention() -> None:
    """One step: each relation is a transaction of its own."""
    delete_what_is_due()


weekly_retention = dg.ScheduleDefinition(
    name="weekly_retention",
    job=run_retention,
    cron_schedule="30 3 * * 0",
    description="On Sundays, before the refresh; off until somebody switches it on.",
)


@dg.definitions
def defs() -> dg.Definitions:
    """The job and its schedule."""
    return dg.Definitions(jobs=[run_retention], schedules=[weekly_retention])
