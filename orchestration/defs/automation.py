"""When things happen: the job operators launch, and its daily schedule."""

import dagster as dg

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Load every source, build, check and publish one release of all marts.",
    executor_def=dg.in_process_executor,
    tags={"dagster/max_retries": "0"},
)

# Before the business day of Europe starts; vendors restate the day before by then.
daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job=refresh,
    cron_schedule="0 4 * * *",
    execution_timezone="UTC",
    description="One release a day, ready before the first dashboard is opened.",
)


@dg.definitions
def defs() -> dg.Definitions:
    """The job and its schedule."""
    return dg.Definitions(jobs=[refresh], schedules=[daily_refresh])
