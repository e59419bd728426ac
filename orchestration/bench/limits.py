"""What the same rows cost at the least: the floors that stages are compared with, in the same run.

``copy`` brings the events into a table without indexes (binary COPY, as raw as it gets). ``sort``
orders them by visitor and time on the server. ``duckdb sessions`` reads them over ADBC and makes
sessions by gaps of 30 minutes in DuckDB. ``components`` reads evidence over ADBC and connects it
in one pass with no rule at all (scipy); ``duckdb components`` is the same in SQL of DuckDB.
"""

import tempfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import psycopg

from ingestion.settings import role_url

_EVENTS = "raw_matomo.actions"
_SESSIONS = """
with gaps as (
    select subject_key, occurred_at,
        occurred_at - lag(occurred_at) over visitor > interval 30 minute as is_start
    from events window visitor as (partition by subject_key order by occurred_at)
),
numbered as (
    select *, sum(coalesce(is_start, true)::int) over (
        partition by subject_key order by occurred_at rows unbounded preceding
    ) as session
    from gaps
)
select count(*) from (
    select subject_key, session, min(occurred_at), max(occurred_at), count(*)
    from numbered group by all
)
"""
_IDENTIFIERS = """
select ('x' || substr(subject_key, 1, 16))::bit(64)::int8 as node,
    hashtextextended(record_key, hashtextextended(source, 0)) as record
from identity.identifiers
"""
_EDGES = """
create table edges as select distinct min(node) over (partition by record) as a, node as b
from evidence;
delete from edges where a = b;
create table label as select distinct node, node as component from evidence;
"""
_ROUND = """
create or replace table small as select node, min(component) as component from (
    select edges.a as node, label.component from edges join label on label.node = edges.b
    union all select edges.b, label.component from edges join label on label.node = edges.a
    union all from label) group by node;
create or replace table next as
select small.node, least(small.component, up.component) as component
from small join small as up on up.node = small.component;
"""


def _copy() -> int:
    # PostgreSQL writes the file's bytes to the client and takes them back: the same on both ways.
    with (
        tempfile.TemporaryFile() as file,
        psycopg.connect(role_url("admin")) as connection,
        connection.cursor() as cursor,
    ):
        with cursor.copy(f"copy {_EVENTS} to stdout (format binary)".encode()) as out:
            for block in out:
                file.write(block)
        file.seek(0)
        return _copied(cursor, file.read)


def _copied(cursor: psycopg.Cursor, read: Callable[[int], bytes]) -> int:
    cursor.execute(f"create table ops.bench_copy (like {_EVENTS})".encode())
    with cursor.copy(b"copy ops.bench_copy from stdin (format binary)") as into:
        while block := read(1 << 20):
            into.write(block)
    rows = cursor.rowcount
    cursor.execute("drop table ops.bench_copy")
    return rows


def _sort() -> int:
    with psycopg.connect(role_url("admin")) as connection:
        row = connection.execute(
            "select count(*) from (select subject_key, occurred_at from raw_matomo.actions"
            " order by subject_key, occurred_at offset 0) as ordered"
        ).fetchone()
    return int(row[0]) if row else 0


def _read(query: str) -> "object":
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(role_url("admin")) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetch_arrow_table()


def _duckdb_sessions() -> int:
    import duckdb

    events = _read("select subject_key, occurred_at from raw_matomo.actions")
    with duckdb.connect() as database:
        database.register("events", events)
        row = database.execute(_SESSIONS).fetchone()
    return int(row[0]) if row else 0


def _duckdb_components() -> int:
    import duckdb

    with duckdb.connect() as database:
        database.register("arrived", _read(_IDENTIFIERS))
        database.execute("create table evidence as from arrived")
        database.execute(_EDGES)
        while True:
            database.execute(_ROUND)
            moved = database.execute(
                "select count(*) from next join label using (node)"
                " where next.component <> label.component"
            ).fetchone()
            database.execute("drop table label; alter table next rename to label")
            if not moved or not moved[0]:
                break
        row = database.execute("select count(distinct component) from label").fetchone()
    return int(row[0]) if row else 0


def _components() -> int:
    import numpy as np
    import pyarrow as pa
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    table = _read(_IDENTIFIERS)
    if not isinstance(table, pa.Table):
        raise TypeError("ADBC returned no table")
    node = table.column(0).combine_chunks().dictionary_encode()
    record = table.column(1).combine_chunks().dictionary_encode()
    left, right = record.indices.to_numpy(), node.indices.to_numpy()
    size = len(record.dictionary) + len(node.dictionary)
    ones = np.ones(len(left), np.int8)
    graph = coo_matrix((ones, (left, right + len(record.dictionary))), shape=(size, size)).tocsr()
    found, _ = connected_components(graph, directed=False)
    return int(found)


_LIMITS: Mapping[str, Callable[[], int]] = {
    "copy": _copy,
    "sort": _sort,
    "components": _components,
    "duckdb sessions": _duckdb_sessions,
    "duckdb components": _duckdb_components,
}
OF_STAGE = {"observe": "copy", "identity": "components", "derive": "copy"}
"""Stage -> the limit it is compared with in the table."""


def limits() -> Mapping[str, Callable[[], int]]:
    """Return the limits that can be measured here: DuckDB is installed for development only."""
    if find_spec("duckdb"):
        return _LIMITS
    return {name: work for name, work in _LIMITS.items() if not name.startswith("duckdb")}
