"""Whether a table of the warehouse holds what it held: a version that any write changes.

The server's own counters of rows written, so that the answer costs the same at any size. They are
flushed when a session ends or has been idle for 10 s; what a living session may still hold back is
waited for. Counters start anew after a crash, which is part of the version. A view holds what the
tables hold that it reads.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

# PostgreSQL flushes the counters of an idle session after PGSTAT_IDLE_INTERVAL (10 s).
FLUSHED_AFTER_SECONDS = 10
POLL_SECONDS = 0.05

# Each relation with the tables whose rows it shows: itself, or all that a view reads. What a
# function returns (0), a partitioned or a foreign table holds is in no counter. A view's rule is
# written anew with its definition.
_RELATIONS = """
    with recursive shown (relation, oid) as (
        select c.oid, c.oid
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'v', 'm', 'p', 'f')
        union
        select shown.relation,
            case when d.refclassid = 'pg_class'::regclass then d.refobjid else 0 end
        from shown
        inner join pg_class as v on v.oid = shown.oid and v.relkind = 'v'
        inner join pg_rewrite as w on w.ev_class = v.oid
        inner join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        where d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)
    ),
    counted as (
        select shown.relation, shown.oid, coalesce(c.relkind, 'f') as kind,
            shown.oid || '/' || coalesce(pg_relation_filenode(c.oid), 0) as identity,
            pg_relation_size(c.oid) as size,
            pg_stat_get_tuples_inserted(c.oid)
            + %(own)s * pg_stat_get_xact_tuples_inserted(c.oid) as inserted,
            pg_stat_get_tuples_updated(c.oid)
            + %(own)s * pg_stat_get_xact_tuples_updated(c.oid) as updated,
            pg_stat_get_tuples_deleted(c.oid)
            + %(own)s * pg_stat_get_xact_tuples_deleted(c.oid) as deleted,
            w.xmin as defined
        from shown
        left join pg_class as c on c.oid = shown.oid
        left join pg_rewrite as w on w.ev_class = c.oid and c.relkind = 'v' and w.ev_type = '1'
    ),
    versions as (
        select relation, oid, case
            when kind = 'v' then identity || '/' || defined
            when kind in ('r', 'm') and (size = 0 or inserted + updated + deleted > 0)
            then identity || '/' || inserted || '/' || updated || '/' || deleted
            end as version
        from counted
    )
    select n.nspname, c.relname,
        case when c.relkind = 'r' then c.oid || '/' || coalesce(pg_relation_filenode(c.oid), 0)
        else c.oid::text end,
        case when count(*) = count(v.version) then string_agg(v.version, ' ' order by v.oid) end,
        pg_relation_size(c.oid)
    from versions as v
    inner join pg_class as c on c.oid = v.relation
    inner join pg_namespace as n on c.relnamespace = n.oid
    group by n.nspname, c.relname, c.oid, c.relkind
"""
_CRASHES = """
    select coalesce(stats_reset::text, '')
        || coalesce(pg_stat_get_db_stat_reset_time(oid)::text, '')
    from pg_stat_bgwriter, pg_database where datname = current_database()
"""
_WRITERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and usename <> %s
        and state_change > clock_timestamp() - make_interval(secs => %s)
"""
# Sessions of others, however idle, whose role may write to a table of these schemas.
_WRITER = """
    select exists (
        select from pg_stat_activity as a
        where a.datname = current_database() and a.pid <> pg_backend_pid()
            and exists (
                select from pg_class as c
                inner join pg_namespace as n on c.relnamespace = n.oid
                where n.nspname like any(%s) and c.relkind in ('r', 'm', 'p', 'f')
                    and has_table_privilege(
                        a.usesysid, c.oid, 'insert, update, delete, truncate'
                    )
            )
    )
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


def flush(connection: psycopg.Connection) -> None:
    """Have the server count what this session wrote in transactions that are over."""
    connection.execute("select pg_stat_force_next_flush()")


def is_alone(connection: psycopg.Connection, schemas: Iterable[str]) -> bool:
    """Whether no other session is there that may write to tables of these schemas (LIKE patterns).

    What a session wrote is counted before it is gone, so versions of these tables can then be
    trusted without waiting; any role may ask.
    """
    row = connection.execute(_WRITER, [sorted(set(schemas))]).fetchone()
    return row == (False,)


def look(
    connection: psycopg.Connection, schemas: Iterable[str], *, is_own_counted: bool = False
) -> Mapping[tuple[str, str], Relation]:
    """Return every table and view of some schemas, by schema and name.

    With ``is_own_counted`` versions are those that there will be once the transaction under way,
    the first since ``flush``, has committed.
    """
    crashes = connection.execute(_CRASHES).fetchone()
    asked = {"schemas": sorted(set(schemas)), "own": int(is_own_counted)}
    return {
        (schema, name): Relation(identity, version and f"{version} {crashes}", size)
        for schema, name, identity, version, size in connection.execute(_RELATIONS, asked)
    }


def content(
    connection: psycopg.Connection, schema: str, table: str, loads: str | None = None
) -> str:
    """Return a digest of all rows whatever their order, without what the loader notes on them.

    With ``loads``, the table beside it that lists finished loads, only rows that those left count.
    Values are hashed as they lie, since printing them first takes as long again; PostgreSQL has no
    hash for what it keeps as ``json`` or ``xml``, so these are printed.
    """
    columns = [
        sql.SQL("{}::text" if is_printed else "{}").format(sql.Identifier(name))
        for name, is_printed in connection.execute(
            "select attname, atttypid in ('json'::regtype, 'xml'::regtype) from pg_attribute "
            "where attrelid = %s::regclass and attnum > 0 "
            "and not attisdropped and attname not like '\\_dlt\\_%%' order by attname",
            [sql.Identifier(schema, table).as_string(connection)],
        )
    ]
    query: sql.Composed = sql.SQL(
        "select count(*), sum(hash_record_extended(row({}), 0)) from {}"
    ).format(sql.SQL(", ").join(columns), sql.Identifier(schema, table))
    if loads is not None:
        query += sql.SQL(" where _dlt_load_id in (select load_id from {} where status = 0)").format(
            sql.Identifier(schema, loads)
        )
    row = connection.execute(query).fetchone()
    return f"{len(columns)} columns, {row[0]} rows, {row[1]}" if row else ""
