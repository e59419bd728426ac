"""Entry point named by ``workspace.yaml``; every area is discovered under ``defs/``."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Load every area."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
