"""Who is who: the resolution engine between the identifiers seen and the models that use them."""

from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg

from ingestion.settings import role_url
from orchestration.defs.hub import Hub
from orchestration.defs.tables import looking, seen
from orchestration.operations.failures import without_values

TABLES = {
    "persons": "One row per person ever recognised; the id is random and stable.",
    "person_links": "Which person a subject key belongs to, and when.",
    "history": "Merges, splits and restorations, so that any table can be re-keyed.",
    "cut_edges": "Connections refused by a limit or an override, with the reason.",
}
INPUTS = ("identifiers", "merge_edges")
RULES = (
    "identity_rules",
    "identity_blocklist",
    "identity_overrides",
    "identity_source_trust",
    "identity_settings",
)


@dg.multi_asset(
    name="identity_resolution",
    specs=[
        dg.AssetSpec(
            key=["identity", table],
            deps=[
                *(dg.AssetKey(["identity", name]) for name in INPUTS),
                *(dg.AssetKey(["rules", name]) for name in RULES),
            ],
            group_name="identity",
            kinds={"python", "postgres"},
            tags={"layer": "identity", "pii": "pseudonymous"},
            description=description,
            metadata={"dagster/table_name": f"identity.{table}"},
        )
        for table, description in TABLES.items()
    ],
    pool="warehouse",
)
def resolution(hub: Hub) -> Iterator[dg.MaterializeResult[None]]:
    """Resolve; the four tables change in one transaction."""
    from orchestration.identity import pictures, resolve

    with without_values():
        counts = asdict(resolve(role_url("resolver")))
        with looking("resolver") as connection:
            for table in TABLES:
                drawn = pictures.draw(connection, table)
                metadata = {
                    **counts,
                    **seen(connection, "identity", table),
                    **{name: dg.MetadataValue.md(text) for name, text in drawn.items()},
                }
                yield dg.MaterializeResult(asset_key=["identity", table], metadata=metadata)


@dg.definitions
def defs() -> dg.Definitions:
    """The engine as one asset group."""
    return dg.Definitions(assets=[resolution])
