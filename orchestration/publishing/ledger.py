"""Writes ``marts_meta``: releases, freshness, changelog, and the contract as tables."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import psycopg
from psycopg import sql

from orchestration.publishing.build import HISTORY
from orchestration.publishing.catalog import relation
from orchestration.publishing.difference import MartChange
from orchestration.publishing.shape import Shape, Shapes


def current_release(conn: psycopg.Connection) -> tuple[int, datetime] | None:
    """Return id and time of the release that readers see, None before the first."""
    row = conn.execute(
        "select release_id, released_at from marts_meta.releases order by release_id desc limit 1"
    ).fetchone()
    return (int(row[0]), row[1]) if row else None


def clock(conn: psycopg.Connection) -> datetime:
    """Return the server's time in UTC, without a zone."""
    row = conn.execute("select timezone('UTC', clock_timestamp())").fetchone()
    if row is None:
        raise RuntimeError("the server did not tell the time")
    moment: datetime = row[0]
    return moment


def open_release(
    conn: psycopg.Connection,
    kind: str,
    released_at: datetime,
    changes: Sequence[MartChange],
    *,
    run_id: str | None,
    data_until: datetime | None,
    acknowledged: int | None = None,
    undone: int | None = None,
) -> int:
    """Record a release inside its own transaction and return its id."""
    row = conn.execute(
        "insert into marts_meta.releases (release_id, kind, released_at, run_id, data_until, "
        "rows_added, rows_removed, rows_changed, seconds, acknowledged_block_id, undone_release_id)"
        " select coalesce(max(release_id), 0) + 1, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s "
        "from marts_meta.releases returning release_id",
        [
            kind,
            released_at,
            run_id,
            data_until,
            sum(change.added for change in changes),
            sum(change.removed for change in changes),
            sum(change.changed for change in changes),
            acknowledged,
            undone,
        ],
    ).fetchone()
    if row is None:
        raise RuntimeError("the release could not be recorded")
    release_id = int(row[0])
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into marts_meta.release_marts values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    release_id,
                    change.schema,
                    change.table,
                    change.is_first,
                    change.rows_before,
                    change.rows_after,
                    change.added,
                    change.removed,
                    change.changed,
                    round(change.key_overlap, 4),
                )
                for change in changes
                if change.is_first or not change.is_empty
            ],
        )
        cursor.executemany(
            "insert into marts_meta.release_columns values (%s, %s, %s, %s, %s)",
            [
                (release_id, change.schema, change.table, column, rows)
                for change in changes
                for column, rows in change.columns.items()
            ],
        )
    # An acknowledgement is for the next release, whether or not it was needed in the end.
    conn.execute(
        "update marts_meta.blocks set used_by_release_id = %s "
        "where acknowledged_at is not null and used_by_release_id is null",
        [release_id],
    )
    return release_id


def close_release(conn: psycopg.Connection, release_id: int, seconds: float) -> None:
    """Record how long the release took, up to the moment before its commit."""
    conn.execute(
        "update marts_meta.releases set seconds = %s where release_id = %s",
        [round(seconds, 3), release_id],
    )


def write_freshness(
    conn: psycopg.Connection,
    changes: Iterable[MartChange],
    release: tuple[int, datetime],
    *,
    data_until: datetime | None,
    gates: Mapping[str, str],
) -> None:
    """Say per mart until when its data reach; marts that did not change are confirmed only."""
    release_id, released_at = release
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into marts_meta.freshness as known (mart_schema, mart_table, release_id, "
            "released_at, data_until, confirmed_at, rows_total, gate_result) "
            "values (%s, %s, %s, %s, %s, timezone('UTC', clock_timestamp()), %s, %s) "
            "on conflict (mart_schema, mart_table) do update set "
            "release_id = case when %s then excluded.release_id else known.release_id end, "
            "released_at = case when %s then excluded.released_at else known.released_at end, "
            "data_until = coalesce(excluded.data_until, known.data_until), "
            "confirmed_at = excluded.confirmed_at, rows_total = excluded.rows_total, "
            "gate_result = excluded.gate_result",
            [
                (
                    change.schema,
                    change.table,
                    release_id,
                    released_at,
                    data_until,
                    change.rows_after,
                    gates[change.name],
                    not change.is_empty,
                    not change.is_empty,
                )
                for change in changes
            ],
        )


def write_changelog(
    conn: psycopg.Connection, shapes: Shapes, release_id: int, at: datetime
) -> None:
    """Record every change of shape."""
    entries = [
        (release_id, at, s.mart.schema, s.mart.table, change.kind, change.column, change.detail)
        for s in shapes.marts
        for change in s.changes
    ] + [
        (release_id, at, schema, table, "mart_retired", None, "its deprecation date has passed")
        for schema, table in shapes.retired
    ]
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into marts_meta.changelog (release_id, changed_at, mart_schema, mart_table, "
            "kind, column_name, detail) values (%s, %s, %s, %s, %s, %s, %s)",
            entries,
        )


def write_contract(conn: psycopg.Connection, shapes: Sequence[Shape]) -> bool:
    """Bring ``marts_meta.marts``, ``keys`` and ``columns`` to the contract; True if it differed."""
    marts = [
        (m.schema, m.table, m.core_name, m.description, m.group, m.version, m.deprecation_date)
        for m in (shape.mart for shape in shapes)
    ]
    keys: list[tuple[object, ...]] = []
    columns: list[tuple[object, ...]] = []
    for shape in shapes:
        mart = shape.mart
        home = (mart.schema, mart.table)
        keys.append((*home, "primary", ", ".join(mart.primary_key), "", "", ""))
        for key in mart.foreign_keys:
            to = (key.to_schema, key.to_table, ", ".join(key.to_columns))
            keys.append((*home, "foreign", ", ".join(key.columns), *to))
        for c in mart.columns.values():
            told = (c.description, c.pii, c.purpose, c.is_required)
            columns.append((*home, c.name, shape.types[c.name], *told))
    differs = [
        _replace(conn, table, rows)
        for table, rows in (("marts", marts), ("keys", keys), ("columns", columns))
    ]
    return any(differs)


def _replace(conn: psycopg.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> bool:
    target = relation("marts_meta", table)
    known = set(conn.execute(sql.SQL("select * from {}").format(target)).fetchall())
    if known == set(rows):
        return False
    conn.execute(sql.SQL("delete from {}").format(target))
    with conn.cursor() as cursor:
        cursor.executemany(
            sql.SQL("insert into {} values ({})").format(
                target, sql.SQL(", ").join(sql.Placeholder() * len(rows[0]))
            ),
            rows,
        )
    return True


def forget_retired(conn: psycopg.Connection, retired: Iterable[tuple[str, str]]) -> None:
    """Remove the freshness of marts that are gone, and what they were compared with."""
    for schema, table in retired:
        for known in ("freshness", "compared"):
            conn.execute(
                sql.SQL("delete from {} where mart_schema = %s and mart_table = %s").format(
                    relation("marts_meta", known)
                ),
                [schema, table],
            )


def prune_history(conn: psycopg.Connection, oldest_kept: int) -> None:
    """Drop pre-images of releases before ``oldest_kept``, in every history table."""
    for (table,) in conn.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relkind = 'r'",
        [HISTORY],
    ).fetchall():
        conn.execute(
            sql.SQL("delete from {} where release_id < %s").format(relation(HISTORY, table)),
            [oldest_kept],
        )
