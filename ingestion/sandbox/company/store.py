"""The SQLite file the vendor servers answer from: its tables, and how documents get into it.

Times are milliseconds since the epoch for HubSpot, seconds for the others. A record that somebody
changed through a vendor API is listed in ``touched`` and is no longer driven by the simulation.
"""

import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path

_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists touched (kind text, id integer, primary key (kind, id)) without rowid;
create table if not exists hubspot_objects (
    type text not null, id integer not null, created integer not null, modified integer not null,
    archived integer not null default 0, archived_at integer, hidden_from_search integer default 0,
    doc text not null, primary key (type, id));
create index if not exists hubspot_by_change on hubspot_objects (type, modified, id);
create table if not exists hubspot_merged (
    type text, merged_id integer, into_id integer, at integer, primary key (type, merged_id)
) without rowid;
create table if not exists hubspot_history (
    type text, id integer, property text, at integer, value text,
    primary key (type, id, property, at)) without rowid;
create table if not exists hubspot_associations (
    from_type text, from_id integer, to_type text, to_id integer, type_id integer, label text,
    category text, primary key (from_type, from_id, to_type, to_id, type_id)) without rowid;
create table if not exists hubspot_subscriptions (
    email text, subscription_id integer, status text, legal_basis text, source text, at integer,
    primary key (email, subscription_id)) without rowid;
create table if not exists matomo_visits (
    id integer primary key, first_action integer, last_action integer, doc text not null);
create index if not exists matomo_by_time on matomo_visits (last_action);
create table if not exists matomo_growth (
    id integer primary key, due integer, last_action integer, doc text not null);
create table if not exists shopify_objects (
    kind text not null, id integer not null, created integer, updated integer not null,
    sort integer not null default 0, doc text not null, primary key (kind, id));
create index if not exists shopify_by_update on shopify_objects (kind, updated, id);
create table if not exists shopify_bulk (
    id integer primary key, created integer, doc text not null);
"""


def connect(path: Path, *, fresh: bool = False) -> sqlite3.Connection:
    """Open the company's database, creating tables that are missing.

    A ``fresh`` one is filled without a journal, since nobody reads it before it is whole; the next
    opening turns it into one that can be read and written by several processes.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"pragma journal_mode={'off' if fresh else 'wal'}")
    connection.execute("pragma synchronous=off")
    connection.execute("pragma busy_timeout=10000")
    connection.execute("pragma cache_size=-65536")
    connection.executescript(_SCHEMA)
    return connection


def packed(documents: Iterable[tuple[int, int, int, str]]) -> Iterable[tuple[int, int, int, bytes]]:
    """Compress the documents of visits, which are most of a large company's bytes."""
    for first, second, third, text in documents:
        yield first, second, third, zlib.compress(text.encode(), 1)


def unpacked(document: bytes) -> bytes:
    """Return a visit's JSON, whether it was compressed or not."""
    return document if document.startswith(b"{") else zlib.decompress(document)


def put_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Store one fact about the company."""
    connection.execute("insert or replace into meta values (?, ?)", (name, value))


def get_meta(connection: sqlite3.Connection, name: str, default: str = "") -> str:
    """Return one fact about the company."""
    row = connection.execute("select value from meta where name = ?", (name,)).fetchone()
    return str(row[0]) if row else default


def touched(connection: sqlite3.Connection, kind: str) -> frozenset[int]:
    """Return the ids of the records of one kind that were changed through an API."""
    rows = connection.execute("select id from touched where kind = ?", (kind,))
    return frozenset(row[0] for row in rows)


def put_hubspot(
    connection: sqlite3.Connection,
    kind: str,
    rows: Iterable[tuple[int, int, int, int, int | None, bytes]],
) -> None:
    """Upsert (id, created, modified, archived, archived_at, document) rows of one object type."""
    connection.executemany(
        "insert or replace into hubspot_objects"
        " (type, id, created, modified, archived, archived_at, doc) values (?, ?, ?, ?, ?, ?, ?)",
        ((kind, *row[:-1], row[-1].decode()) for row in rows),
    )


def put_shopify(
    connection: sqlite3.Connection, kind: str, rows: Iterable[tuple[int, int, int, int, bytes]]
) -> None:
    """Upsert (id, created, updated, sort, document) rows of one kind."""
    connection.executemany(
        "insert or replace into shopify_objects (kind, id, created, updated, sort, doc)"
        " values (?, ?, ?, ?, ?, ?)",
        ((kind, *row[:-1], row[-1].decode()) for row in rows),
    )


def unlink(connection: sqlite3.Connection, kind: str, number: int) -> None:
    """Remove all associations of a HubSpot record."""
    for sql in (
        "delete from hubspot_associations where from_type = ? and from_id = ?",
        "delete from hubspot_associations where to_type = ? and to_id = ?",
    ):
        connection.execute(sql, (kind, number))


def relink(connection: sqlite3.Connection, kind: str, old: int, new: int) -> None:
    """Move all associations of a HubSpot record to another one."""
    for sql in (
        "update or replace hubspot_associations set from_id = ?"
        " where from_type = ? and from_id = ?",
        "update or replace hubspot_associations set to_id = ? where to_type = ? and to_id = ?",
    ):
        connection.execute(sql, (new, kind, old))
