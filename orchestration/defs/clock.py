"""The moment a run's figures are true for; models read it instead of asking the time."""

import dagster as dg
import psycopg

from ingestion.settings import role_url
from orchestration.defs.company import SandboxCompany
from orchestration.operations.failures import without_values


@dg.asset(
    key=["ops", "clock"],
    group_name="ops",
    kinds={"postgres"},
    tags={"layer": "ops", "pii": "none"},
    description="One row: the UTC moment that every model of this run takes for now.",
    metadata={"dagster/table_name": "ops.clock"},
)
def clock(company: SandboxCompany) -> dg.MaterializeResult[None]:
    """Set the clock."""
    with without_values():
        as_of = company.as_of
        with psycopg.connect(role_url("loader")) as connection:
            # Left alone when it stands: what reads it counts as changed with every write.
            connection.execute(
                "update ops.clock set as_of = now.moment "
                "from (select %s at time zone 'UTC' as moment) as now where as_of <> now.moment",
                [as_of],
            )
    return dg.MaterializeResult(metadata={"as_of": as_of.isoformat()})


@dg.definitions
def defs() -> dg.Definitions:
    """The clock alone."""
    return dg.Definitions(assets=[clock])
