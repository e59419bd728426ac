"""The release difference as a gate: limits from a rule seed, blocks, acknowledgements.

``rules.release_limits`` (seed ``dbt_project/seeds/rules/release_limits.csv``) says how many per
cent of a mart's rows one release may add, remove or change; the most specific line wins, an empty
cell means no limit. The first release of a mart is exempt, and so are values in new columns. A
block is recorded with its reasons and stays until someone acknowledges it, which lets one release
pass whose excess is about that large.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.types.json import Jsonb

from orchestration.publishing.difference import MartChange
from orchestration.publishing.errors import PublishError

# A rerun after an acknowledgement may meet a little more data than the one that was blocked.
_TOLERANCE = 1.1


@dataclass(frozen=True)
class Limit:
    """Per cent of the rows before; None is no limit. Fewer than ``ignore_below`` rows pass."""

    schema: str
    table: str
    added: float | None
    removed: float | None
    changed: float | None
    ignore_below: int


@dataclass(frozen=True)
class Excess:
    """One measure of one mart over its limit."""

    mart: str
    measure: str
    rows: int
    percent: float
    limit: float

    @property
    def key(self) -> str:
        """Return what an acknowledgement is compared by."""
        return f"{self.mart} {self.measure}"

    def __str__(self) -> str:
        return (
            f"{self.mart}: {self.rows} rows {self.measure} "
            f"({self.percent:.1f} % of the release before, limit {self.limit:g} %)"
        )


def read_limits(conn: psycopg.Connection) -> list[Limit]:
    """Return the limits as seeded.

    Raises:
        PublishError: when the seed has not been built.
    """
    try:
        with conn.transaction():
            rows = conn.execute(
                "select mart_schema, mart_table, max_added_percent, max_removed_percent, "
                "max_changed_percent, ignore_below_rows from rules.release_limits"
            ).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        raise PublishError(
            "rules.release_limits does not exist: build the dbt seeds, then publish again"
        ) from None
    return [
        Limit(schema, table, _number(added), _number(removed), _number(changed), below)
        for schema, table, added, removed, changed, below in rows
    ]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def excesses(changes: Iterable[MartChange], limits: Sequence[Limit]) -> list[Excess]:
    """Return every measure over its limit."""
    found = []
    for change in changes:
        limit = _limit_for(change, limits)
        if limit is None or change.is_first or not change.rows_before:
            continue
        for measure, rows, allowed in (
            ("added", change.added, limit.added),
            ("removed", change.removed, limit.removed),
            ("changed", change.changed - change.filled, limit.changed),
        ):
            percent = 100.0 * rows / change.rows_before
            if allowed is not None and rows >= limit.ignore_below and percent > allowed:
                found.append(Excess(change.name, measure, rows, percent, allowed))
    return found


def _limit_for(change: MartChange, limits: Sequence[Limit]) -> Limit | None:
    for schema, table in (
        (change.schema, change.table),
        ("*", change.table),
        (change.schema, "*"),
        ("*", "*"),
    ):
        for limit in limits:
            if (limit.schema, limit.table) == (schema, table):
                return limit
    return None


def covering_acknowledgement(conn: psycopg.Connection, found: Sequence[Excess]) -> int | None:
    """Return the unused acknowledgement that covers all of ``found``, if there is one."""
    for block_id, exceeded in conn.execute(
        "select block_id, exceeded from marts_meta.blocks where kind = 'limit' "
        "and acknowledged_at is not null and used_by_release_id is null order by block_id desc"
    ).fetchall():
        if _covers(exceeded, found):
            return int(block_id)
    return None


def _covers(exceeded: Mapping[str, int], found: Sequence[Excess]) -> bool:
    return all(e.rows <= exceeded.get(e.key, -1) * _TOLERANCE for e in found)


def open_hold(conn: psycopg.Connection) -> tuple[int, str] | None:
    """Return the block that the last rollback left, unless it was acknowledged."""
    row = conn.execute(
        "select block_id, reasons from marts_meta.blocks where kind = 'rollback' "
        "and acknowledged_at is null order by block_id desc limit 1"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def record_block(
    conn: psycopg.Connection,
    kind: str,
    reasons: Sequence[str],
    exceeded: Mapping[str, int],
    run_id: str | None,
) -> int:
    """Record a block, or renew the open one of its kind, and return its id."""
    values = [run_id, "; ".join(reasons), Jsonb(dict(exceeded))]
    row = conn.execute(
        "update marts_meta.blocks set blocked_at = timezone('UTC', clock_timestamp()), "
        "run_id = %s, reasons = %s, exceeded = %s "
        "where block_id = (select max(block_id) from marts_meta.blocks "
        "where kind = %s and acknowledged_at is null) returning block_id",
        [*values, kind],
    ).fetchone()
    if row is None:
        row = conn.execute(
            "insert into marts_meta.blocks (blocked_at, run_id, reasons, exceeded, kind) "
            "values (timezone('UTC', clock_timestamp()), %s, %s, %s, %s) returning block_id",
            [*values, kind],
        ).fetchone()
    if row is None:
        raise PublishError("the block could not be recorded: check grants on marts_meta.blocks")
    return int(row[0])


def acknowledge(conn: psycopg.Connection, block_id: int, reason: str, by: str) -> None:
    """Let the blocked change pass once; who and why is kept.

    Raises:
        PublishError: when there is no such open block, or no reason is given.
    """
    if not reason.strip():
        raise PublishError('an acknowledgement needs a reason: --reason "…"')
    row = conn.execute(
        "update marts_meta.blocks set acknowledged_at = timezone('UTC', clock_timestamp()), "
        "acknowledged_by = %s, acknowledged_reason = %s "
        "where block_id = %s and acknowledged_at is null returning block_id",
        [by, reason.strip(), block_id],
    ).fetchone()
    if row is None:
        raise PublishError(
            f"there is no open block {block_id}: `tandem release list` shows the open ones"
        )
