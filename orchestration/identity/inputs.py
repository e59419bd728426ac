"""What a resolution starts from besides the identifiers: rules, decisions, merges, the last run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.identity.keys import key_maker
from orchestration.identity.rulefiles import TABLES, Row, parse
from orchestration.identity.rules import IdentityError, Override, RuleSet

MERGE, ALLOW, DENY = "merge", "allow", "deny"
UNMERGES = ("vendor_unmerge", "unmerge")


@dataclass(frozen=True, order=True)
class Binding:
    """Two keys that a merge, a permission or a denial ties or keeps apart."""

    left_key: str
    left_type: str
    right_key: str
    right_type: str
    origin: str
    occurred_at: datetime


@dataclass(frozen=True)
class Evidence:
    """The state of ``identity.identifiers`` that a resolution reads."""

    oid: int
    rows: int
    deleted: int
    """Rows deleted since the server counts; starts over when its statistics are lost."""
    snapshot: str


@dataclass(frozen=True)
class LastRun:
    """What the last resolution read."""

    rules_fingerprint: str
    evidence: Evidence


def load_rules(
    connection: psycopg.Connection, key_of: Callable[[str, str], str | None] | None = None
) -> RuleSet:
    """Read the rules from the seeds in the warehouse, decisions by command included.

    Raises:
        IdentityError: when seeds are missing or faulty.
    """
    tables: dict[str, list[Row]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for name in TABLES:
            try:
                cursor.execute(sql.SQL("select * from {}").format(sql.Identifier("rules", name)))
            except psycopg.errors.UndefinedTable:
                raise IdentityError(
                    f"rules.{name} does not exist: build the seeds first (zone observe)"
                ) from None
            tables[name] = [
                {k: None if v is None else str(v) for k, v in row.items()} for row in cursor
            ]
    # dbt's CSV reader takes the text "null", which the blocklist names, for no value at all.
    blocklist = tables["identity_blocklist"]
    tables["identity_blocklist"] = [{**row, "value": row["value"] or "null"} for row in blocklist]
    rules = parse(tables, key_of or key_maker())
    return replace(rules, overrides=rules.overrides + _operator_decisions(connection))


def _operator_decisions(connection: psycopg.Connection) -> tuple[Override, ...]:
    """Read the decisions taken by command; a withdrawn pair has none."""
    rows = connection.execute(
        "select decision, left_key, right_key, author, reason, decided_at"
        " from identity.operator_decisions order by decided_at"
    ).fetchall()
    latest: dict[tuple[str, str], Override | None] = {}
    for decision, left, right, author, reason, decided_at in rows:
        made = Override(decision == ALLOW, left, right, author, reason, decided_at)
        latest[made.pair] = None if decision == "withdrawn" else made
    return tuple(made for made in latest.values() if made)


def key_types(connection: psycopg.Connection, keys: list[str]) -> dict[str, str]:
    """Return the identifier type of each key that evidence knows."""
    rows = connection.execute(
        "select distinct on (subject_key) subject_key, identifier_type from identity.identifiers"
        " where subject_key = any(%s) order by subject_key",
        [keys],
    ).fetchall()
    return {str(key): str(kind) for key, kind in rows}


def load_bindings(connection: psycopg.Connection, rules: RuleSet) -> list[Binding]:
    """Return merges still in force and the decisions of operators, sorted.

    Raises:
        IdentityError: when a merge names a type without a rule.
    """
    rows = connection.execute(
        "select left_key, left_type, right_key, right_type, kind,"
        " coalesce(occurred_at, timestamp '1970-01-01') from identity.merge_edges"
        " where left_key <> right_key order by 6, 5"
    ).fetchall()
    merges: dict[tuple[str, str], Binding | None] = {}
    for left, left_type, right, right_type, kind, occurred_at in rows:
        if left_type not in rules.codes or right_type not in rules.codes:
            raise IdentityError(
                "identity.merge_edges holds an identifier type that identity_rules.csv does not"
                " name: add a line for it"
            )
        pair = (min(left, right), max(left, right))
        if kind in UNMERGES:
            merges[pair] = None
        elif not (known := merges.get(pair)) or known.occurred_at > occurred_at:
            merges[pair] = Binding(left, left_type, right, right_type, MERGE, occurred_at)
    decided = rules.decisions
    types = key_types(connection, [key for pair in decided for key in pair])
    bindings = [
        Binding(
            left, types[left], right, types[right], ALLOW if made.allow else DENY, made.decided_at
        )
        for (left, right), made in decided.items()
        if left in types and right in types
    ]
    bindings += [m for m in merges.values() if m]
    return sorted(bindings)


def recorded_bindings(connection: psycopg.Connection) -> list[Binding]:
    """Return the bindings that the last resolution used."""
    rows = connection.execute(
        "select left_key, left_type, right_key, right_type, origin, occurred_at"
        " from identity.binding_edges"
    )
    return sorted(Binding(*row) for row in rows)


def last_run(connection: psycopg.Connection) -> LastRun | None:
    """Return the last resolution, if there was one."""
    row = connection.execute(
        "select rules_fingerprint, cast(evidence_oid as int8), evidence_rows, evidence_deleted,"
        " evidence_snapshot from identity.resolutions order by resolution_id desc limit 1"
    ).fetchone()
    return LastRun(str(row[0]), Evidence(*row[1:])) if row else None


def clock(connection: psycopg.Connection) -> datetime:
    """Return the instant of this run: ``ops.clock``, the server's clock where that is not set."""
    row = connection.execute("select max(as_of) from ops.clock").fetchone()
    as_of = row[0] if row else None
    if isinstance(as_of, datetime) and as_of.year > 1970:
        return as_of
    return datetime.now(UTC).replace(tzinfo=None)
