"""One release of all marts, published when every blocking check on what feeds it has passed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg
import psycopg

from ingestion.settings import role_url
from orchestration import dbt_invocation
from orchestration.publishing import Mart, Release, connect, publish, read_marts

# A daily release that is two hours late is news; a day late is an incident.
FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=48)
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
    def _release(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        from orchestration.publishing.smoke import smoke
        from orchestration.warehouse.bootstrap import reconcile

        context.log.info("privileges repaired before publishing: %s", reconcile())
        with connect(role_url("publisher")) as connection:
            release = publish(
                connection, marts, run_id=context.run_id, data_until=_as_of(connection)
            )
        if problems := [seen for seen in smoke(marts, role_url) if seen.problem]:
            told = "; ".join(f"{seen.mart} as {seen.role}: {seen.problem}" for seen in problems)
            raise dg.Failure(
                f"release {release.id} does not look right to its readers: {told}. "
                "Roll it back with `tandem release rollback`."
            )
        yield from _results(release)

    return _release


def _as_of(connection: psycopg.Connection) -> datetime | None:
    row = connection.execute("select as_of from ops.clock").fetchone()
    return row[0] if row else None


def _results(release: Release) -> Iterator[dg.MaterializeResult[None]]:
    for change in release.changes:
        yield dg.MaterializeResult(
            asset_key=[change.schema, change.table],
            metadata={
                "release": release.id,
                "rows_added": change.added,
                "rows_removed": change.removed,
                "rows_changed": change.changed,
                "dagster/row_count": change.rows_after,
            },
        )


@dg.definitions
def defs() -> dg.Definitions:
    """The release as one asset group."""
    return dg.Definitions(assets=[build_release(read_marts(dbt_invocation.manifest()))])
