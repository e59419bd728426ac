"""The dbt project as assets, one group of models a zone; keys follow schema and table."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg
import orjson
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets
from pydantic import Field

from ingestion.failpoints import fail_point
from ingestion.settings import role_url
from orchestration import dbt_invocation
from orchestration.defs.hub import Hub
from orchestration.operations.failures import without_values
from orchestration.policies import CODE, code_reference

if TYPE_CHECKING:
    import psycopg

UNIQUE_ID = "dagster_dbt/unique_id"
COLUMNS = "dagster/column_schema"
# Layers whose models read the vault; and columns that stand for a person wherever they are.
_DIRECT_LAYERS = ("restricted",)
_PERSON_COLUMNS = ("person_id", "subject_key")


class ZoneConfig(dg.Config):
    """What an operator may ask of one build."""

    full_refresh: bool = Field(
        default=False,
        description="Build everything from what it reads, tables built by increment too.",
    )


class TableTranslator(DagsterDbtTranslator):
    """Names each asset after the relation it becomes, so that lineage meets the loaders'."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the spec of one node: key ``[schema, table]``, grouped by schema."""
        node = self.get_resource_props(manifest, unique_id)
        relation = node.get("alias") or node.get("identifier") or node["name"]
        spec = super().get_asset_spec(manifest, unique_id, project)
        kind = "seed" if node["resource_type"] == "seed" else _materialised(node)
        metadata: dict[str, Any] = {"dagster/table_name": f"{node['schema']}.{relation}"}
        if path := node.get("original_file_path"):
            metadata[CODE] = code_reference(dbt_invocation.PROJECT_DIR / path)
        return spec.replace_attributes(
            key=dg.AssetKey([node["schema"], relation]),
            group_name=node["schema"],
            kinds={"dbt", "postgres", kind},
            tags={**spec.tags, "layer": node["schema"], "pii": pii_class(node)},
        ).merge_attributes(metadata=metadata)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return what the YAML says; the SQL is a code reference away."""
        return str(dbt_resource_props.get("description") or "")


def pii_class(node: Mapping[str, Any]) -> str:
    """Return the worst class of a node: what it declares, else what its columns are."""
    meta = node.get("config", {}).get("meta") or {}
    if "pii" in meta:
        return str(meta["pii"])
    if node["schema"] in _DIRECT_LAYERS:
        return "direct"
    columns = node.get("columns", {}).values()
    classes = {(column.get("config", {}).get("meta") or {}).get("pii") for column in columns}
    for worse in ("direct", "pseudonymous"):
        if worse in classes:
            return worse
    names = {column["name"] for column in columns}
    has_keys = any(name in _PERSON_COLUMNS or name.endswith("_key") for name in names)
    return "pseudonymous" if has_keys and node["resource_type"] != "seed" else "none"


def _materialised(node: Mapping[str, Any]) -> str:
    return str(node.get("config", {}).get("materialized") or "table")


@cache
def manifest() -> Mapping[str, Any]:
    """Return the parsed project; read once for all zones."""
    content: dict[str, Any] = orjson.loads(dbt_invocation.manifest().read_bytes())
    return content


def build_zone(zone: str) -> dg.AssetsDefinition:
    """Wrap one zone; results stream out of dbt while it runs."""

    select, exclude = dbt_invocation.selection(zone)

    @dbt_assets(
        manifest=manifest(),
        select=select,
        exclude=exclude,
        name=f"dbt_{zone}",
        dagster_dbt_translator=TableTranslator(),
        pool="warehouse",
    )
    def _zone(
        context: dg.AssetExecutionContext, hub: Hub, config: ZoneConfig
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        import psycopg

        from orchestration.building.zone import build
        from orchestration.privacy import registry
        from orchestration.warehouse.bootstrap import reconcile

        with without_values():
            with psycopg.connect(
                role_url(dbt_invocation.ZONES[zone]), autocommit=True
            ) as connection:
                to_event = _event_factory(context, connection)
                names = _selected_names(context)
                for result in build(zone, names, full_refresh=config.full_refresh):
                    fail_point(f"build.{zone}")
                    if (event := to_event(result)) is not None:
                        yield event
            reconcile()
            with psycopg.connect(role_url("dsr"), autocommit=True) as connection:
                registry.check(connection)

    return _zone


def _selected_names(context: dg.AssetExecutionContext) -> list[str]:
    """Return the dbt names of a subset; empty for the whole zone."""
    if not context.is_subset:
        return []
    specs = context.assets_def.specs_by_key
    return [specs[key].metadata[UNIQUE_ID].split(".")[2] for key in context.selected_asset_keys]


def _event_factory(
    context: dg.AssetExecutionContext, connection: "psycopg.Connection"
) -> Callable[[dbt_invocation.NodeResult], dg.MaterializeResult[None] | dg.AssetCheckResult | None]:
    assets = {
        spec.metadata[UNIQUE_ID]: spec.key
        for spec in context.assets_def.specs
        if spec.key in context.selected_asset_keys
    }
    checks = {
        spec.metadata[UNIQUE_ID]: spec.key
        for spec in context.assets_def.check_specs
        if spec.metadata and spec.key in context.selected_asset_check_keys
    }

    def to_event(
        result: dbt_invocation.NodeResult,
    ) -> dg.MaterializeResult[None] | dg.AssetCheckResult | None:
        if key := assets.get(result.unique_id):
            if not result.is_ok:
                return None
            metadata = _what_was_built(context.assets_def.specs_by_key[key], result, connection)
            return dg.MaterializeResult(asset_key=key, metadata=metadata)
        if (check := checks.get(result.unique_id)) and result.status != "skipped":
            return dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=result.status in ("pass", "unchanged"),
                severity=dg.AssetCheckSeverity.WARN
                if result.status == "warn"
                else dg.AssetCheckSeverity.ERROR,
                metadata={"failed_rows": result.failures or 0, "outcome": result.status},
            )
        return None

    return to_event


def _what_was_built(
    spec: dg.AssetSpec, result: dbt_invocation.NodeResult, connection: "psycopg.Connection"
) -> dict[str, Any]:
    """Return seconds, rows and the columns with the types they have in the warehouse."""
    from orchestration.operations import catalogue

    metadata: dict[str, Any] = {"seconds": round(result.seconds, 3), "outcome": result.status}
    table = catalogue.look(connection, *spec.key.path)
    rows = result.rows
    if "incremental" in spec.kinds and rows is not None:
        metadata["rows_written"] = rows
        rows = None
    rows = table.rows if rows is None else rows
    if rows is not None:
        metadata["dagster/row_count"] = rows
    if table.columns:
        declared = spec.metadata.get(COLUMNS)
        told = {c.name: c.description for c in declared.columns} if declared else {}
        metadata[COLUMNS] = dg.TableSchema(
            columns=[
                dg.TableColumn(name, kind, description=told.get(name))
                for name, kind in table.columns.items()
            ]
        )
    return metadata


@dg.definitions
def defs() -> dg.Definitions:
    """One asset group a zone."""
    return dg.Definitions(assets=[build_zone(zone) for zone in dbt_invocation.ZONES])
