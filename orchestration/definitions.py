"""Entry point named by ``workspace.yaml``; everything else is discovered under ``defs/``."""

from datetime import timedelta
from pathlib import Path

import dagster as dg

# A daily refresh that is two hours late is news; a day late is an incident.
MARTS_FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=48)
)


@dg.definitions
def defs() -> dg.Definitions:
    """Load every area, then give what readers see its freshness policy."""
    loaded = dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
    return loaded.map_resolved_asset_specs(
        func=lambda spec: dg.apply_freshness_policy(spec, MARTS_FRESHNESS),
        selection=dg.AssetSelection.tag("layer", "marts"),
    )
