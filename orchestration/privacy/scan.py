"""Searches everything the hub keeps for values: every table, statistics, comments, every file.

Answers with places and counts, never with a value. A place that cannot be read is an answer of its
own: a proof with gaps is none.
"""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from ingestion.settings import home
from orchestration.privacy.needles import Needles

CHUNK = 1 << 22
# The server's own files are read through SQL; the rest of these are not the hub's to search.
SKIPPED_FOLDERS = ("postgres", "secrets", "sandbox", "backups")
# Each table with the columns that can hold a value: all but booleans, times and spans of time, of
# which the texts cost more to write than to search.
_READABLE = """
select format('%I.%I', namespaces.nspname, classes.relname),
    coalesce(
        string_agg(quote_ident(columns.attname), ', ' order by columns.attnum), ''
    )
from pg_class as classes
join pg_namespace as namespaces on namespaces.oid = classes.relnamespace
left join (
    pg_attribute as columns
    join pg_type as types
        on types.oid = columns.atttypid and types.typcategory not in ('B', 'D', 'T')
) on columns.attrelid = classes.oid and columns.attnum > 0 and not columns.attisdropped
where classes.relkind in ('r', 'p', 'm')
    and namespaces.nspname not in ('pg_catalog', 'information_schema')
    and namespaces.nspname not like 'pg\\_%%'
group by namespaces.nspname, classes.relname
order by 1
"""
# Statistics of a relation hold samples of its values, so they lie where it lies.
_STATISTICS = (
    "select most_common_vals::text, histogram_bounds::text from pg_stats where schemaname = {}"
)
_CATALOGS = {
    "comments": "select description from pg_description",
    "function bodies": "select prosrc from pg_proc where pronamespace::regnamespace::text "
    "not in ('pg_catalog', 'information_schema')",
    "view definitions": "select definition from pg_views where schemaname "
    "not in ('pg_catalog', 'information_schema')",
}


@dataclass(frozen=True)
class Finding:
    """One place in which something was found, or that could not be read."""

    place: str
    values: frozenset[int]
    """Numbers of the values found, in the order they were given."""
    is_unreadable: bool = False


def scan_tables(connection: Connection[Any], values: list[str]) -> list[Finding]:
    """Search every table of the database; one that this role may not read is a finding too."""
    needles = Needles(values)
    found = []
    for name, columns in connection.execute(_READABLE).fetchall():
        found += _scan_query(connection, needles, name, f"select {columns} from {name}")  # noqa: S608
    return found


def scan_catalogs(connection: Connection[Any], values: list[str]) -> list[Finding]:
    """Search what the server keeps about tables: statistics, comments, definitions.

    Statistics show a role only what it may read, so this is for the administrator.
    """
    needles = Needles(values)
    schemas = connection.execute("select distinct schemaname from pg_stats").fetchall()
    queries = _CATALOGS | {
        f"{schema}.* (statistics)": sql.SQL(_STATISTICS).format(sql.Literal(schema)).as_string()
        for (schema,) in schemas
    }
    return [
        finding
        for place, query in queries.items()
        for finding in _scan_query(connection, needles, place, query)
    ]


def scan_files(values: list[str], folder: Path | None = None) -> list[Finding]:
    """Search logs, artefacts, reports and working folders under the home."""
    needles = Needles(values)
    root = folder or home()
    found = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if inside.parts[0] in SKIPPED_FOLDERS or not path.is_file() or path.is_symlink():
            continue
        try:
            hits = _hits(needles, _file_chunks(path)) | needles.hits(str(inside).encode())
        except OSError:
            found.append(Finding(f"file {inside}", frozenset(), is_unreadable=True))
            continue
        if hits:
            found.append(Finding(f"file {inside}", frozenset(hits)))
    return found


def _scan_query(
    connection: Connection[Any], needles: Needles, place: str, query: str
) -> list[Finding]:
    try:
        with (
            connection.transaction(),
            connection.cursor() as cursor,
            # A null is nothing: its usual sign is a backslash, and those are looked at one by one.
            cursor.copy(f"copy ({query}) to stdout (null '')".encode()) as rows,
        ):
            hits = _hits(needles, rows)
    except psycopg.errors.InsufficientPrivilege:
        return [Finding(place, frozenset(), is_unreadable=True)]
    return [Finding(place, frozenset(hits))] if hits else []


def _hits(needles: Needles, blocks: Iterable[bytes | bytearray | memoryview]) -> set[int]:
    """Search a stream; what could straddle two chunks is searched with both."""
    found: set[int] = set()
    kept = bytearray()
    for block in blocks:
        kept += block
        if len(kept) >= CHUNK:
            found |= needles.hits(bytes(kept))
            del kept[: -needles.longest]
    return found | needles.hits(bytes(kept))


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as plain:
        is_packed = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path) if is_packed else path.open("rb") as file:
        while block := file.read(CHUNK):
            yield block
