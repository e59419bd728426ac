"""Evidence and rule seeds as dbt would build them, for identity tests that need a warehouse."""

import csv
from collections.abc import Iterable
from pathlib import Path

import psycopg

from ingestion.settings import project_root
from orchestration.identity.rulefiles import TABLES
from tests.conftest import Warehouse
from tests.unit.identity_world import Record, day, key, kind

IDENTIFIERS = """
    source text, record_key text, identifier_type text, subject_key text,
    first_seen timestamp, last_seen timestamp, observation_count bigint
"""
MERGES = """
    source text, left_key text, left_type text, right_key text, right_type text,
    kind text, occurred_at timestamp
"""


def build(warehouse: Warehouse, folder: Path | None = None) -> None:
    """Create the evidence tables and the seeds, as the builder, and let the resolver read."""
    folder = folder or project_root() / "dbt_project" / "seeds" / "rules"
    with warehouse.connect("builder") as connection:
        connection.execute("drop table if exists identity.identifiers, identity.merge_edges")
        connection.execute(f"create table identity.identifiers ({IDENTIFIERS})".encode())
        connection.execute("create index on identity.identifiers (subject_key)")
        connection.execute("create index on identity.identifiers (source, record_key)")
        connection.execute(f"create table identity.merge_edges ({MERGES})".encode())
        for name in TABLES:
            _seed(connection, name, folder / f"{name}.csv")
    let_read(warehouse)


def _seed(connection: psycopg.Connection, name: str, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = list(csv.reader(file))
    columns = ", ".join(f"{column} text" for column in heading)
    connection.execute(f"drop table if exists rules.{name}".encode())
    connection.execute(f"create table rules.{name} ({columns})".encode())
    with connection.cursor() as cursor, cursor.copy(f"copy rules.{name} from stdin".encode()) as c:
        for row in rows:
            c.write_row([value or None for value in row])


def let_read(warehouse: Warehouse) -> None:
    """Let the resolver read evidence and rules, as the grants do after each build."""
    resolver = f'"{warehouse.dbname}_resolver"'
    with warehouse.connect("builder") as connection:
        for table in (
            "identity.identifiers",
            "identity.merge_edges",
            *(f"rules.{t}" for t in TABLES),
        ):
            connection.execute(f"grant select on {table} to {resolver}".encode())


def add(warehouse: Warehouse, records: Iterable[Record]) -> None:
    """Add records' identifiers."""
    with (
        warehouse.connect("builder") as connection,
        connection.cursor() as cursor,
        cursor.copy("copy identity.identifiers from stdin") as copy,
    ):
        for r in records:
            last = day(r.first if r.last is None else r.last)
            for word in r.words:
                row = (r.source, r.record_key, kind(word), key(word), day(r.first), last, 1)
                copy.write_row(row)


def remove(warehouse: Warehouse, record: Record) -> None:
    """Take a record's identifiers away."""
    with warehouse.connect("builder") as connection:
        connection.execute(
            "delete from identity.identifiers where source = %s and record_key = %s",
            (record.source, record.record_key),
        )


def merge(warehouse: Warehouse, left: str, right: str, kind_of_edge: str, on: float) -> None:
    """Add a vendor's merge or unmerge of two records."""
    with warehouse.connect("builder") as connection:
        connection.execute(
            "insert into identity.merge_edges values ('hubspot', %s, %s, %s, %s, %s, %s)",
            (key(left), kind(left), key(right), kind(right), kind_of_edge, day(on)),
        )


def cuts(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """Cut edges (left, right, reason), in order."""
    with warehouse.connect() as connection:
        return connection.execute(
            "select left_key, right_key, reason from identity.cut_edges order by 1, 2, 3"
        ).fetchall()


def forget(warehouse: Warehouse) -> None:
    """Empty everything the engine wrote."""
    with warehouse.connect() as connection:
        connection.execute(
            "truncate identity.persons, identity.person_links, identity.history,"
            " identity.cut_edges, identity.binding_edges, identity.resolutions,"
            " identity.operator_decisions"
        )


def links(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """All links, in order."""
    with warehouse.connect() as connection:
        return connection.execute(
            "select subject_key, identifier_type, person_id, valid_from, valid_to"
            " from identity.person_links order by 1, 4"
        ).fetchall()


def persons(warehouse: Warehouse) -> frozenset[frozenset[str]]:
    """The keys of each person, whatever its id."""
    found: dict[object, set[str]] = {}
    for subject_key, _, person, start, end in links(warehouse):
        found.setdefault(person, set()).add(f"{subject_key}|{start}|{end}")
    return frozenset(frozenset(keys) for keys in found.values())


def person_of(warehouse: Warehouse, word: str) -> str | None:
    """The person an identifier belongs to now."""
    with warehouse.connect() as connection:
        row = connection.execute(
            "select person_id from identity.person_links where subject_key = %s"
            " and valid_to = '9999-12-31'",
            (key(word),),
        ).fetchone()
    return str(row[0]) if row else None


def history(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """History rows (person, became, kind), in order of recording."""
    with warehouse.connect() as connection:
        return connection.execute(
            "select person_id, became, kind from identity.history order by history_id"
        ).fetchall()
