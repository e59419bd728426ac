"""The lines behind the files: one row per line, with when it becomes visible and whose it is.

``unit`` is the store, platform or office that writes the file; ``at`` seconds since 1970;
``person`` the true person, null for passers-by and for lines about nobody.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.naming import Naming

_SCHEMA = """
create table if not exists dropped (
    feed text not null, unit text not null, id text not null, at integer not null,
    person integer, doc text not null, primary key (feed, id)) without rowid;
create index if not exists dropped_by_time on dropped (feed, at);
"""


@dataclass(frozen=True)
class Line:
    """One line of a feed, as a third party knows it."""

    feed: str
    unit: str
    id: str
    at: int
    person: int | None
    doc: dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """A readable value that is rendered later: names cost, and most days are rendered at once."""

    kind: str
    number: int
    form: int = 0

    def named(self, naming: Naming) -> str | None:
        """Return the value as somebody typed it."""
        if self.kind == "email":
            return naming.email(self.number, self.form)
        if self.kind == "phone":
            return naming.phone(self.number, self.form)
        return f"{naming.first_name(self.number)} {naming.last_name(self.number)}"


def named(lines: Iterable[Line], naming: Naming) -> Iterator[Line]:
    """Yield lines with every reference rendered."""
    for line in lines:
        doc = {
            name: value.named(naming) if isinstance(value, Ref) else value
            for name, value in line.doc.items()
        }
        yield replace(line, doc=doc)


def prepare(connection: sqlite3.Connection) -> None:
    """Create what is missing; may be called inside a transaction."""
    for statement in _SCHEMA.split(";"):
        if statement.strip():
            connection.execute(statement)


def put(connection: sqlite3.Connection, lines: Iterable[Line]) -> None:
    """Write lines, replacing those of the same id."""
    connection.executemany(
        "insert or replace into dropped values (?, ?, ?, ?, ?, ?)",
        (
            (each.feed, each.unit, each.id, each.at, each.person, orjson.dumps(each.doc).decode())
            for each in lines
        ),
    )


def delete(connection: sqlite3.Connection, feed: str, ids: Iterable[str]) -> None:
    """Take lines away for good."""
    connection.executemany(
        "delete from dropped where feed = ? and id = ?", [(feed, each) for each in ids]
    )


def lines(connection: sqlite3.Connection, feed: str, now: int) -> list[Line]:
    """Return the lines of a feed that have happened, in the order they did."""
    rows = connection.execute(
        "select feed, unit, id, at, person, doc from dropped where feed = ? and at < ?"
        " order by at, id",
        (feed, now),
    )
    return [
        Line(feed, unit, name, at, person, orjson.loads(doc))
        for feed, unit, name, at, person, doc in rows
    ]


def as_int(values: Ints) -> list[int]:
    """Return plain integers, which SQLite and JSON take."""
    return [int(value) for value in values.tolist()]
