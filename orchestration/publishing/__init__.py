"""Moves what dbt built into the stable tables that readers use, one release at a time."""

from orchestration.publishing.catalog import built_in
from orchestration.publishing.difference import MartChange
from orchestration.publishing.errors import (
    ChecksFailed,
    LockedOut,
    ManifestError,
    PersonalDataRefused,
    PublishBusy,
    PublishError,
    ReleaseBlocked,
    SchemaRefused,
)
from orchestration.publishing.gate import acknowledge
from orchestration.publishing.manifest import read_marts
from orchestration.publishing.marts import Column, ForeignKey, Index, Mart
from orchestration.publishing.release import Release, ReleaseDiff, diff, publish
from orchestration.publishing.rollback import rollback
from orchestration.publishing.session import connect

__all__ = [
    "ChecksFailed",
    "Column",
    "ForeignKey",
    "Index",
    "LockedOut",
    "ManifestError",
    "Mart",
    "MartChange",
    "PersonalDataRefused",
    "PublishBusy",
    "PublishError",
    "Release",
    "ReleaseBlocked",
    "ReleaseDiff",
    "SchemaRefused",
    "acknowledge",
    "built_in",
    "connect",
    "diff",
    "publish",
    "read_marts",
    "rollback",
]
