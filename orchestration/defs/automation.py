"""When things happen: the jobs operators launch, schedules by cadence, sensors, automation.

Everything here but the consent sensor is off until somebody switches it on under *Automation* in
the UI: a hub that was only tried out must not call vendors every night.
"""

import dagster as dg

from ingestion.registry import SOURCES
from orchestration.defs.backfill import restated_days

_EVERYTHING = dg.AssetSelection.all() - dg.AssetSelection.assets(restated_days)
_RAW = [source.dataset for source in SOURCES.values()]

refresh = dg.define_asset_job(
    "refresh",
    selection=_EVERYTHING,
    description="Load every source, build, check and publish one release of all marts.",
    executor_def=dg.in_process_executor,
    tags={"dagster/max_retries": "0"},
)
rebuild = dg.define_asset_job(
    "rebuild",
    selection=_EVERYTHING - dg.AssetSelection.groups(*_RAW),
    description="Build, check and publish from what is loaded: after a rule or model changed, or "
    "an act of consent was recorded. Only what is affected is built.",
    executor_def=dg.in_process_executor,
)
loads = {
    source.vendor: dg.define_asset_job(
        f"load_{source.vendor}_only",
        selection=dg.AssetSelection.groups(source.dataset)
        - dg.AssetSelection.assets(restated_days),
        description=f"Load and check {source.vendor}; the marts follow with the next refresh.",
        executor_def=dg.in_process_executor,
    )
    for source in SOURCES.values()
}

# Before the business day of Europe starts; vendors restate the day before by then.
daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job=refresh,
    cron_schedule="0 4 * * *",
    execution_timezone="UTC",
    description="One release a day, ready before the first dashboard is opened.",
)

# By what a vendor's limits allow and its data need: sales look at the CRM all day; a shop's bulk
# export takes minutes; visits grow for half an hour after they begin; files come once a day.
CADENCE = {
    "hubspot": "*/30 6-20 * * 1-5",
    "shopify": "15 * * * *",
    "matomo": "45 * * * *",
    "files": "20 3 * * *",
}
_DEFAULT_CADENCE = "30 * * * *"
source_schedules = [
    dg.ScheduleDefinition(
        name=f"load_{vendor}_schedule",
        job=job,
        cron_schedule=CADENCE.get(vendor, _DEFAULT_CADENCE),
        execution_timezone="UTC",
        description=f"Loads {vendor} between refreshes, so that a refresh has little left to load.",
    )
    for vendor, job in loads.items()
]


@dg.sensor(
    job=rebuild,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Acts of consent recorded at the hub: the marts follow within minutes.",
)
def consent_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Launch ``rebuild`` when the ledger holds acts that no run has seen.

    Audiences that may be sent to follow the ledger at commit; this makes what people read agree
    with them.
    """
    from ingestion.settings import SettingsError, warehouse_address
    from orchestration.operations.arrivals import acts_since

    try:
        warehouse_address()
    except SettingsError as error:
        return dg.SensorResult(skip_reason=dg.SkipReason(str(error)))
    acts = acts_since(int(context.cursor or 0))
    if not acts.count:
        return dg.SensorResult(skip_reason=dg.SkipReason("no acts since the last run"))
    request = dg.RunRequest(run_key=f"consent {acts.last}", tags={"tandem/acts": str(acts.count)})
    return dg.SensorResult(run_requests=[request], cursor=str(acts.last))


@dg.sensor(
    job=loads["files"],
    minimum_interval_seconds=60,
    description="Files that arrived or changed in the folder of the file source.",
)
def files_arrived(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Load the files when the folder is not what it was."""
    from orchestration.operations.arrivals import files_fingerprint

    found = files_fingerprint()
    if found is None or found == context.cursor:
        return dg.SensorResult(skip_reason=dg.SkipReason("no new or changed file"))
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"files {found}")], cursor=found)


# With sources on their own cadence this keeps core warm, so that a refresh has little left to
# build. Marts are left out: they change by a release only, with every check in one run.
keep_core_warm = dg.AutomationConditionSensorDefinition(
    name="keep_core_warm",
    target=_EVERYTHING - dg.AssetSelection.tag("layer", "marts"),
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Builds what lies downstream of newly loaded data, up to core. Off by default.",
)


@dg.definitions
def defs() -> dg.Definitions:
    """Jobs, schedules and sensors."""
    return dg.Definitions(
        jobs=[refresh, rebuild, *loads.values()],
        schedules=[daily_refresh, *source_schedules],
        sensors=[consent_changed, files_arrived, keep_core_warm],
    )
