"""Consent and people's rights: the ledger every consent state is derived from."""

from dataclasses import asdict

import dagster as dg

from ingestion.settings import role_url
from orchestration.defs.tables import looking, seen
from orchestration.operations.failures import without_values


@dg.asset(
    key=["consent", "events"],
    deps=[dg.AssetKey(["intermediate", "int_consent__observed_events"])],
    group_name="consent",
    kinds={"postgres"},
    tags={"layer": "consent", "pii": "pseudonymous"},
    description="Append-only, hash-chained ledger: every act and every changed state of consent.",
    metadata={"dagster/table_name": "consent.events"},
    pool="warehouse",
)
def consent_events() -> dg.MaterializeResult[None]:
    """Append what was observed since the last run."""
    from orchestration.consent.ledger import append

    with without_values():
        appended = asdict(append(role_url("loader")))
        with looking("loader") as connection:
            return dg.MaterializeResult(
                metadata={**appended, **seen(connection, "consent", "events")}
            )


# Written at commit by the ledger's own trigger and by `tandem consent`, never by a run's step.
suppressions = dg.AssetSpec(
    key=["activation", "suppressions"],
    deps=[consent_events],
    group_name="activation",
    kinds={"postgres"},
    tags={"layer": "activation", "pii": "pseudonymous"},
    description="Who must not be contacted as of now; a withdrawal counts at commit.",
    metadata={"dagster/table_name": "activation.suppressions"},
)


@dg.definitions
def defs() -> dg.Definitions:
    """The ledger and what it suppresses."""
    return dg.Definitions(assets=[consent_events, suppressions])
