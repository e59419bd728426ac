"""What was built last, and from what. Grain of ``ops.builds``: one row a model, seed or test."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class Record:
    """How a node was when it was last built, or a test when it last held."""

    node: str
    definition: str
    content: str
    identity: str


def read(connection: psycopg.Connection) -> Mapping[str, Record]:
    """Return all records by node."""
    rows = connection.execute("select node, definition, content, identity from ops.builds")
    return {row[0]: Record(*row) for row in rows}


def write(connection: psycopg.Connection, records: Iterable[Record]) -> None:
    """Record nodes, replacing what was known of them; commits."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.builds (node, definition, content, identity) "
            "values (%s, %s, %s, %s) on conflict (node) do update set "
            "definition = excluded.definition, content = excluded.content, "
            "identity = excluded.identity, built_at = excluded.built_at",
            [(r.node, r.definition, r.content, r.identity) for r in records],
        )


def forget(connection: psycopg.Connection) -> None:
    """Forget everything: the next run builds all."""
    connection.execute("delete from ops.builds")
