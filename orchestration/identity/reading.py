"""Read evidence and registry from PostgreSQL into arrays (ADBC, so no Python object per row).

The reader shares the snapshot of the transaction that writes, so that both see one state. Records
are told apart by a 64-bit hash of (source, record key), computed by the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi
from psycopg import sql

from orchestration.identity.graph import Int, Small, Word, words
from orchestration.identity.rules import IdentityError, RuleSet

KEY_HINT = "a subject key is the first 32 hex characters of an HMAC; rebuild staging and look there"


@dataclass
class Rows:
    """Identifier rows; their keys are given up once they are numbered, to save memory."""

    high: Word
    low: Word
    kind: npt.NDArray[np.int8]
    record: Int
    first: Int
    last: Int
    count: Small
    trust: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.record)

    def give_up_keys(self) -> None:
        """Forget the keys: a third of what rows take."""
        self.high = self.low = np.empty(0, np.uint64)
        self.kind = np.empty(0, np.int8)


@contextmanager
def reader(url: str, snapshot: str) -> Iterator[dbapi.Cursor]:
    """Open a cursor that sees exactly what the exporting transaction sees."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute(f"set transaction snapshot '{snapshot}'")
        # An increment looks up few keys in large tables that are mostly in memory.
        cursor.execute("set local random_page_cost = 1.1")
        yield cursor


def _cases(column: str, codes: dict[str, int], other: int) -> sql.Composable:
    if not codes:
        return sql.SQL("cast({} as int2)").format(sql.Literal(other))
    whens = [
        sql.SQL("when {} then {}").format(sql.Literal(name), sql.Literal(code))
        for name, code in codes.items()
    ]
    return sql.SQL("cast(case {} {} else {} end as int2)").format(
        sql.Identifier(column), sql.SQL(" ").join(whens), sql.Literal(other)
    )


def identifiers_query(rules: RuleSet, relation: sql.Composable) -> str:
    """Return the query whose columns ``read_rows`` understands, over any relation like it.

    Rows that were observed no more (a count of zero) are news of what to take apart, not evidence.
    """
    return (
        sql.SQL(
            "select subject_key, {kind} as kind, {trust} as trust,"
            " hashtextextended(record_key, hashtextextended(source, 0)) as record,"
            " first_seen, last_seen, cast(observation_count as int8) as observation_count from {r}"
            " where observation_count is distinct from 0"
        )
        .format(
            kind=_cases("identifier_type", rules.codes, -1),
            trust=_cases("source", dict(rules.source_trust), 1),
            r=relation,
        )
        .as_string(None)
    )


def micros(column: pa.ChunkedArray | pa.Array) -> Int:
    """Return timestamps as microseconds since 1970; null becomes the epoch."""
    whole = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())
    return np.array(pc.fill_null(whole, 0).to_numpy(zero_copy_only=False), np.int64)


def read_rows(cursor: dbapi.Cursor, query: str) -> Rows:
    """Read identifier rows in batches; columns are copied, for a view would keep its batch alive.

    Raises:
        IdentityError: when a subject key is malformed or a type has no rule.
    """
    cursor.execute(query)
    parts: list[list[npt.NDArray[Any]]] = []
    for batch in cursor.fetch_record_batch():
        try:
            high, low = words(batch.column(0))
        except ValueError as error:
            raise IdentityError(f"identity.identifiers: {error}: {KEY_HINT}") from None
        parts.append(
            [
                high,
                low,
                batch.column(1).to_numpy().astype(np.int8),
                batch.column(3).to_numpy().copy(),
                micros(batch.column(4)),
                micros(batch.column(5)),
                pc.fill_null(batch.column(6), 1).to_numpy(zero_copy_only=False).astype(np.int32),
                batch.column(2).to_numpy().astype(np.int8),
            ]
        )
    rows = Rows(*_stacked(parts))
    if len(rows) and int(rows.kind.min()) < 0:
        raise IdentityError(
            "identity.identifiers holds an identifier type that identity_rules.csv does not name:"
            " add a line for it (joins = never keeps it out)"
        )
    return rows


def _stacked(parts: list[list[npt.NDArray[Any]]]) -> list[npt.NDArray[Any]]:
    dtypes = (np.uint64, np.uint64, np.int8, np.int64, np.int64, np.int64, np.int32, np.int8)
    columns = []
    for position, dtype in enumerate(dtypes):
        pieces = [part[position] for part in parts] or [np.empty(0, dtype)]
        columns.append(np.concatenate(pieces).astype(dtype, copy=False))
        for part in parts:
            part[position] = np.empty(0, dtype)
    return columns


@dataclass(frozen=True)
class RecordedLinks:
    """Rows of ``identity.person_links``."""

    high: Word
    low: Word
    person: pa.Array
    start: Int
    end: Int


@dataclass(frozen=True)
class RecordedPersons:
    """Rows of ``identity.persons``; the standing key is zero where there is none."""

    person: pa.Array
    created: Int
    high: Word
    low: Word
    retired: npt.NDArray[np.bool_]


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pc.cast(column, pa.large_string()).combine_chunks()


LINKS = "select subject_key, person_id, valid_from, valid_to from identity.person_links {where}"
PERSONS = (
    "select person_id, created_at, coalesce(standing_key, repeat('0', 32)),"
    " retired_at is not null from identity.persons {where}"
)
EVERYWHERE = sql.SQL("")


def _query(cursor: dbapi.Cursor, template: str, where: sql.Composable) -> pa.Table:
    cursor.execute(sql.SQL(template).format(where=where).as_string(None))
    return cursor.fetch_arrow_table()


def read_links(cursor: dbapi.Cursor, where: sql.Composable = EVERYWHERE) -> RecordedLinks:
    """Read links as they are recorded."""
    table = _query(cursor, LINKS, where)
    high, low = words(_whole(table.column(0)))
    person, start, end = _whole(table.column(1)), micros(table.column(2)), micros(table.column(3))
    return RecordedLinks(high, low, person, start, end)


def read_persons(cursor: dbapi.Cursor, where: sql.Composable = EVERYWHERE) -> RecordedPersons:
    """Read the registry."""
    table = _query(cursor, PERSONS, where)
    high, low = words(_whole(table.column(2)))
    retired = np.asarray(table.column(3).to_numpy(), bool)
    return RecordedPersons(_whole(table.column(0)), micros(table.column(1)), high, low, retired)
