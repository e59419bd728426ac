"""Which marts need not be compared or counted: nobody wrote to them since they held what was built.

``marts_meta.compared`` keeps, per mart, the versions (``building.versions``) that the built
relation and the published table had when a publish left them equal. Whatever is not known for
certain is compared: another session that may write is connected, a version is missing, somebody
else wrote meanwhile, the shape changed.
"""

from collections.abc import Mapping, Sequence

import psycopg

from orchestration.building import versions
from orchestration.building.versions import Relation
from orchestration.publishing.difference import Measured, measure, untouched
from orchestration.publishing.marts import Mart
from orchestration.publishing.shape import Shape

Seen = Mapping[tuple[str, str], Relation]
"""Relations as they were just before the transaction that compares; empty if untold."""


def look(conn: psycopg.Connection, marts: Sequence[Mart]) -> Seen:
    """Return the relations of all marts; call outside a transaction, before the one that compares.

    A write between the two is then newer than the versions returned.
    """
    versions.flush(conn)
    schemas = _schemas(marts)
    return versions.look(conn, schemas) if versions.is_alone(conn, schemas) else {}


def measure_all(conn: psycopg.Connection, shapes: Sequence[Shape], seen: Seen) -> list[Measured]:
    """Compare the marts that may differ from what was built, inside the caller's transaction."""
    rows, equal = _known_rows(conn, shapes, seen)
    return [
        untouched(shape, rows[shape.mart.name])
        if shape.mart.name in equal
        else measure(conn, shape, position, rows.get(shape.mart.name))
        for position, shape in enumerate(shapes)
    ]


def remember(
    conn: psycopg.Connection, shapes: Sequence[Shape], rows: Mapping[str, int], seen: Seen
) -> None:
    """Keep the versions of marts that hold what was built once this transaction commits."""
    if not seen:
        return
    schemas = _schemas([shape.mart for shape in shapes])
    now = versions.look(conn, schemas)
    then = versions.look(conn, schemas, is_own_counted=True)
    known = set(conn.execute("select * from marts_meta.compared"))
    for shape in shapes:
        mart = shape.mart
        built, published = _homes(mart)
        is_ours = shape.is_new or _version(now, published) == _version(seen, published)
        told = (_version(seen, built), _version(then, published) if is_ours else None)
        row = (mart.schema, mart.table, *told, rows[mart.name])
        if None not in told and row not in known:
            conn.execute(
                "insert into marts_meta.compared values (%s, %s, %s, %s, %s) "
                "on conflict (mart_schema, mart_table) do update set "
                "built_version = excluded.built_version, "
                "published_version = excluded.published_version, rows_total = excluded.rows_total",
                row,
            )


def _schemas(marts: Sequence[Mart]) -> set[str]:
    return {schema for mart in marts for schema, _ in _homes(mart)}


def _homes(mart: Mart) -> tuple[tuple[str, str], tuple[str, str]]:
    return (mart.core_schema, mart.core_table), (mart.schema, mart.table)


def _version(relations: Seen, home: tuple[str, str]) -> str | None:
    relation = relations.get(home)
    return relation.version if relation else None


def _known_rows(
    conn: psycopg.Connection, shapes: Sequence[Shape], seen: Seen
) -> tuple[dict[str, int], set[str]]:
    """Return the rows of marts that nobody else wrote to, and which still hold what was built."""
    known = {
        (schema, table): (built, published, rows)
        for schema, table, built, published, rows in conn.execute(
            "select mart_schema, mart_table, built_version, published_version, rows_total "
            "from marts_meta.compared"
        )
    }
    rows, equal = {}, set()
    for shape in shapes:
        mart = shape.mart
        built, published, count = known.get((mart.schema, mart.table), (None, None, 0))
        built_now, published_now = (_version(seen, home) for home in _homes(mart))
        if published is not None and published == published_now:
            rows[mart.name] = count
            if built == built_now and not shape.changes:
                equal.add(mart.name)
    return rows, equal
