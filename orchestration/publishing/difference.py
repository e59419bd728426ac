"""What a release would change, computed before anything is applied.

First an order-independent fingerprint of both sides (one parallel scan each, no join, no writes):
equal means unchanged. Only where it differs a full join on the key finds the rows, into a temporary
table (key, op) that the release then applies: op is ``added``, ``removed``, ``changed``, or
``filled`` for a row that differs in new columns only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from orchestration.publishing.catalog import names_of, relation
from orchestration.publishing.shape import Shape


@dataclass(frozen=True)
class MartChange:
    """Counts of one mart.

    ``filled`` are those of the changed rows that only gain values in new columns; ``columns``
    counts changed values in rows that stay.
    """

    schema: str
    table: str
    is_first: bool
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    columns: Mapping[str, int] = field(default_factory=dict)
    filled: int = 0

    @property
    def name(self) -> str:
        """Return ``schema.table``."""
        return f"{self.schema}.{self.table}"

    @property
    def is_empty(self) -> bool:
        """Return whether no row differs."""
        return self.added + self.removed + self.changed == 0

    @property
    def key_overlap(self) -> float:
        """Return the share of the keys before that stay, 0 to 1; 1 when there were none."""
        return 1.0 - self.removed / self.rows_before if self.rows_before else 1.0


@dataclass(frozen=True)
class Measured:
    """A mart's counts and the temporary table that holds its keys, when rows differ."""

    shape: Shape
    change: MartChange
    keys: sql.Identifier | None


def measure(conn: psycopg.Connection, shape: Shape, position: int) -> Measured:
    """Compare one mart with its core relation inside the caller's transaction."""
    mart = shape.mart
    core = relation(mart.core_schema, mart.core_table)
    if shape.is_new:
        rows = _one(conn, sql.SQL("select count(*) from {}").format(core))[0]
        change = MartChange(mart.schema, mart.table, True, 0, rows, rows, 0, 0)
        return Measured(shape, change, None)
    built = _fingerprint(conn, shape, core)
    published = _fingerprint(conn, shape, relation(mart.schema, mart.table))
    if built == published and not shape.added_columns:
        return untouched(shape, built[0])
    keys = sql.Identifier(f"change_{position}")
    _find_changes(conn, shape, keys)
    counts: dict[str, int] = dict(
        conn.execute(sql.SQL("select op, count(*) from {} group by op").format(keys)).fetchall()
    )
    changed = counts.get("changed", 0) + counts.get("filled", 0)
    change = MartChange(
        mart.schema,
        mart.table,
        published[0] == 0,
        published[0],
        built[0],
        counts.get("added", 0),
        counts.get("removed", 0),
        changed,
        _count_columns(conn, shape, keys) if changed else {},
        counts.get("filled", 0),
    )
    return Measured(shape, change, keys)


def untouched(shape: Shape, rows: int) -> Measured:
    """Return what there is to say of a mart whose rows are those that were built."""
    mart = shape.mart
    return Measured(shape, MartChange(mart.schema, mart.table, False, rows, rows, 0, 0, 0), None)


def match(left: str, right: str, columns: tuple[str, ...]) -> sql.Composed:
    """Return the join condition on the key between two aliases."""
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name))
        for name in columns
    )


def prefixed(alias: str, columns: tuple[str, ...]) -> sql.Composed:
    """Return ``alias.column, …``."""
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in columns)


def _one(conn: psycopg.Connection, query: sql.Composed) -> tuple[int, ...]:
    row = conn.execute(query).fetchone()
    return tuple(row) if row else ()


def _fingerprint(conn: psycopg.Connection, shape: Shape, source: sql.Identifier) -> tuple[int, ...]:
    """Return row count and two independent folds (about 95 bits) of the 64-bit row hashes."""
    return _one(
        conn,
        sql.SQL(
            "select count(*), bit_xor(h), sum((h & 2147483647)::int) from "
            "(select hash_record_extended(row({}), 0) as h from {}) hashed"
        ).format(names_of(shape.kept_columns), source),
    )


def _find_changes(conn: psycopg.Connection, shape: Shape, keys: sql.Identifier) -> None:
    mart = shape.mart
    key = mart.primary_key
    kept = tuple(name for name in shape.kept_columns if name not in key)
    tests: list[sql.Composed] = [
        sql.SQL("{} is null").format(sql.Identifier("built", key[0])),
        sql.SQL("{} is null").format(sql.Identifier("published", key[0])),
    ]
    known = sql.Composed([sql.SQL("false")])
    if kept:
        known = sql.SQL("row({}) is distinct from row({})").format(
            prefixed("built", kept), prefixed("published", kept)
        )
        tests.append(known)
    tests += [
        sql.SQL("{} is not null").format(sql.Identifier("built", name))
        for name in shape.added_columns
    ]
    conn.execute(
        sql.SQL(
            "create temporary table {keys} on commit drop as select {key}, "
            "case when {old} is null then 'added' when {new} is null then 'removed' "
            "when {known} then 'changed' else 'filled' end as op "
            "from {core} as built full join {mart} as published on {match} where {tests}"
        ).format(
            keys=keys,
            key=sql.SQL(", ").join(
                sql.SQL("coalesce({}, {}) as {}").format(
                    sql.Identifier("built", name),
                    sql.Identifier("published", name),
                    sql.Identifier(name),
                )
                for name in key
            ),
            old=sql.Identifier("published", key[0]),
            new=sql.Identifier("built", key[0]),
            known=known,
            core=relation(mart.core_schema, mart.core_table),
            mart=relation(mart.schema, mart.table),
            match=match("built", "published", key),
            tests=sql.SQL(" or ").join(tests),
        )
    )
    conn.execute(sql.SQL("analyze {}").format(keys))


def _count_columns(conn: psycopg.Connection, shape: Shape, keys: sql.Identifier) -> dict[str, int]:
    mart = shape.mart
    compared = shape.compared_columns
    tests = [
        sql.SQL("count(*) filter (where {} is distinct from {})").format(
            sql.Identifier("built", name),
            sql.SQL("null") if name in shape.added_columns else sql.Identifier("published", name),
        )
        for name in compared
    ]
    counts = _one(
        conn,
        sql.SQL(
            "select {tests} from {keys} as keys join {core} as built on {built} "
            "join {mart} as published on {published} where keys.op in ('changed', 'filled')"
        ).format(
            tests=sql.SQL(", ").join(tests),
            keys=keys,
            core=relation(mart.core_schema, mart.core_table),
            built=match("keys", "built", mart.primary_key),
            mart=relation(mart.schema, mart.table),
            published=match("keys", "published", mart.primary_key),
        ),
    )
    return {name: count for name, count in zip(compared, counts, strict=True) if count}
