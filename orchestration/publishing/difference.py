"""What a release would change, computed before anything is applied.

One full join on the key finds the rows that differ, into a temporary table of key, op and the row
as it was built, so that nothing later reads all of what was built again. op is ``added``,
``removed``, ``changed``, or ``filled`` for a row that differs in new columns only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from orchestration.publishing.catalog import relation
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
    """A mart's counts and the temporary table that holds its news, when rows differ."""

    shape: Shape
    change: MartChange
    news: sql.Identifier | None


def measure(
    conn: psycopg.Connection, shape: Shape, position: int, rows_before: int | None
) -> Measured:
    """Compare one mart with its core relation inside the caller's transaction.

    ``rows_before`` are the rows published, if known; else they are counted.
    """
    mart = shape.mart
    core = relation(mart.core_schema, mart.core_table)
    if shape.is_new:
        rows = _count(conn, core)
        change = MartChange(mart.schema, mart.table, True, 0, rows, rows, 0, 0)
        return Measured(shape, change, None)
    news = sql.Identifier(f"news_{position}")
    _find_changes(conn, shape, news)
    counts: dict[str, int] = dict(
        conn.execute(sql.SQL("select op, count(*) from {} group by op").format(news)).fetchall()
    )
    # What was built may be a view, so that counting it would compute it once more.
    before = _count(conn, relation(mart.schema, mart.table)) if rows_before is None else rows_before
    if not counts:
        return untouched(shape, before)
    added, removed = counts.get("added", 0), counts.get("removed", 0)
    after = before + added - removed
    changed = counts.get("changed", 0) + counts.get("filled", 0)
    change = MartChange(
        mart.schema,
        mart.table,
        before == 0,
        before,
        after,
        added,
        removed,
        changed,
        _count_columns(conn, shape, news) if changed else {},
        counts.get("filled", 0),
    )
    return Measured(shape, change, news)


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


def _count(conn: psycopg.Connection, source: sql.Identifier) -> int:
    row = conn.execute(sql.SQL("select count(*) from {}").format(source)).fetchone()
    return int(row[0]) if row else 0


def _find_changes(conn: psycopg.Connection, shape: Shape, news: sql.Identifier) -> None:
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
            "create temporary table {news} on commit drop as select {columns}, "
            "case when {old} is null then 'added' when {new} is null then 'removed' "
            "when {known} then 'changed' else 'filled' end as op "
            "from {core} as built full join {mart} as published on {match} where {tests}"
        ).format(
            news=news,
            columns=sql.SQL(", ").join(
                sql.SQL("coalesce({}, {}) as {}").format(
                    sql.Identifier("built", name),
                    sql.Identifier("published", name),
                    sql.Identifier(name),
                )
                if name in key
                else sql.Identifier("built", name)
                for name in shape.columns
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
    conn.execute(sql.SQL("analyze {}").format(news))


def _count_columns(conn: psycopg.Connection, shape: Shape, news: sql.Identifier) -> dict[str, int]:
    mart = shape.mart
    compared = shape.compared_columns
    tests = [
        sql.SQL("count(*) filter (where {} is distinct from {})").format(
            sql.Identifier("news", name),
            sql.SQL("null") if name in shape.added_columns else sql.Identifier("published", name),
        )
        for name in compared
    ]
    counts = conn.execute(
        sql.SQL(
            "select {tests} from {news} as news join {mart} as published on {published} "
            "where news.op in ('changed', 'filled')"
        ).format(
            tests=sql.SQL(", ").join(tests),
            news=news,
            mart=relation(mart.schema, mart.table),
            published=match("news", "published", mart.primary_key),
        ),
    ).fetchone()
    return {name: count for name, count in zip(compared, counts or (), strict=True) if count}
