"""Takes the last release back, in one transaction, from the pre-images it kept.

The result is a new release with the content of the one before. A hold is left, so that the next run
does not publish the same again before someone has looked. Columns that a release added stay, empty,
and are required again from the next publish on; filling them changes every row, so that publish may
have to be acknowledged a second time. Rows of people who were erased since are in no pre-image and
do not come back.
"""

import time
from datetime import datetime
from functools import partial

import psycopg
from psycopg import IsolationLevel, sql

from ingestion.failpoints import fail_point
from orchestration.publishing import gate, ledger
from orchestration.publishing.build import HISTORY
from orchestration.publishing.catalog import find_table, names_of, relation
from orchestration.publishing.difference import MartChange, match, prefixed
from orchestration.publishing.errors import PublishError, cleaned
from orchestration.publishing.marts import RELEASED_AT
from orchestration.publishing.release import KEEP_RELEASES, Release
from orchestration.publishing.session import PATIENCE_SECONDS, patiently, sole_publisher


def rollback(
    conn: psycopg.Connection,
    *,
    reason: str,
    by: str,
    run_id: str | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Release:
    """Undo the newest release that has not been undone.

    Raises:
        PublishError: when there is nothing to go back to; nothing was changed.
    """
    if not reason.strip():
        raise PublishError('a rollback needs a reason: --reason "…"')
    started = time.monotonic()
    with sole_publisher(conn, run_id, patience):
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            with conn.transaction():
                return _undo(conn, reason.strip(), by, run_id, patience, started)
        except psycopg.Error as error:
            raise cleaned(error, "rolling back") from None


def _undo(
    conn: psycopg.Connection,
    reason: str,
    by: str,
    run_id: str | None,
    patience: float,
    started: float,
) -> Release:
    undone = _newest(conn)
    marts = conn.execute(
        "select mart_schema, mart_table, is_first, rows_before, rows_after, rows_added, "
        "rows_removed, rows_changed from marts_meta.release_marts where release_id = %s",
        [undone],
    ).fetchall()
    changes = tuple(
        MartChange(schema, table, False, after, before, removed, added, changed)
        for schema, table, _, before, after, added, removed, changed in marts
    )
    at = ledger.clock(conn)
    release_id = ledger.open_release(
        conn,
        "rollback",
        at,
        changes,
        run_id=run_id,
        data_until=_data_until(conn, undone),
        undone=undone,
    )
    for schema, table, is_first, *_ in marts:
        target = relation(schema, table)
        if is_first:
            conn.execute(sql.SQL("delete from {}").format(target))
            continue
        patiently(
            conn,
            partial(_restore, conn, schema, table, undone, at),
            f"{schema}.{table}",
            patience,
        )
    conn.execute("set constraints all immediate")
    conn.execute("update marts_meta.releases set is_undone = true where release_id = %s", [undone])
    ledger.write_freshness(
        conn,
        changes,
        (release_id, at),
        data_until=_data_until(conn, undone),
        gates={change.name: "rolled back" for change in changes},
    )
    hold = f"release {undone} was rolled back by {by}: {reason}"
    gate.record_block(conn, "rollback", [hold], {}, run_id)
    seconds = time.monotonic() - started
    ledger.close_release(conn, release_id, seconds)
    fail_point("rollback.before_commit")
    return Release(release_id, at, True, changes, seconds)


def _newest(conn: psycopg.Connection) -> int:
    current = ledger.current_release(conn)
    rows = conn.execute(
        "select release_id from marts_meta.releases where kind = 'publish' and not is_undone "
        "order by release_id desc limit 2"
    ).fetchall()
    if current is None or len(rows) < 2:
        raise PublishError("there is no release to go back to: only the first one is published")
    newest = int(rows[0][0])
    last_pruned = conn.execute(
        "select coalesce(max(release_id), 0) from marts_meta.releases where kind = 'publish'"
    ).fetchone()
    if last_pruned and newest <= int(last_pruned[0]) - KEEP_RELEASES:
        raise PublishError(
            f"pre-images are kept for {KEEP_RELEASES} releases, release {newest} is older: mend "
            "the data and publish again"
        )
    return newest


def _data_until(conn: psycopg.Connection, undone: int) -> datetime | None:
    row = conn.execute(
        "select data_until from marts_meta.releases where release_id < %s "
        "and kind = 'publish' and not is_undone order by release_id desc limit 1",
        [undone],
    ).fetchone()
    return row[0] if row else None


def _restore(conn: psycopg.Connection, schema: str, table: str, undone: int, at: object) -> None:
    found = find_table(conn, schema, table)
    if found is None:
        raise PublishError(f"{schema}.{table} is gone: it cannot be rolled back")
    key, columns = found.primary_key, found.data_columns
    parts = {
        "mart": relation(schema, table),
        "history": relation(HISTORY, f"{schema}__{table}"),
        "keys": match("kept", "published", key),
        "columns": names_of(columns),
        "kept": prefixed("kept", columns),
        "stamp": sql.Identifier(RELEASED_AT),
        "assignments": sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("kept", name))
            for name in columns
        ),
    }
    of_release = sql.SQL(" and kept.release_id = {} and kept.op = ").format(sql.Literal(undone))
    for name, column in found.columns.items():
        if (
            column.is_required
            and name in columns
            and _is_empty(conn, parts["history"], name, undone)
        ):
            conn.execute(
                sql.SQL("alter table {} alter column {} drop not null").format(
                    parts["mart"], sql.Identifier(name)
                )
            )
    conn.execute(
        sql.SQL("delete from {mart} as published using {history} as kept where {keys}").format(
            **parts
        )
        + of_release
        + sql.Literal("added")
    )
    conn.execute(
        sql.SQL(
            "update {mart} as published set {assignments}, {stamp} = %s "
            "from {history} as kept where {keys}"
        ).format(**parts)
        + of_release
        + sql.Literal("changed"),
        [at],
    )
    conn.execute(
        sql.SQL(
            "insert into {mart} ({columns}, {stamp}) select {kept}, %s from {history} as kept "
            "where true"
        ).format(**parts)
        + of_release
        + sql.Literal("removed"),
        [at],
    )


def _is_empty(conn: psycopg.Connection, history: sql.Composable, column: str, undone: int) -> bool:
    """Whether a row was kept before the column came."""
    kept = conn.execute(
        sql.SQL(
            "select exists (select 1 from {} where release_id = %s and op <> 'added' "
            "and {} is null)"
        ).format(history, sql.Identifier(column)),
        [undone],
    ).fetchone()
    return kept == (True,)
