"""What the resources of one source share in one run: guard, transport, and what is loaded already.

Nothing is opened before the first row is asked for, so that a source can be described without
secrets, network or database.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from ingestion.guard.gate import Guard, open_guard
from ingestion.guard.shapes import Shape
from ingestion.guard.values import to_timestamp
from ingestion.settings import role_url
from ingestion.sources.errors import EmptySourceError
from ingestion.sources.transport import Transport

# A full read may shrink to this share of what is known before somebody has to say why.
SMALLEST_SHARE = 0.8
_ENOUGH_TO_JUDGE = 20


class Session:
    """One run of one source. ``as_of`` is the vendor's present, naive UTC."""

    def __init__(
        self,
        source: str,
        connect: Callable[[], Transport],
        as_of: str | None = None,
        accept_shrinking: str | None = None,
    ) -> None:
        self.source = source
        self.vendor = source.removeprefix("raw_")
        self._connect = connect
        self._as_of = as_of
        self._accept_shrinking = accept_shrinking
        self._guard: Guard | None = None
        self._transport: Transport | None = None
        self._readers = 0

    @property
    def as_of(self) -> datetime:
        """Return the moment of the run: a setting in a sandbox, else the clock."""
        return self.guard.as_of

    @property
    def guard(self) -> Guard:
        """Return the guard of this run."""
        if self._guard is None:
            self._guard = open_guard(self.source, self._now())
        return self._guard

    @property
    def transport(self) -> Transport:
        """Return the connection to the vendor."""
        if self._transport is None:
            self._transport = self._connect()
        return self._transport

    @contextmanager
    def reading(self, *resources: str) -> Iterator[Guard]:
        """Hold guard and transport open while ``resources`` are read; then write their counts."""
        self._readers += 1
        try:
            yield self.guard
            for resource in resources:
                self.guard.finish(resource)
        finally:
            self._readers -= 1
            if not self._readers:
                self.close()

    def close(self) -> None:
        """Let go of everything; a later use opens it again."""
        if self._guard is not None:
            self._guard.store.close()
        if self._transport is not None:
            self._transport.close()
        self._guard = self._transport = None

    def since(self, state: dict[str, Any], lookback: timedelta) -> datetime | None:
        """Return where to read on: the last cursor, never in the future, minus the look-back."""
        cursor = to_timestamp(state.get("cursor"))
        return min(cursor, self.as_of) - lookback if cursor else None

    def advance(self, state: dict[str, Any], seen: datetime | None) -> None:
        """Remember how far was read; never beyond the moment the run began, never backwards."""
        before = to_timestamp(state.get("cursor"))
        reached = [at for at in (before, seen) if at is not None]
        if reached:
            state["cursor"] = min(max(reached), self.as_of).isoformat()

    def known(self, table: str, columns: Sequence[str], where: str = "") -> list[tuple[Any, ...]]:
        """Return columns of the rows of complete loads; nothing when the table does not exist."""
        with psycopg.connect(role_url("loader"), connect_timeout=15) as connection:
            name = sql.Identifier(self.source, table)
            found = connection.execute(
                "select to_regclass(%s)", (name.as_string(connection),)
            ).fetchone()
            if not found or found[0] is None:
                return []
            query = sql.SQL(
                "select {columns} from {table} where _dlt_load_id in"
                " (select load_id from {loads} where status = 0)"
            ).format(
                columns=sql.SQL(", ").join(sql.Identifier(c) for c in columns),
                table=name,
                loads=sql.Identifier(self.source, "_dlt_loads"),
            )
            if where:
                query = query + sql.SQL(" and ") + sql.SQL(where)
            return connection.execute(query).fetchall()

    def known_rows(self, shape: Shape, ids: Sequence[str], **changes: Any) -> pa.Table:
        """Return rows loaded before with ``changes``: how a deletion becomes a fact."""
        names = list(shape.kinds)
        wanted = set(ids)
        key = names.index(shape.key[0])
        rows = [row for row in self.known(shape.resource, names) if row[key] in wanted]
        data = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        for name, value in changes.items():
            data[name] = [value] * len(rows)
        return pa.table(data, schema=shape.arrow)

    def refuse_shrinking(self, what: str, found: int, known: int) -> None:
        """Refuse a full read that lost too much, unless a reason was given."""
        if self._accept_shrinking or known < _ENOUGH_TO_JUDGE:
            return
        if found < SMALLEST_SHARE * known:
            raise EmptySourceError(self.vendor, what, found, known)

    def _now(self) -> datetime:
        given = to_timestamp(self._as_of)
        return given or datetime.now(UTC).replace(tzinfo=None)
