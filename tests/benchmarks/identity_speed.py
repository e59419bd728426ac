"""Measure identity resolution against DuckDB on the same evidence, as ratios of one run.

    python -m tests.benchmarks.identity_speed --edges 1000000 [--peer] [--loop]

Prints JSON: CPU seconds of client and server together, wall seconds, peak memory of the client,
and the ratios of ``performance.md``. Needs a home whose warehouse is up and may be overwritten.
Same work on both sides of the comparison with DuckDB: read the identifiers from PostgreSQL over
ADBC, make stars, apply the limits per value, find components, write (key, component) back to a
table without indexes. The loop does the same without leaving PostgreSQL. The engine does more:
limits per person, time-bound devices, person ids, history, only changed rows written, indexes; it
is measured apart.
"""

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import psycopg
from psycopg import sql

from ingestion.settings import home, role_url, warehouse_address
from orchestration.identity import inputs, reading, resolve
from orchestration.identity.assembling import KeySets, assemble
from orchestration.identity.copying import Copy
from orchestration.identity.partition import partition
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at

EDGES_PER_PERSON = 9.5
EVIDENCE = """
insert into identity.identifiers
with people as (select n from generate_series(0, {people} - 1) as n),
records as (
    select 'shopify' as source, 'customer/' || n as record_key, n % 150 as day,
        array['user_id', 'shopify_customer_id', 'email', 'phone'] as types,
        array['u' || n, 's' || n, 'e' || n,
            'p' || case when n % 20 = 0 then n + 1 else n end] as names
    from people
    union all
    select 'hubspot', 'contact/' || n, n % 120, array['hubspot_contact_id', 'email'],
        array['h' || n, 'e' || n || case when n % 3 = 0 then '-old' else '' end]
    from people where n % 2 = 0
    union all
    select 'shopify', 'order/' || n || '-' || k, n % 170,
        array['order_id', 'shopify_customer_id'], array['o' || n || '-' || k, 's' || n]
    from people, generate_series(1, 2) as k
    union all
    select 'matomo', 'visit/' || n || '-' || k, (n + k * 17) % 180,
        array['anonymous_id', 'user_id'],
        array['d' || case when n % 50 = 0 then n + 1 else n end || '-' || k % 3, 'u' || n]
    from people, generate_series(1, 4) as k
)
select source, record_key, type, md5(type || name), timestamp '2026-01-01' + day * interval '1 day',
    timestamp '2026-01-01' + day * interval '1 day' + interval '1 hour', 1
from records, unnest(types, names) as identifier (type, name)
"""
NEWS = """
insert into identity.identifiers
with people as (select (k * 37 + 11) % {people} as n, k from generate_series(1, {touched}) as k)
select 'matomo', 'news/' || n || '-' || v, type, md5(type || name),
    timestamp '2026-07-01', timestamp '2026-07-01', 1
from people, generate_series(1, 5) as v,
    unnest(array['anonymous_id', 'user_id'], array[
        'd' || n || '-' || case when v = 1 then 9 else v % 3 end,
        'u' || case when k % 5 = 0 then n + {people} else n end
    ]) as identifier (type, name)
"""


def _server_seconds() -> float:
    """CPU seconds of the server's processes, those that ended meanwhile not included."""
    pid = int((home() / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    total = 0.0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        times = process.cpu_times()
        total += times.user + times.system
    times = psutil.Process(pid).cpu_times()
    return total + times.children_user + times.children_system


def measured(label: str, work: Callable[[], object]) -> dict[str, float]:
    """Run ``work`` in a process of its own; return its cost, and say it at once."""
    queue: multiprocessing.Queue[dict[str, float]] = multiprocessing.Queue()

    def child() -> None:
        work()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        queue.put({"client": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024})

    before, started = _server_seconds(), time.monotonic()
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    cost = queue.get()
    process.join()
    wall = time.monotonic() - started
    time.sleep(1)
    server = _server_seconds() - before
    cost |= {"server": server, "cpu": cost["client"] + server, "wall": wall}
    figures = {name: round(value, 2) for name, value in cost.items()}
    sys.stderr.write(f"{label}: {figures}\n")
    return figures


def build(warehouse: Warehouse, people: int) -> int:
    """Write the evidence; return its number of rows."""
    at.build(warehouse)
    at.forget(warehouse)
    with warehouse.connect("builder") as connection:
        for name in ("subject_key", "source_record_key"):
            connection.execute(f"drop index identity.identifiers_{name}_idx".encode())
        connection.execute(EVIDENCE.format(people=people).encode())
        connection.execute("create index on identity.identifiers (subject_key)")
        connection.execute("create index on identity.identifiers (source, record_key)")
        connection.execute("vacuum analyze identity.identifiers")
        row = connection.execute("select count(*) from identity.identifiers").fetchone()
    return int(row[0]) if row else 0


def components_only() -> None:
    """The engine's reading, graph and components, written back as (key, component)."""
    with psycopg.connect(role_url("resolver")) as connection:
        rules = inputs.load_rules(connection)
        row = connection.execute("select pg_export_snapshot()").fetchone()
        with reading.reader(role_url("resolver"), str(row[0] if row else "")) as cursor:
            query = reading.identifiers_query(rules, sql.SQL("identity.identifiers"))
            graph, _ = assemble(reading.read_rows(cursor, query), [], rules, KeySets())
        outcome = partition(graph, rules)
        with connection.cursor() as cursor:
            cursor.execute("create temp table components (subject_key text, component int8)")
            copy = Copy(cursor, "components", ("subject_key", "component"))
            copy.add((graph.nodes.keys(slice(None)), outcome.group.astype(">i8")), len(graph.nodes))
            copy.send()


STARS = """
create table ranked as select record, high, kind,
    first_value(high) over (partition by record order by kind, high) as centre,
    first_value(kind) over (partition by record order by kind, high) as centre_kind from rows;
create table edges as select distinct centre as a, high as b from ranked
    where centre <> high and kind < 6 and centre_kind < 6;
create table shared as select b from edges group by b having count(*) > 50;
delete from edges where b in (select b from shared) or a in (select b from shared);
create table label as select distinct high as node, high as component from rows;
"""
ROUND = """
create table small as select node, min(component) as component from (
    select edges.a as node, label.component from edges join label on label.node = edges.b
    union all select edges.b, label.component from edges join label on label.node = edges.a
    union all select node, component from label) as near group by node;
create table next as select small.node, least(small.component, up.component) as component
    from small join small as up on up.node = small.component;
"""
MOVED = """
select count(*) from next join label using (node) where next.component <> label.component
"""
TURN = "drop table label; drop table small; alter table next rename to label"


def duckdb_components() -> None:
    """The same with DuckDB alone: SQL stars and components by label spreading with short cuts."""
    import duckdb
    import pyarrow as pa

    with psycopg.connect(role_url("resolver")) as connection:
        rules = inputs.load_rules(connection)
        row = connection.execute("select pg_export_snapshot()").fetchone()
        with reading.reader(role_url("resolver"), str(row[0] if row else "")) as cursor:
            query = reading.identifiers_query(rules, sql.SQL("identity.identifiers"))
            rows = reading.read_rows(cursor, query)
        database = duckdb.connect()
        database.execute("set threads = 2")
        arrow = pa.table({"record": rows.record, "high": rows.high, "kind": rows.kind})
        database.register("arrived", arrow)
        database.execute("create table rows as from arrived")
        database.execute(STARS)
        while True:
            database.execute(ROUND)
            (moved,) = database.execute(MOVED).fetchone() or (0,)
            database.execute(TURN)
            if not moved:
                break
        found = database.execute("from label").to_arrow_table()
        index = {name: np.asarray(found[name]) for name in ("node", "component")}
        place = np.argsort(rows.high)
        where = place[np.searchsorted(rows.high, index["node"], sorter=place)]
        with connection.cursor() as cursor:
            cursor.execute("create temp table components (subject_key text, component int8)")
            copy = Copy(cursor, "components", ("subject_key", "component"))
            from orchestration.identity.graph import hex_of

            keys = hex_of(rows.high[where], rows.low[where])
            copy.add((keys, index["component"].astype(">u8")), len(keys))
            copy.send()


def loop_components() -> None:
    """The same in PostgreSQL, by the same SQL as in DuckDB, round after round."""
    with psycopg.connect(role_url("resolver")) as connection:
        rules = inputs.load_rules(connection)
        query = reading.identifiers_query(rules, sql.SQL("identity.identifiers"))
        connection.execute("set local search_path = pg_temp")
        connection.execute("set local work_mem = '64MB'")
        connection.execute(
            "create temp table rows as select subject_key, record, kind,"
            f" hashtextextended(subject_key, 0) as high from ({query}) as identifiers".encode()
        )
        connection.execute(STARS.encode())
        connection.execute("analyze edges")
        while True:
            connection.execute("analyze label")
            connection.execute(ROUND.encode())
            (moved,) = connection.execute(MOVED.encode()).fetchone() or (0,)
            connection.execute(TURN.encode())
            if not moved:
                break
        connection.execute(
            "create temp table components as select distinct subject_key, component"
            " from rows join label on node = high"
        )


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--peer", action="store_true", help="also DuckDB")
    parser.add_argument("--loop", action="store_true", help="also a loop of SQL in PostgreSQL")
    parser.add_argument("--keep", action="store_true", help="evidence is there already")
    options = parser.parse_args()
    people = int(options.edges / EDGES_PER_PERSON)
    warehouse = Warehouse(Path(os.environ["TANDEM_HOME"]), warehouse_address().dbname)
    figures: dict[str, object] = {"edges": options.edges, "people": people}
    if not options.keep:
        figures["rows"] = build(warehouse, people)
    costs = {"components": measured("components", components_only)}
    if options.peer:
        costs["duckdb"] = measured("duckdb", duckdb_components)
    if options.loop:
        costs["loop"] = measured("loop", loop_components)
    if not options.keep:
        costs["first"] = measured("first", lambda: resolve(role_url("resolver"), full=True))
    costs["full"] = measured("full", lambda: resolve(role_url("resolver"), full=True))
    costs["unchanged"] = measured("unchanged", lambda: resolve(role_url("resolver")))
    with warehouse.connect("builder") as connection:
        touched = max(people * 2 // 100, 1)
        connection.execute(NEWS.format(people=people, touched=touched).encode())
        connection.execute("analyze identity.identifiers")
    costs["one_percent"] = measured("one_percent", lambda: resolve(role_url("resolver")))
    figures |= costs
    figures["bytes_per_edge"] = round(costs["components"]["peak_mb"] * 2**20 / options.edges)
    figures["increment_share"] = round(costs["one_percent"]["cpu"] / costs["full"]["cpu"], 3)
    if options.peer:
        figures["of_duckdb"] = round(costs["components"]["cpu"] / costs["duckdb"]["cpu"], 2)
    if options.loop:
        figures["of_loop"] = round(costs["components"]["cpu"] / costs["loop"]["cpu"], 2)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
