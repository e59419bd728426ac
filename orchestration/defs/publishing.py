"""One release of all marts, published when every blocking check on what feeds it has passed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import psycopg

from ingestion.settings import role_url
from orchestration import dbt_invocation
from orchestration.defs.hub import Hub
from orchestration.operations.failures import without_values
from orchestration.operations.pictures import FAIL_HOURS, WARN_HOURS
from orchestration.publishing import Mart, PublishError, Release, connect, publish, read_marts

FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=WARN_HOURS), fail_window=timedelta(hours=FAIL_HOURS)
)


def _spec(mart: Mart) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[mart.schema, mart.table],
        deps=[dg.AssetKey([mart.core_schema, mart.core_table])],
        group_name=mart.schema,
        kinds={"postgres", "table"},
        tags={"layer": "marts", "pii": _pii_class(mart)},
        owners=[f"team:{mart.group}"],
        description=mart.description,
        freshness_policy=FRESHNESS,
        metadata={
            "dagster/table_name": mart.name,
            "purpose": ", ".join(sorted({c.purpose for c in mart.columns.values() if c.purpose})),
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(column.name, column.data_type, description=column.description)
                    for column in mart.columns.values()
                ]
            ),
        },
    )


def _pii_class(mart: Mart) -> str:
    classes = {column.pii for column in mart.columns.values()}
    return "pseudonymous" if "pseudonymous" in classes else "none"


def build_release(marts: Sequence[Mart]) -> dg.AssetsDefinition:
    """Wrap the publisher: all marts change in one transaction, or none does."""

    @dg.multi_asset(name="release", specs=[_spec(mart) for mart in marts], pool="warehouse")
    def _release(
        context: dg.AssetExecutionContext, hub: Hub
    ) -> Iterator[dg.MaterializeResult[None]]:
        from orchestration.publishing.smoke import smoke
        from orchestration.warehouse.bootstrap import reconcile

        with without_values():
            context.log.info("privileges repaired before publishing: %s", reconcile())
            with connect(role_url("publisher")) as connection:
                release = publish(
                    connection, marts, run_id=context.run_id, data_until=_as_of(connection)
                )
            if problems := [seen for seen in smoke(marts, role_url) if seen.problem]:
                told = "; ".join(f"{seen.mart} as {seen.role}: {seen.problem}" for seen in problems)
                raise SmokeFailed(
                    f"release {release.id} does not look right to its readers: {told}. "
                    "Roll it back with `tandem release rollback`."
                )
            yield from _results(release, {mart.name: mart for mart in marts})

    return _release


class SmokeFailed(PublishError):
    """A release was published, but a reader does not see it as it should be."""


def _as_of(connection: psycopg.Connection) -> datetime | None:
    row = connection.execute("select as_of from ops.clock").fetchone()
    return row[0] if row else None


def _results(release: Release, marts: Mapping[str, Mart]) -> Iterator[dg.MaterializeResult[None]]:
    from orchestration.operations import pictures, quality

    drawn = pictures.of_release()
    for change in release.changes:
        metadata: dict[str, Any] = {
            "release": release.id,
            "rows_added": change.added,
            "rows_removed": change.removed,
            "rows_changed": change.changed,
            "dagster/row_count": change.rows_after,
            "quality_report": dg.MetadataValue.path(str(quality.path())),
            "dagster/column_lineage": _lineage(marts[change.name]),
        }
        if change.columns:
            metadata["values_changed"] = _table(change.columns)
        for name in pictures.names_for(change.table):
            if name in drawn:
                metadata[name] = dg.MetadataValue.md(drawn[name])
        yield dg.MaterializeResult(asset_key=[change.schema, change.table], metadata=metadata)


def _lineage(mart: Mart) -> dg.TableColumnLineage:
    """Return where each column comes from: its namesake in the core model."""
    core = dg.AssetKey([mart.core_schema, mart.core_table])
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(asset_key=core, column_name=name)] for name in mart.columns}
    )


def _table(columns: Mapping[str, int]) -> dg.TableMetadataValue:
    """Return how many values of each column changed in rows that stay, most first."""
    ordered = sorted(columns.items(), key=lambda item: -item[1])
    return dg.MetadataValue.table(
        [dg.TableRecord({"column": name, "values": count}) for name, count in ordered],
        dg.TableSchema([dg.TableColumn("column"), dg.TableColumn("values", "int")]),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The release as one asset group."""
    return dg.Definitions(assets=[build_release(read_marts(dbt_invocation.manifest()))])
