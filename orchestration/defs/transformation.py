"""The dbt project as assets, one group of models a zone; keys follow schema and table."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from orchestration import dbt_invocation

UNIQUE_ID = "dagster_dbt/unique_id"


class TableTranslator(DagsterDbtTranslator):
    """Names each asset after the relation it becomes, so that lineage meets the loaders'."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the spec of one node: key ``[schema, table]``, grouped by schema."""
        node = self.get_resource_props(manifest, unique_id)
        relation = node.get("alias") or node.get("identifier") or node["name"]
        meta = node.get("config", {}).get("meta") or {}
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(
            key=dg.AssetKey([node["schema"], relation]),
            group_name=node["schema"],
            tags={**spec.tags, "layer": node["schema"], "pii": str(meta.get("pii", "none"))},
        ).merge_attributes(metadata={"dagster/table_name": f"{node['schema']}.{relation}"})


@cache
def manifest() -> Mapping[str, Any]:
    """Return the parsed project; read once for all zones."""
    content: dict[str, Any] = json.loads(dbt_invocation.manifest().read_text())
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
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        from orchestration.warehouse.bootstrap import reconcile

        to_event = _event_factory(context)
        for result in dbt_invocation.build(zone, _selected_names(context)):
            if (event := to_event(result)) is not None:
                yield event
        reconcile()

    return _zone


def _selected_names(context: dg.AssetExecutionContext) -> list[str]:
    """Return the dbt names of a subset; empty for the whole zone."""
    if not context.is_subset:
        return []
    specs = context.assets_def.specs_by_key
    return [specs[key].metadata[UNIQUE_ID].split(".")[2] for key in context.selected_asset_keys]


def _event_factory(
    context: dg.AssetExecutionContext,
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
            metadata: dict[str, float | int] = {"seconds": round(result.seconds, 3)}
            if result.rows is not None:
                metadata["dagster/row_count"] = result.rows
            return dg.MaterializeResult(asset_key=key, metadata=metadata)
        if (check := checks.get(result.unique_id)) and result.status != "skipped":
            return dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.WARN
                if result.status == "warn"
                else dg.AssetCheckSeverity.ERROR,
                metadata={"failed_rows": result.failures or 0},
            )
        return None

    return to_event


@dg.definitions
def defs() -> dg.Definitions:
    """One asset group a zone."""
    return dg.Definitions(assets=[build_zone(zone) for zone in dbt_invocation.ZONES])
