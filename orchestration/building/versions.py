"""Whether a table of the warehouse holds what it held: a version that any write changes.

The server's own counters of rows written, so that the answer costs the same at any size. They are
flushed when a session ends or has been idle for 10 s; what a living session may still hold back is
waited for. Counters start anew after a crash, which is part of the version.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

# PostgreSQL flushes the counters of an idle session after PGSTAT_IDLE_INTERVAL (10 s).
FLUSHED_AFTER_SECONDS = 10
POLL_SECONDS = 0.05

_RELATIONS = """
    select n.nspname, c.relname, c.oid::text, coalesce(pg_relation_filenode(c.oid), 0)::text,
        pg_relation_size(c.oid),
        pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid),
        pg_stat_get_tuples_deleted(c.oid), c.relkind::text
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where n.nspname = any(%s) and c.relkind in ('r', 'v', 'm', 'p', 'f')
"""
_CRASHES = "select coalesce(stats_reset::text, '') from pg_stat_bgwriter"
_WRITERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and usename <> %s
        and state_change > clock_timestamp() - make_interval(secs => %s)
"""


@dataclass(frozen=True)
class Relation:
    """One table or view as it is now."""

    identity: str
    """Changes when the relation is made anew or truncated."""
    version: str | None
    """Changes with every write; nothing when that cannot be told."""
    size: int
    """Bytes of its rows."""


def settle(connection: psycopg.Connection, builder: str) -> None:
    """Wait until no session holds back counters of what it wrote.

    Sessions of ``builder`` don't count: it writes what is built, never what that is built from.
    ``connection`` needs to see others' activity: a superuser's or a member of pg_monitor's.
    """
    deadline = time.monotonic() + FLUSHED_AFTER_SECONDS + 1
    while time.monotonic() < deadline:
        row = connection.execute(_WRITERS, [builder, FLUSHED_AFTER_SECONDS]).fetchone()
        if row is None or row[0] == 0:
            return
        time.sleep(POLL_SECONDS)


def look(
    connection: psycopg.Connection, schemas: Iterable[str]
) -> Mapping[tuple[str, str], Relation]:
    """Return every table and view of some schemas, by schema and name."""
    crashes = connection.execute(_CRASHES).fetchone()
    found = {}
    rows = connection.execute(_RELATIONS, [sorted(set(schemas))]).fetchall()
    for schema, name, oid, node, size, inserted, updated, deleted, kind in rows:
        identity = f"{oid}/{node}" if kind == "r" else oid
        is_counted = size == 0 or inserted + updated + deleted > 0
        version = f"{identity}/{inserted}/{updated}/{deleted}/{crashes}" if is_counted else None
        found[schema, name] = Relation(identity, version, size)
    return found


def content(
    connection: psycopg.Connection, schema: str, table: str, loads: str | None = None
) -> str:
    """Return a digest of all rows whatever their order, without what the loader notes on them.

    With ``loads``, the table beside it that lists finished loads, only rows that those left count.
    """
    columns = [
        sql.Identifier(row[0])
        for row in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 "
            "and not attisdropped and attname not like '\\_dlt\\_%%' order by attname",
            [sql.Identifier(schema, table).as_string(connection)],
        )
    ]
    query: sql.Composed = sql.SQL(
        "select count(*), sum(hashtextextended(row({})::text, 0)) from {}"
    ).format(sql.SQL(", ").join(columns), sql.Identifier(schema, table))
    if loads is not None:
        query += sql.SQL(" where _dlt_load_id in (select load_id from {} where status = 0)").format(
            sql.Identifier(schema, loads)
        )
    row = connection.execute(query).fetchone()
    return f"{len(columns)} columns, {row[0]} rows, {row[1]}" if row else ""
