"""Days of events read again from the vendor, one partition a day: restated, late or lost data.

A day's rows are replaced by what the vendor has now, deletions included, by the loader and into the
tables of the ordinary load, so a day may be read again at any time and any number of times. Ranges
run in pieces of a month: what was interrupted is one piece, to be launched again. Models follow
with the next refresh.
"""

import dagster as dg

from ingestion.pipelines import load
from ingestion.registry import SOURCES
from orchestration.defs.company import SandboxCompany
from orchestration.operations.failures import without_values

# Nobody asked for older web events yet; vendors keep them for 25 months at most by default.
FIRST_DAY = "2025-01-01"
_PIECE = 31

DAYS = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone="UTC")
_MATOMO = SOURCES["raw_matomo"]


@dg.asset(
    key=[_MATOMO.dataset, "restated_days"],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=_PIECE),
    group_name=_MATOMO.dataset,
    kinds={"dlt", "postgres"},
    tags={"layer": "raw", "pii": "pseudonymous", "domain": _MATOMO.domain},
    description="Days of visits read again on purpose, into the tables of the ordinary load.",
    metadata={"dagster/table_name": f"{_MATOMO.dataset}.visits"},
    pool=_MATOMO.dataset,
)
def restated_days(
    context: dg.AssetExecutionContext, company: SandboxCompany
) -> dg.MaterializeResult[None]:
    """Read the chosen days again."""
    from orchestration.warehouse.bootstrap import reconcile

    with without_values():
        days = context.partition_key_range
        counts = load(_MATOMO.name, only_days=f"{days.start}/{days.end}").counts
        reconcile()
    visits = counts["visits"]
    return dg.MaterializeResult(
        metadata={
            "days": f"{days.start} to {days.end}",
            "rows_loaded": visits.loaded,
            "rows_quarantined": visits.quarantined,
        }
    )


backfill_web_days = dg.define_asset_job(
    "backfill_web_days",
    selection=[restated_days],
    description="Read days of web events again; a range runs a month at a time.",
    executor_def=dg.in_process_executor,
)


@dg.definitions
def defs() -> dg.Definitions:
    """The partitioned asset and the job to launch it by."""
    return dg.Definitions(assets=[restated_days], jobs=[backfill_web_days])
