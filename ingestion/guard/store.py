"""Where the guard writes beside dlt: vault, quarantine, drift, counts; and what it reads, the
tombstones. One row per value, bad row, unknown field, or resource and run.

Writes happen as role ``loader``, beside whatever dlt does; none is left once a resource was read to
its end. Values for the vault are written while the next page is waited for.
"""

import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
import psycopg

from ingestion.guard.reasons import Reason


@dataclass(frozen=True)
class VaultValue:
    """One readable value of one record; None says that the vendor has none (any more)."""

    subject_key: str
    record_key: str
    field: str
    value: str | None


@dataclass(frozen=True)
class Rejected:
    """One quarantined row: reason, hashed key, and types and sizes instead of values."""

    resource: str
    reason: Reason
    key_hash: str | None
    sample: str


@dataclass
class Counts:
    """What became of the rows of one resource in one run."""

    loaded: int = 0
    quarantined: int = 0
    suppressed: int = 0
    unpermitted: int = 0
    server_total: int | None = None


class Store(Protocol):
    """What the guard needs of the warehouse."""

    def tombstones(self) -> frozenset[str]:
        """Return the keys of erased subjects."""

    def keep_values(self, source: str, values: Sequence[VaultValue], run_id: str) -> None:
        """Write readable values to the vault."""

    def quarantine(self, source: str, rows: Sequence[Rejected], run_id: str) -> None:
        """Write turned-away rows, redacted."""

    def drift(self, source: str, resource: str, fields: dict[str, int]) -> None:
        """Record unknown fields and how many rows carried them."""

    def counts(self, source: str, resource: str, counts: Counts, run_id: str) -> None:
        """Record what became of a resource's rows."""

    def close(self) -> None:
        """Let go of the connection."""


class WarehouseError(RuntimeError):
    """The warehouse refused; the message holds no values."""


def without_values(error: BaseException) -> str:
    """Return the first line of a database error, with everything quoted taken out."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return re.sub(r'"[^"]{64,}"|\'[^\']*\'|\([^)]*\)=\([^)]*\)', "…", first)


class PostgresStore:
    """The store behind every real run."""

    def __init__(self, url: str, as_of: datetime) -> None:
        try:
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=15)
        except psycopg.OperationalError as error:
            raise WarehouseError(
                f"the warehouse cannot be reached ({type(error).__name__}): run `tandem status`"
            ) from None
        self._as_of = as_of
        self._beside = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def tombstones(self) -> frozenset[str]:
        """Return the keys of erased subjects; a warehouse without the table has none."""
        exists = self._connection.execute("select to_regclass('privacy.tombstones')").fetchone()
        if not exists or exists[0] is None:
            return frozenset()
        rows = self._connection.execute("select subject_key_supp from privacy.tombstones")
        return frozenset(row[0] for row in rows)

    def keep_values(self, source: str, values: Sequence[VaultValue], run_id: str) -> None:
        """Upsert readable values, beside what follows; one page of them is kept at most."""
        self._written()
        self._writing = self._beside.submit(self._upsert, source, list(values), run_id)

    def _upsert(self, source: str, values: Sequence[VaultValue], run_id: str) -> None:
        """Write values; one that went away at the vendor becomes null."""
        latest = {(v.record_key, v.field): v for v in values}.values()
        present = [v for v in latest if v.value is not None]
        absent = [v for v in latest if v.value is None]
        if present:
            self._run(
                """
                insert into vault.contact_values as kept
                    (subject_key, source, record_key, field, value, observed_at, load_id)
                select given.subject_key, %s, given.record_key, given.field, given.value, %s, %s
                from json_to_recordset(%s)
                    as given (subject_key text, record_key text, field text, value text)
                on conflict (source, record_key, field) do update
                set subject_key = excluded.subject_key, value = excluded.value,
                    observed_at = excluded.observed_at, load_id = excluded.load_id
                where (kept.subject_key, kept.value)
                    is distinct from (excluded.subject_key, excluded.value)
                """,
                (
                    source,
                    self._as_of,
                    run_id,
                    orjson.dumps(present).decode(),
                ),
            )
        if absent:
            self._run(
                """
                update vault.contact_values as kept
                set value = null, observed_at = %s, load_id = %s
                from unnest(%s::text[], %s::text[]) as gone (record_key, field)
                where kept.source = %s and kept.record_key = gone.record_key
                    and kept.field = gone.field and kept.value is not null
                """,
                (
                    self._as_of,
                    run_id,
                    [v.record_key for v in absent],
                    [v.field for v in absent],
                    source,
                ),
            )

    def quarantine(self, source: str, rows: Sequence[Rejected], run_id: str) -> None:
        """Append turned-away rows."""
        self._run_many(
            """
            insert into quarantine.rows
                (source, resource, reason, source_key_hash, redacted_sample, run_id, seen_at)
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    source,
                    row.resource,
                    row.reason.value,
                    row.key_hash,
                    row.sample,
                    run_id,
                    self._as_of,
                )
                for row in rows
            ],
        )

    def drift(self, source: str, resource: str, fields: dict[str, int]) -> None:
        """Count unknown fields; the first and last time they were seen stay."""
        self._run_many(
            """
            insert into ops.schema_drift as known
                (source, resource, field, kind, first_seen, last_seen, rows)
            values (%s, %s, %s, 'unknown_field', %s, %s, %s)
            on conflict (source, resource, field, kind) do update
            set last_seen = excluded.last_seen, rows = known.rows + excluded.rows
            """,
            [(source, resource, name, self._as_of, self._as_of, n) for name, n in fields.items()],
        )

    def counts(self, source: str, resource: str, counts: Counts, run_id: str) -> None:
        """Write the counts of one resource and run, after all of its values."""
        self._written()
        self._run(
            """
            insert into ops.load_counts
                (run_id, source, resource, rows_loaded, rows_quarantined, rows_suppressed,
                 rows_unpermitted, server_total, loaded_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            (
                run_id,
                source,
                resource,
                counts.loaded,
                counts.quarantined,
                counts.suppressed,
                counts.unpermitted,
                counts.server_total,
                self._as_of,
            ),
        )

    def close(self) -> None:
        """Close the connection, when what is being written is."""
        self._beside.shutdown()
        self._connection.close()

    def _written(self) -> None:
        """Wait for the values that are being written.

        Raises:
            WarehouseError: when they could not be.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _run(self, statement: str, values: Sequence[object]) -> None:
        try:
            self._connection.execute(statement, values)
        except psycopg.Error as error:
            raise WarehouseError(without_values(error)) from None

    def _run_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        if not rows:
            return
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.executemany(statement, rows)
        except psycopg.Error as error:
            raise WarehouseError(without_values(error)) from None
