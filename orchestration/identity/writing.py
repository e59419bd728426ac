"""Write a resolution: registry, links, history, cut edges; only what changed."""

from datetime import datetime

import numpy as np
import psycopg
from psycopg import sql

from orchestration.identity.assembling import micros_of
from orchestration.identity.changes import LinkChanges
from orchestration.identity.copying import Copy, times
from orchestration.identity.graph import Int, Nodes, Small, hex_of
from orchestration.identity.inputs import Binding
from orchestration.identity.registry import Assignment, Ids, Registry
from orchestration.identity.rules import RuleSet

LINK_COLUMNS = ("subject_key", "identifier_type", "person_id", "valid_from", "valid_to")
CUT_COLUMNS = (
    "left_key",
    "left_type",
    "right_key",
    "right_type",
    "reason",
    "shared_by",
    "first_seen",
    "last_seen",
    "observation_count",
)
BINDING_COLUMNS = ("left_key", "left_type", "right_key", "right_type", "origin", "occurred_at")

CutRow = tuple[
    str, str, str | None, str | None, str, int | None, datetime | None, datetime | None, int | None
]
HistoryRow = tuple[str, str | None, str, datetime, str]


def write_links(
    cursor: psycopg.Cursor, changes: LinkChanges, nodes: Nodes, ids: Ids, rules: RuleSet
) -> int:
    """Replace the links of changed keys; return rows written."""
    if len(changes.gone_high):
        cursor.execute("create temp table gone (subject_key text) on commit drop")
        gone = Copy(cursor, "gone", ("subject_key",))
        gone.add((hex_of(changes.gone_high, changes.gone_low),), len(changes.gone_high))
        gone.send()
        cursor.execute("analyze gone")
        cursor.execute(
            "delete from identity.person_links using gone"
            " where person_links.subject_key = gone.subject_key"
        )
    copy = Copy(cursor, "identity.person_links", LINK_COLUMNS)
    kinds = nodes.kind[changes.links.node]
    for code, rule in enumerate(rules.types):
        mine = np.flatnonzero(kinds == code)
        columns = (
            nodes.keys(changes.links.node[mine]),
            rule.identifier_type.encode(),
            ids[changes.person[mine]],
            times(changes.links.start[mine]),
            times(changes.links.end[mine]),
        )
        copy.add(columns, len(mine))
    return copy.send()


def write_persons(
    cursor: psycopg.Cursor,
    registry: Registry,
    assignment: Assignment,
    nodes: Nodes,
    recorded_at: datetime,
) -> None:
    """Add new persons; retire aliases; wake restored ones; move standing keys."""
    copy = Copy(
        cursor, "identity.persons", ("person_id", "created_at", "standing_key", "retired_at")
    )
    count = len(assignment.new)
    created = times(np.full(count, micros_of(recorded_at)))
    copy.add((assignment.new, created, nodes.keys(assignment.new_standing), None), count)
    copy.send()

    def named(positions: list[int]) -> list[str]:
        return [registry.person[p].decode() for p in positions]

    retired = named([alias for alias, _ in assignment.merged] + assignment.withdrawn)
    if retired:
        cursor.execute(
            "update identity.persons set retired_at = %s where person_id = any(%s)",
            (recorded_at, retired),
        )
    restored = named([person for _, person in assignment.restored])
    if restored:
        cursor.execute(
            "update identity.persons set retired_at = null where person_id = any(%s)", (restored,)
        )
    if assignment.moved_standing:
        moved = assignment.moved_standing
        keys = nodes.keys(np.array(list(moved.values()), np.int64))
        cursor.executemany(
            "update identity.persons set standing_key = %s where person_id = %s",
            [(k.decode(), p) for k, p in zip(keys, named(list(moved)), strict=True)],
        )


def write_created(cursor: psycopg.Cursor, ids: Ids, effective: Int, recorded_at: datetime) -> None:
    """Add the history rows of persons who are new from new evidence."""
    copy = Copy(
        cursor,
        "identity.history",
        ("person_id", "became", "kind", "effective_at", "recorded_at", "cause"),
    )
    recorded = times(np.full(len(ids), micros_of(recorded_at)))
    columns = (ids, None, b"created", times(effective), recorded, b"first evidence")
    copy.add(columns, len(ids))
    copy.send()


def write_history(cursor: psycopg.Cursor, rows: list[HistoryRow], recorded_at: datetime) -> None:
    """Add history rows of merges, splits, restorations and withdrawals."""
    with cursor.copy(
        "copy identity.history (person_id, became, kind, effective_at, recorded_at, cause)"
        " from stdin"
    ) as copy:
        for person, became, kind, effective, cause in rows:
            copy.write_row((person, became, kind, effective, recorded_at, cause))


def _synchronise(
    cursor: psycopg.Cursor, table: str, columns: tuple[str, ...], scope: sql.Composable
) -> None:
    """Make ``table`` (within ``scope``) equal to the temporary table ``wanted``."""
    same = sql.SQL(" and ").join(
        sql.SQL("t.{0} is not distinct from w.{0}").format(sql.Identifier(c)) for c in columns[1:]
    )
    target = sql.Identifier("identity", table)
    first = sql.Identifier(columns[0])
    cursor.execute(
        sql.SQL(
            "delete from {t} as t where {scope} and not exists"
            " (select from wanted as w where t.{first} = w.{first} and {same})"
        ).format(t=target, scope=scope, first=first, same=same)
    )
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    extra = sql.SQL(", recorded_at") if table == "cut_edges" else sql.SQL("")
    cursor.execute(
        sql.SQL(
            "insert into {t} ({names}{extra}) select {names}{extra} from wanted as w where not"
            " exists (select from {t} as t where t.{first} = w.{first} and {same})"
        ).format(t=target, names=names, extra=extra, first=first, same=same)
    )


def write_cuts(
    cursor: psycopg.Cursor, rows: list[CutRow], recorded_at: datetime, region: list[str] | None
) -> None:
    """Make ``identity.cut_edges`` equal to ``rows``, within the region if there is one."""
    cursor.execute(
        "create temp table wanted (left_key text, left_type text, right_key text, right_type text,"
        " reason text, shared_by int, first_seen timestamp, last_seen timestamp,"
        " observation_count bigint, recorded_at timestamp) on commit drop"
    )
    with cursor.copy("copy wanted from stdin") as copy:
        for row in rows:
            copy.write_row((*row, recorded_at))
    cursor.execute("analyze wanted")
    scope = sql.SQL("true")
    if region is not None:
        cursor.execute("create temp table touched (key text) on commit drop")
        with cursor.copy("copy touched from stdin") as copy:
            for key in region:
                copy.write_row((key,))
        cursor.execute("analyze touched")
        scope = sql.SQL(
            "(t.left_key in (select key from touched) or t.right_key in (select key from touched))"
        )
    _synchronise(cursor, "cut_edges", CUT_COLUMNS, scope)
    cursor.execute("drop table wanted")


def write_bindings(cursor: psycopg.Cursor, bindings: list[Binding]) -> None:
    """Remember the merges and decisions that were used."""
    cursor.execute(
        "create temp table wanted (left_key text, left_type text, right_key text, right_type text,"
        " origin text, occurred_at timestamp) on commit drop"
    )
    with cursor.copy("copy wanted from stdin") as copy:
        for b in bindings:
            copy.write_row(
                (b.left_key, b.left_type, b.right_key, b.right_type, b.origin, b.occurred_at)
            )
    cursor.execute("analyze wanted")
    _synchronise(cursor, "binding_edges", BINDING_COLUMNS, sql.SQL("true"))
    cursor.execute("drop table wanted")


def keys_of(nodes: Nodes, which: Small | Int) -> list[str]:
    """Return subject keys as text."""
    return [key.decode() for key in nodes.keys(which).tolist()]
