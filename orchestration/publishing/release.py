"""Publishes: every mart from one consistent release to the next, in one transaction.

Steps: lock → shapes (refusals) → differences → gate → apply → contract tables → commit. A process
killed anywhere leaves the release before readable, and running again converges. Marts that nobody
wrote to since they were last compared are not compared.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

import psycopg
from psycopg import IsolationLevel

from ingestion.failpoints import fail_point
from orchestration.publishing import apply as rows
from orchestration.publishing import build, gate, ledger, unwritten
from orchestration.publishing.checks import gates_of
from orchestration.publishing.difference import MartChange, Measured
from orchestration.publishing.errors import ReleaseBlocked, cleaned
from orchestration.publishing.marts import Mart
from orchestration.publishing.session import PATIENCE_SECONDS, patiently, sole_publisher
from orchestration.publishing.shape import Shape, ShapeChange, Shapes, plan_shapes

# How many releases can be rolled back; older pre-images are dropped.
KEEP_RELEASES = 5
# Erasure and other writers may collide with a release; each try starts afresh.
_TRIES = 3


@dataclass(frozen=True)
class ReleaseDiff:
    """What the next publish would do; ``reasons`` are the limits it would hit."""

    current_release_id: int | None
    changes: tuple[MartChange, ...]
    shape_changes: tuple[tuple[str, ShapeChange], ...]
    retired: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing would change."""
        return not self.shape_changes and not self.retired and all(c.is_empty for c in self.changes)


@dataclass(frozen=True)
class Release:
    """The release that readers see after a publish; ``is_new`` is False if nothing changed."""

    id: int
    released_at: datetime
    is_new: bool
    changes: tuple[MartChange, ...]
    seconds: float


class _Blocked(Exception):
    def __init__(self, kind: str, reasons: Sequence[str], exceeded: Mapping[str, int]) -> None:
        super().__init__(kind)
        self.kind, self.reasons, self.exceeded = kind, tuple(reasons), dict(exceeded)


@dataclass(frozen=True)
class _Order:
    marts: Sequence[Mart]
    run_id: str | None
    data_until: datetime | None
    patience: float


def diff(conn: psycopg.Connection, marts: Sequence[Mart], *, are_all: bool = True) -> ReleaseDiff:
    """Return what publishing ``marts`` would change; writes nothing.

    Raises:
        SchemaRefused: for a change that a publish would refuse; with ``are_all`` also for a
            published mart that is not among them.
    """
    conn.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        seen = unwritten.look(conn, marts)
        with conn.transaction(force_rollback=True):
            shapes = plan_shapes(conn, marts, _today(), are_all=are_all)
            changes = [m.change for m in unwritten.measure_all(conn, shapes.marts, seen)]
            found = gate.excesses(changes, gate.read_limits(conn))
            current = ledger.current_release(conn)
    except psycopg.Error as error:
        raise cleaned(error, "comparing the marts") from None
    return ReleaseDiff(
        current[0] if current else None,
        tuple(changes),
        tuple((s.mart.name, change) for s in shapes.marts for change in s.changes),
        tuple(f"{schema}.{table}" for schema, table in shapes.retired),
        tuple(str(excess) for excess in found),
    )


def publish(
    conn: psycopg.Connection,
    marts: Sequence[Mart],
    *,
    run_id: str | None = None,
    data_until: datetime | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Release:
    """Publish all marts, or none.

    Args:
        conn: from ``session.connect``; autocommit, outside a transaction.
        marts: every mart of the project; a published one that is missing is refused.
        run_id: whoever runs this; an earlier attempt of the same run is ended first.
        data_until: moment (UTC, no zone) up to which the data reach.
        patience: seconds to wait for a lock that a reader holds.

    Raises:
        PublishError: nothing was published; its kind and text say why and what to do.
    """
    started = time.monotonic()
    order = _Order(marts, run_id, data_until, patience)
    fail_point("publish.before_lock")
    with sole_publisher(conn, run_id, patience):
        fail_point("publish.after_lock")
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            release = _release(conn, order, started)
        except _Blocked as block:
            block_id = gate.record_block(conn, block.kind, block.reasons, block.exceeded, run_id)
            raise ReleaseBlocked(block_id, block.reasons) from None
        except psycopg.Error as error:
            raise cleaned(error, "publishing") from None
        fail_point("publish.after_commit")
        return release


def _release(conn: psycopg.Connection, order: _Order, started: float) -> Release:
    for left in reversed(range(_TRIES)):
        try:
            seen = unwritten.look(conn, order.marts)
            with conn.transaction():
                return _release_once(conn, order, started, seen)
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
            if not left:
                raise
    raise AssertionError("unreachable")


def _release_once(
    conn: psycopg.Connection, order: _Order, started: float, seen: unwritten.Seen
) -> Release:
    shapes = plan_shapes(conn, order.marts, _today())
    measured = unwritten.measure_all(conn, shapes.marts, seen)
    changes = tuple(m.change for m in measured)
    rows = {change.name: change.rows_after for change in changes}
    fail_point("publish.after_diff")
    gates = gates_of(conn, order.marts)
    current = ledger.current_release(conn)
    is_changed = (
        current is None
        or bool(shapes.retired)
        or any(s.changes for s in shapes.marts)
        or not all(change.is_empty for change in changes)
    )
    if current and not is_changed:
        ledger.write_contract(conn, shapes.marts)
        ledger.write_freshness(conn, changes, current, data_until=order.data_until, gates=gates)
        unwritten.remember(conn, shapes.marts, rows, seen)
        return Release(*current, False, changes, time.monotonic() - started)
    acknowledged = _pass_gate(conn, changes)
    at = ledger.clock(conn)
    release_id = ledger.open_release(
        conn,
        "publish",
        at,
        changes,
        run_id=order.run_id,
        data_until=order.data_until,
        acknowledged=acknowledged,
    )
    _apply_all(conn, shapes, measured, (release_id, at), order.patience)
    ledger.write_freshness(
        conn, changes, (release_id, at), data_until=order.data_until, gates=gates
    )
    ledger.prune_history(conn, release_id - KEEP_RELEASES + 1)
    unwritten.remember(conn, shapes.marts, rows, seen)
    seconds = time.monotonic() - started
    ledger.close_release(conn, release_id, seconds)
    fail_point("publish.before_commit")
    return Release(release_id, at, True, changes, seconds)


def _pass_gate(conn: psycopg.Connection, changes: Sequence[MartChange]) -> int | None:
    """Return the acknowledgement that was needed, if one was.

    Raises:
        _Blocked: when there is none.
    """
    if hold := gate.open_hold(conn):
        raise _Blocked("rollback", [hold[1]], {})
    found = gate.excesses(changes, gate.read_limits(conn))
    if not found:
        return None
    block_id = gate.covering_acknowledgement(conn, found)
    if block_id is None:
        raise _Blocked("limit", [str(e) for e in found], {e.key: e.rows for e in found})
    return block_id


def _apply_all(
    conn: psycopg.Connection,
    shapes: Shapes,
    measured: Sequence[Measured],
    release: tuple[int, datetime],
    patience: float,
) -> None:
    """Apply marts whose shape changes last: their readers wait from there to the commit."""
    for item in sorted(measured, key=lambda m: bool(m.shape.changes)):
        act = partial(_apply_one, conn, item, release)
        patiently(conn, act, item.shape.mart.name, patience)
        fail_point("publish.mid_apply")
    for shape in shapes.marts:
        patiently(conn, partial(build.connect_marts, conn, shape), shape.mart.name, patience)
    for schema, table in shapes.retired:
        act = partial(build.drop_mart, conn, schema, table)
        patiently(conn, act, f"{schema}.{table}", patience)
    conn.execute("set constraints all immediate")
    ledger.write_changelog(conn, shapes, *release)
    ledger.write_contract(conn, shapes.marts)
    ledger.forget_retired(conn, shapes.retired)


def _apply_one(conn: psycopg.Connection, item: Measured, release: tuple[int, datetime]) -> None:
    shape: Shape = item.shape
    release_id, at = release
    if shape.is_new:
        build.create_table(conn, shape)
        rows.fill(conn, shape, at)
        build.finish_table(conn, shape)
        return
    if shape.changes:
        build.alter_table(conn, shape)
    rows.apply(conn, item, release_id, at)
    if shape.changes:
        build.tighten(conn, shape)


def _today() -> date:
    return datetime.now(UTC).date()
