"""What a materialisation says of a table that dbt did not build: columns and about how many rows.

Descriptions come from the dbt project, where every column is described once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from ingestion.settings import role_url
from orchestration.defs.transformation import COLUMNS, manifest

if TYPE_CHECKING:
    import psycopg


@contextmanager
def looking(role: str) -> Iterator["psycopg.Connection"]:
    """Connect as ``role`` to look at tables."""
    import psycopg

    with psycopg.connect(role_url(role), autocommit=True, connect_timeout=15) as connection:
        yield connection


def seen(connection: "psycopg.Connection", schema: str, table: str) -> dict[str, Any]:
    """Return columns with types, and the planner's idea of the rows when it has one."""
    from orchestration.operations import catalogue

    found = catalogue.look(connection, schema, table)
    told = _described(schema, table)
    metadata: dict[str, Any] = {
        COLUMNS: dg.TableSchema(
            columns=[
                dg.TableColumn(name, kind, description=told.get(name))
                for name, kind in found.columns.items()
            ]
        )
    }
    if found.rows is not None:
        metadata["dagster/row_count"] = found.rows
    return metadata


def _described(schema: str, table: str) -> dict[str, str]:
    """Return a column's words: those of the source, or of the staging model that takes it over."""
    staging = f"stg_{schema.removeprefix('raw_')}__{table}"
    described = [
        *(s for s in manifest()["sources"].values() if (s["schema"], s["name"]) == (schema, table)),
        *(node for node in manifest()["nodes"].values() if node["name"] == staging),
    ]
    return {
        name: column.get("description") or ""
        for node in reversed(described)
        for name, column in node["columns"].items()
    }
