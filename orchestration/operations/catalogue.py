"""What the warehouse itself says of a table: its columns' types and about how many rows it has."""

from dataclasses import dataclass

import psycopg

_COLUMNS = """
select attribute.attname, format_type(attribute.atttypid, attribute.atttypmod)
from pg_attribute as attribute
where attribute.attrelid = to_regclass(%s) and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attnum
"""
# The planner's figure, kept up by every write; -1 means that nobody has looked yet.
_ROWS = "select reltuples::bigint from pg_class where oid = to_regclass(%s) and relkind = 'r'"


@dataclass(frozen=True)
class Table:
    """Column names and types in their order; ``rows`` is an estimate, None for a view."""

    columns: dict[str, str]
    rows: int | None


def look(connection: psycopg.Connection, schema: str, table: str) -> Table:
    """Return what is there; no columns when there is no such relation."""
    name = f'"{schema}"."{table}"'
    columns: dict[str, str] = dict(connection.execute(_COLUMNS, [name]).fetchall())
    row = connection.execute(_ROWS, [name]).fetchone()
    return Table(columns, row[0] if row and row[0] >= 0 else None)
