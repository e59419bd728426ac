"""Entry point named by ``workspace.yaml``; every area is discovered under ``defs/``."""

from pathlib import Path

import dagster as dg

from orchestration.policies import described


@dg.definitions
def defs() -> dg.Definitions:
    """Load every area, then say of every asset what holds for all."""
    areas = dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
    return areas.map_resolved_asset_specs(func=described)
