"""Entry point named by ``workspace.yaml``; every area is discovered under ``defs/``."""

from pathlib import Path

import dagster as dg

from orchestration.policies import described


@dg.definitions
def defs() -> dg.Definitions:
    """Load every area, then say of every asset what holds for all."""
    areas = dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
    assets = [
        asset
        for asset in areas.assets or ()
        if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)
    ]
    return dg.Definitions(
        assets=dg.map_asset_specs(described, assets),
        asset_checks=areas.asset_checks,
        jobs=areas.jobs,
        schedules=areas.schedules,
        sensors=areas.sensors,
        resources=areas.resources,
        executor=areas.executor,
        loggers=areas.loggers,
        metadata=areas.metadata,
        component_tree=areas.component_tree,
    )
