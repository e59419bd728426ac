"""Measure the quality of identity resolution on a sandbox company, skipping HTTP and dbt.

    python -m tests.benchmarks.identity_quality --people 200000 [--clean]
    python -m tests.benchmarks.identity_quality --company FOLDER

Writes the evidence that staging would build (records' identifiers, and one record per browser,
login and day) straight from the company's truth tables, resolves it under the project's seeds and
prints the evaluation as JSON. ``--clean`` leaves out what makes data dirty: typos, junk, recycled
and shared values, browsers of several people. Needs a home whose warehouse is up and may be
overwritten.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ingestion.guard.keys import Keyer, KeyRing, normalised
from ingestion.sandbox.company.render.naming import customer_id
from ingestion.settings import role_url, warehouse_address
from orchestration.identity import resolve
from orchestration.identity.evaluate import evaluate
from tests.benchmarks.identity_company import make
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at

Row = tuple[object, ...]


class Keys:
    """Keys of values as the guard would make them."""

    def __init__(self) -> None:
        self._keyer = Keyer(KeyRing.from_secret("k_match.key"))
        self.dropped = 0

    def of(self, kind: str, value: str | None) -> str | None:
        """Return the subject key, counting values that identify nobody."""
        key = self._keyer.key(kind, normalised(kind, value)) if value else None
        self.dropped += key is None
        return key


DIRT = ("typo", "junk", "shared", "shared_mailbox", "recycled")


def clean(table: pa.Table) -> pa.Table:
    """Return the identifiers that one person only carries, written as they are."""
    is_dirt = pc.is_in(table["note"], pa.array(DIRT))
    return table.filter(pc.and_(table["is_exclusive"], pc.invert(is_dirt)))


def rows(table: pa.Table) -> Iterator[Row]:
    """Return a table's rows, of which few are Python objects at a time."""
    for batch in table.to_batches(max_chunksize=50_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def record_rows(truth: Path, keys: Keys, *, is_clean: bool = False) -> Iterator[Row]:
    """Identifiers of contacts, customers and orders."""
    record = ["source", "record_type", "record_id"]
    found = pq.read_table(truth / "identifiers.parquet")
    found = clean(found) if is_clean else found
    found = found.filter(pc.not_equal(found["source"], "matomo"))
    found = found.select([*record, "identifier_type", "value"]).join(
        pq.read_table(truth / "records.parquet", columns=[*record, "first_seen_at"]), record
    )
    for source, kind, number, name, value, when in rows(found):
        if (subject := keys.of(name, value)) is not None:
            yield source, f"{kind}/{number}", name, subject, when, when, 1


def visit_rows(truth: Path, keys: Keys, *, is_clean: bool = False) -> Iterator[Row]:
    """Browsers with their logins and orders, one record per browser, login and day."""
    visits = ds.dataset(sorted((truth / "visits").glob("*.parquet"))).to_table()
    visits = visits.filter(pc.and_(visits["analytics_granted"], pc.invert(visits["is_bot"])))
    if is_clean:
        own = clean(pq.read_table(truth / "identifiers.parquet"))
        own = own.filter(pc.equal(own["identifier_type"], "anonymous_id"))
        visits = visits.filter(pc.is_in(visits["visitor_id"], own["value"].combine_chunks()))
    visits = visits.append_column("day", pc.strftime(visits["started_at"], "%Y-%m-%d"))
    spans = [("started_at", "min"), ("ended_at", "max"), ("day", "count")]
    record = ["visitor_id", "customer_row", "day"]
    for visitor, customer, day, start, end, count in rows(visits.group_by(record).aggregate(spans)):
        user = str(customer_id(customer)) if customer >= 0 else ""
        for kind, value in (("anonymous_id", visitor), ("user_id", user)):
            if value and (key := keys.of(kind, value)):
                yield "matomo", f"{visitor}/{user}/{day}", kind, key, start, end, count
    ordering = visits.filter(pc.is_valid(visits["order_id"]))
    spent = ordering.group_by([*record, "order_id"]).aggregate(spans)
    for visitor, customer, day, order, start, end, count in rows(spent):
        user = str(customer_id(customer)) if customer >= 0 else ""
        if key := keys.of("order_id", order):
            yield "matomo", f"{visitor}/{user}/{day}", "order_id", key, start, end, count


def load(warehouse: Warehouse, truth: Path, *, is_clean: bool = False) -> int:
    """Write the evidence; return how many values identified nobody."""
    keys = Keys()
    at.build(warehouse)
    at.forget(warehouse)
    with (
        psycopg.connect(warehouse.url("builder")) as connection,
        connection.cursor() as cursor,
        cursor.copy("copy identity.identifiers from stdin") as copy,
    ):
        for row in record_rows(truth, keys, is_clean=is_clean):
            copy.write_row(row)
        for row in visit_rows(truth, keys, is_clean=is_clean):
            copy.write_row(row)
    return keys.dropped


def main() -> None:
    """Load, resolve, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--company", type=Path)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20260930)
    parser.add_argument("--clean", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.company is None:
            truth = make(Path(scratch), options.people, options.seed)
        else:
            truth = options.company / "truth"
        sys.stdout.write(
            orjson.dumps(_figures(truth, options.clean), option=orjson.OPT_INDENT_2).decode() + "\n"
        )


def _figures(truth: Path, is_clean: bool) -> dict[str, object]:
    warehouse = Warehouse(Path(os.environ["TANDEM_HOME"]), warehouse_address().dbname)
    dropped = load(warehouse, truth, is_clean=is_clean)
    summary = resolve(role_url("resolver"))
    with psycopg.connect(role_url("resolver"), autocommit=True) as connection:
        found = evaluate(connection, role_url("resolver"), truth)
    return {"values_dropped": dropped, "resolution": asdict(summary), "quality": asdict(found)}


if __name__ == "__main__":
    main()
