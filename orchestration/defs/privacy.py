"""Consent and people's rights: the ledger every consent state is derived from."""

from dataclasses import asdict
from typing import Any

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
def consent_events(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Append what was observed since the last run; say what edited rules are about to change."""
    from orchestration.consent.ledger import append

    with without_values():
        appended = asdict(append(role_url("loader")))
        with looking("loader") as connection:
            return dg.MaterializeResult(
                metadata={
                    **appended,
                    **seen(connection, "consent", "events"),
                    **_edited_rules(context),
                }
            )


def _edited_rules(context: dg.AssetExecutionContext) -> dict[str, Any]:
    """Return how many people's states change by an edit of the rules since the last run."""
    from orchestration.consent import preview

    rules = preview.fingerprint()
    last = context.instance.get_latest_materialization_event(context.asset_key)
    known = last.asset_materialization.metadata if last and last.asset_materialization else {}
    if "consent_rules" not in known or known["consent_rules"].value == rules:
        return {"consent_rules": rules}
    with looking("builder") as connection:
        changes = preview.preview(connection)
    records = [dg.TableRecord(asdict(each)) for each in changes]
    columns = ("purpose", "before", "after", "people")
    schema = dg.TableSchema(
        [dg.TableColumn(c, "int" if c == "people" else "text") for c in columns]
    )
    return {
        "consent_rules": rules,
        "people_affected_by_edited_rules": sum(each.people for each in changes),
        "edited_rules": dg.MetadataValue.table(records, schema),
    }


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
