"""What holds for every asset, mapped over the specs that the areas under ``defs/`` define.

An asset of which an area says nothing else belongs to the platform team, has the runbook of its
layer, and points at the code that makes it.
"""

import warnings
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import dagster as dg

from ingestion.registry import SOURCES
from ingestion.settings import project_root

# The versions are pinned, and whoever runs the hub cannot act on what Dagster calls beta.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

DEFAULT_OWNER = "team:platform"
RUNBOOKS = "orchestration/runbooks"
CODE = "dagster/code_references"

# Every source is due once a day at least; two hours late is news, a day late is an incident.
RAW_FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=48)
)
# What may follow new data by itself, when the sensor ``keep_core_warm`` is switched on.
WHEN_DATA_IS_NEW = dg.AutomationCondition.eager().with_label("when_data_is_new")
_AUTOMATED = ("staging", "identity", "consent", "intermediate", "core")
_RUNBOOK_OF_LAYER: Mapping[str, str] = {
    "raw": "load_failed",
    "vault": "load_failed",
    "ops": "run_failed",
    "marts": "publish_failed",
    "consent": "build_failed",
    "activation": "build_failed",
}
_CODE_OF_LAYER: Mapping[str, str] = {
    "vault": "ingestion/guard/store.py",
    "ops": "ingestion/guard/store.py",
    "identity": "orchestration/identity/resolve.py",
    "consent": "orchestration/consent/ledger.py",
    "activation": "orchestration/warehouse/ddl/activation.sql",
    "marts": "orchestration/publishing/release.py",
}


def described(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Return ``spec`` with what every asset says of itself."""
    layer = spec.tags.get("layer", "")
    page = _RUNBOOK_OF_LAYER.get(layer, "build_failed")
    metadata: dict[str, object] = {"runbook": dg.MetadataValue.path(f"{RUNBOOKS}/{page}.md")}
    if CODE not in spec.metadata and (file := _code(spec, layer)) is not None:
        metadata[CODE] = code_reference(file)
    spec = spec.merge_attributes(metadata=metadata)
    if not spec.owners:
        spec = spec.replace_attributes(owners=[DEFAULT_OWNER])
    if layer == "raw" and spec.partitions_def is None:
        spec = spec.replace_attributes(freshness_policy=RAW_FRESHNESS)
    if layer in _AUTOMATED:
        spec = spec.replace_attributes(automation_condition=WHEN_DATA_IS_NEW)
    return spec


def code_reference(file: Path) -> dg.CodeReferencesMetadataValue:
    """Return the link that the UI opens an editor with."""
    return dg.CodeReferencesMetadataValue(
        code_references=[dg.LocalFileCodeReference(file_path=str(file))]
    )


def _code(spec: dg.AssetSpec, layer: str) -> Path | None:
    if (source := SOURCES.get(spec.key.path[0])) is not None:
        return project_root() / f"{source.module.replace('.', '/')}.py"
    named = _CODE_OF_LAYER.get(layer)
    return project_root() / named if named else None
