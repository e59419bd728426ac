"""How fast events come from files through the guard into raw, beside a plain COPY of the same rows.

Run: ``python -m tests.benchmarks.event_files_speed [events]`` with a prepared TANDEM_HOME. Prints
one JSON line: seconds of both, the ratio (COPY over load; 1.0 is as fast as COPY), the same of the
CPU seconds of client and server together (wall time says little on a shared machine), how many
times faster than dlt with its default settings (rows as dictionaries, a part of the events, no
guard at all), and peak memory of client and server, sampled. Events are Snowplow TSV in four files,
of a tenth as many visitors, some refusing; a process of its own writes them, so that memory is the
load's. Two sizes say whether it is bounded.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import dlt
import numpy as np
import psycopg

from ingestion.pipelines import load
from ingestion.settings import role_url
from ingestion.sources.web.snowplow_columns import COLUMNS
from orchestration.bench.meter import Cost, Meter
from orchestration.bench.peers import nothing_set

SOURCE = "raw_snowplow"


def write_events(folder: Path, count: int, files: int = 4) -> None:
    """Write events as Snowplow's enricher does."""
    rng = np.random.default_rng(7)
    visitors = max(1, count // 10)
    at = {name: position for position, name in enumerate(COLUMNS)}
    yes = '{"schema":"iglu:com.example/consent/jsonschema/1-0-0","data":{"analytics":true}}'
    for number in range(files):
        share = count // files
        visitor = rng.integers(0, visitors, share)
        page = rng.integers(0, 400, share)
        second = rng.integers(0, 86_400, share)
        lines = []
        for row in range(share):
            cells = [""] * len(COLUMNS)
            hour, minute = second[row] // 3600, second[row] // 60 % 60
            stamp = f"2026-09-{1 + number:02d} {hour:02d}:{minute:02d}:{second[row] % 60:02d}"
            cells[at["app_id"]], cells[at["platform"]] = "site", "web"
            cells[at["collector_tstamp"]] = cells[at["derived_tstamp"]] = stamp
            cells[at["event"]] = cells[at["event_name"]] = "page_view"
            cells[at["event_id"]] = f"{number:08x}-{row:08x}-{visitor[row]:08x}"
            cells[at["user_ipaddress"]] = "203.0.113.9"
            cells[at["domain_userid"]] = f"{visitor[row]:032x}"
            if visitor[row] % 3 == 0:
                cells[at["user_id"]] = str(7_000_000 + visitor[row])
            cells[at["page_url"]] = f"https://shop.example/p/{page[row]}?utm_source=google"
            cells[at["page_title"]] = f"Product {page[row]}"
            cells[at["page_referrer"]] = "https://www.google.com/"
            cells[at["br_family"]], cells[at["os_family"]] = "Firefox", "Linux"
            cells[at["dvce_type"]], cells[at["geo_country"]] = "Computer", "DE"
            cells[at["br_lang"]] = "de-DE"
            cells[at["contexts"]] = yes if visitor[row] % 20 else ""
            lines.append("\t".join(cells))
        path = folder / f"part-{number}.tsv"
        path.write_text("\n".join(lines) + "\n")


def copy_again(connection: psycopg.Connection, meter: Meter) -> Cost:
    """Return what a plain COPY of the loaded rows costs into a table like theirs."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as kept:
        with connection.cursor().copy(
            f"copy (select * from {SOURCE}.events) to stdout (format csv)".encode()
        ) as out:
            for block in out:
                kept.write(block)
        kept.flush()
        connection.execute(f"create table {SOURCE}.bench (like {SOURCE}.events)".encode())
        connection.commit()

        def copied() -> int:
            cursor = connection.cursor()
            with (
                Path(kept.name).open("rb") as source,
                cursor.copy(f"copy {SOURCE}.bench from stdin (format csv)".encode()) as into,
            ):
                while block := source.read(1 << 20):
                    into.write(block)
            connection.commit()
            return cursor.rowcount

        cost = meter.measure("copy", copied)
        connection.execute(f"drop table {SOURCE}.bench".encode())
        connection.commit()
    return cost


def dlt_by_default(path: Path, rows: int) -> float:
    """Return the rows a second that dlt loads with nothing set: dictionaries, INSERT statements."""

    @dlt.resource(name="events", write_disposition="append")
    def events() -> Iterator[dict[str, str]]:
        with path.open() as file:
            for line in islice(file, rows):
                cells = line.rstrip("\n").split("\t")
                yield {name: cell for name, cell in zip(COLUMNS, cells, strict=True) if cell}

    with tempfile.TemporaryDirectory() as folder, nothing_set():
        pipeline = dlt.pipeline(
            "bench_dlt",
            destination=dlt.destinations.postgres(role_url("admin")),
            dataset_name="bench_dlt",
            pipelines_dir=folder,
        )
        started = time.perf_counter()
        pipeline.run(events())
        seconds = time.perf_counter() - started
        with psycopg.connect(role_url("admin"), autocommit=True) as connection:
            found = connection.execute("select count(*) from bench_dlt.events").fetchone()
            connection.execute("drop schema bench_dlt cascade")
    return (found[0] if found else 0) / seconds


def main(count: int) -> dict[str, object]:
    """Measure both, load first."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        writer = get_context("spawn").Process(target=write_events, args=(folder, count))
        writer.start()
        writer.join()
        size = sum(path.stat().st_size for path in folder.iterdir())
        os.environ["SOURCES__SNOWPLOW__BASE_URL"] = scratch
        with psycopg.connect(role_url("loader")) as connection:
            tables = connection.execute(
                "select format('%%I.%%I', schemaname, tablename) from pg_tables"
                " where schemaname like %s",
                (f"{SOURCE}%",),
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"drop table {table}".encode())
        meter = Meter(role_url("admin"))
        loaded = meter.measure("load", lambda: load(SOURCE).counts["events"].loaded)
        by_default = dlt_by_default(folder / "part-0.tsv", min(count // 20, 50_000))
    with psycopg.connect(role_url("loader")) as connection:
        copied = copy_again(connection, meter)
    meter.close()
    assert copied.rows == loaded.rows
    return {
        "events": count,
        "megabytes": round(size / 1e6),
        "loaded": loaded.rows,
        "load_seconds": loaded.seconds,
        "copy_seconds": copied.seconds,
        "ratio": round(copied.seconds / loaded.seconds, 2),
        "load_cpu": [loaded.cpu_client, loaded.cpu_server],
        "copy_cpu": [copied.cpu_client, copied.cpu_server],
        "cpu_ratio": round(copied.cpu / loaded.cpu, 2),
        "times_dlt_default": round(count / loaded.seconds / by_default, 1),
        "peak_megabytes": round(loaded.peak_mb),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))  # noqa: T201
