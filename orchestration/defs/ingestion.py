"""Sources as assets, one loader a vendor. Key = [schema, table] = the dbt source it feeds."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg
from psycopg import Connection

from ingestion.failpoints import fail_point
from ingestion.guard.store import Counts
from ingestion.pipelines import load
from ingestion.registry import SOURCES, SourceSpec
from ingestion.settings import role_url
from orchestration.defs.company import SandboxCompany
from orchestration.defs.tables import looking, seen
from orchestration.defs.transformation import manifest
from orchestration.operations.failures import without_values

_log = logging.getLogger(__name__)

# dlt's own table of loads and how each ended.
LOADS = "_dlt_loads"


def _spec(source: SourceSpec, table: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[source.dataset, table],
        group_name=source.dataset,
        kinds={"dlt", "postgres"},
        tags={"layer": "raw", "pii": "pseudonymous", "domain": source.domain},
        description=description,
        metadata={"dagster/table_name": f"{source.dataset}.{table}"},
    )


def _what(source: SourceSpec, resource: str) -> str:
    named = resource.replace("_", " ").capitalize()
    return f"{named} of {source.vendor}, without readable personal data."


def build_loader(source: SourceSpec) -> dg.AssetsDefinition:
    """Wrap one source; credentials are read when the run starts, not when the code loads."""

    @dg.multi_asset(
        name=f"load_{source.vendor}",
        specs=[
            *(_spec(source, resource, _what(source, resource)) for resource in source.resources),
            _spec(source, LOADS, "One row per load; staging reads rows of complete loads only."),
        ],
        pool=source.dataset,
    )
    def _load(company: SandboxCompany) -> Iterator[dg.MaterializeResult[None]]:
        from orchestration.consent.ledger import append
        from orchestration.warehouse.bootstrap import reconcile

        with without_values():
            counts = load(source.name).counts
            fail_point("load.before_event")
            reconcile()
            if _tells_consent(source):
                append(role_url("loader"), source.vendor)
            with looking("loader") as connection:
                for resource in source.resources:
                    known = asdict(counts[resource]) if resource in counts else {}
                    told = {f"rows_{name}": n for name, n in known.items() if n is not None}
                    metadata = {**told, **seen(connection, source.dataset, resource)}
                    yield dg.MaterializeResult(
                        asset_key=[source.dataset, resource], metadata=metadata
                    )
                undeclared = _undeclared(connection, source.dataset)
            yield dg.MaterializeResult(
                asset_key=[source.dataset, LOADS],
                metadata={**_what_came_in(source, counts), "undeclared_fields": undeclared},
            )

    return _load


def _tells_consent(source: SourceSpec) -> bool:
    """Say whether the ledger hears of this source: then a withdrawal counts when it is loaded."""
    return any(
        node["name"] == f"int_consent__{source.vendor}_events"
        for node in manifest()["nodes"].values()
    )


def _undeclared(connection: Connection[Any], dataset: str) -> dg.TableMetadataValue:
    """Return the fields that the vendor sends and no shape names, the newest first."""
    rows = connection.execute(
        "select resource, field, rows, first_seen, last_seen from ops.schema_drift"
        " where source = %s order by first_seen desc, resource, field limit 50",
        [dataset],
    ).fetchall()
    names = ("table", "field", "rows", "first_seen", "last_seen")
    records = [
        dg.TableRecord(dict(zip(names, (*row[:3], *map(str, row[3:])), strict=True)))
        for row in rows
    ]
    columns = [dg.TableColumn(name, "int" if name == "rows" else "text") for name in names]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))


def _what_came_in(source: SourceSpec, counts: Mapping[str, Counts]) -> dict[str, Any]:
    """Return counts as a table and as a picture against what is usual; never fails a load."""
    records = [
        dg.TableRecord(
            {"table": name, **{k: n if n is not None else "" for k, n in asdict(of).items()}}
        )
        for name, of in counts.items()
    ]
    columns = ["table", "loaded", "quarantined", "suppressed", "unpermitted", "server_total"]
    metadata: dict[str, Any] = {
        "counts": dg.MetadataValue.table(
            records,
            dg.TableSchema([dg.TableColumn(c, "text" if c == "table" else "int") for c in columns]),
        )
    }
    try:
        from orchestration.operations.pictures import volume

        metadata["volume"] = dg.MetadataValue.md(volume(source.dataset))
    except Exception as error:  # a missing picture is no reason to stop anything
        _log.warning("no picture of %s: %s", source.dataset, type(error).__name__)
    return metadata


def _written_by_the_guard(key: list[str], pii: str, description: str) -> dg.AssetSpec:
    """Return a table that every loader writes beside its own, before dlt sees a row."""
    return dg.AssetSpec(
        key=key,
        deps=[dg.AssetKey([source.dataset, LOADS]) for source in SOURCES.values()],
        group_name=key[0],
        kinds={"postgres"},
        tags={"layer": key[0], "pii": pii},
        description=description,
        metadata={"dagster/table_name": ".".join(key)},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """One asset group a source, and what the guard writes for all of them."""
    return dg.Definitions(
        assets=[
            *(build_loader(source) for source in SOURCES.values()),
            _written_by_the_guard(
                ["vault", "contact_values"], "direct", "Readable values, behind the wall."
            ),
            _written_by_the_guard(
                ["ops", "load_counts"], "none", "Rows loaded and turned away, per run and table."
            ),
        ]
    )
